import { createScreen, type Screen } from '../../src/report/screen.ts'

/** A screen whose text can be looked at. */
export function collect(terminal: { readonly isTTY?: boolean; readonly columns?: number } = {}): { readonly screen: Screen; readonly out: () => string; readonly err: () => string } {
  const text = { out: '', err: '' }
  const stdout = { ...terminal, write: (data: string | Uint8Array) => void (text.out += Buffer.from(data).toString('utf8')) }
  const stderr = { ...terminal, write: (data: string | Uint8Array) => void (text.err += Buffer.from(data).toString('utf8')) }
  return { screen: createScreen(stdout, stderr), out: () => text.out, err: () => text.err }
}
