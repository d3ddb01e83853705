import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Screen } from '../report/index.ts'

/** What a run may do with the person who started it. */
export interface PersonAtTerminal {
  readonly ask: (question: string, options: { readonly echo: boolean }) => Promise<string>
  readonly say: (line: string) => void
}

/** The person at our terminal; undefined where input or messages go elsewhere. */
export function openTerminal(screen: Screen): PersonAtTerminal | undefined {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  return {
    say: (line) => screen.note(line),
    ask: (question, { echo }) => {
      const release = screen.hold()
      return readLine(`${question}: `, echo, release)
    },
  }
}

/**
 * One line of input. With echo the terminal itself shows and edits it; without, Node reads each key and shows none, and
 * then Ctrl-C comes as a key as well. The question is shown last: what is typed at once is hidden, too.
 */
function readLine(question: string, echo: boolean, over: () => void): Promise<string> {
  const { stdin, stderr } = process
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: stdin, ...(!echo && { output: nowhere, terminal: true }) })
  return new Promise((resolve) => {
    let line = ''
    let interrupted = false
    reader.on('SIGINT', () => {
      interrupted = true
      reader.close()
      process.emit('SIGINT') // At once: with the input closed, Node would end before a signal came.
    })
    reader.once('line', (typed) => {
      line = typed
      reader.close()
    })
    reader.once('close', () => {
      if (!echo) stderr.write('\n')
      over()
      if (!interrupted) resolve(line)
    })
    stderr.write(question)
  })
}
