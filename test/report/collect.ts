import { createScreen, type Screen } from '../../src/report/screen.ts'

/** A screen whose text can be looked at. */
export function collect(terminal: { readonly isTTY?: boolean; readonly columns?: number } = {}): {
  readonly screen: Screen
  readonly out: () => string
  readonly err: () => string
} {
  const text = { out: '', err: '' }
  const output = (stream: 'out' | 'err') => ({
    ...terminal,
    write: (data: string | Uint8Array): void => {
      text[stream] += Buffer.from(data).toString('utf8')
    },
  })
  return { screen: createScreen(output('out'), output('err')), out: () => text.out, err: () => text.err }
}
