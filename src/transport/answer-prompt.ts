import type { RollcallError } from '../model/errors.ts'
import { type Become, usesTerminal } from './become.ts'
import { type Names, needsPassword, wrongPassword } from './become-errors.ts'
import type { RemoteProcess } from './connection.ts'

/** Listens for the question for a password. */
export interface Asked {
  /** Only ever rejects, when what is asked for cannot be given. */
  readonly refused: Promise<never>
  /** No question is waited for any longer. */
  readonly stop: () => void
}

/** A question stands at the end of what was said, and nothing comes behind it for so long. */
const quietMs = 60
const question = /password[^\r\n]*:[ \t]*$/i

/**
 * Answers the question for a password. It is sent once, and only after the question was seen: sent ahead, where none is asked for
 * it would become the loop's input. sudo asks in words of ours; su and doas in their own, which count behind `prompt` only.
 */
export function answerPrompt(process: RemoteProcess, prompt: string, become: Become, names: Names): Asked {
  const said = usesTerminal(become) ? process.stdout : process.stderr
  let stop = () => {}
  const refused = new Promise<never>((_, reject) => {
    let seen = ''
    let begun = become.method === 'sudo'
    let sent = false
    let quiet: NodeJS.Timeout | undefined
    const listen = (chunk: Buffer) => {
      clearTimeout(quiet)
      seen += chunk.toString('latin1')
      if (!begun || become.method === 'sudo') {
        const at = seen.indexOf(prompt)
        if (at < 0) {
          seen = seen.slice(-prompt.length)
          return
        }
        seen = seen.slice(at + prompt.length)
        if (become.method === 'sudo') return answer()
        begun = true
      }
      if (question.test(seen)) quiet = setTimeout(answer, quietMs)
      seen = seen.slice(-1024)
    }
    const answer = () => {
      if (become.password === undefined) return fail(needsPassword(names, become))
      if (sent) return fail(wrongPassword(names, become))
      sent = true
      seen = ''
      process.stdin.write(`${become.password.reveal()}\n`)
    }
    const fail = (error: RollcallError) => {
      stop()
      reject(error)
      process.stdin.end()
    }
    stop = () => {
      clearTimeout(quiet)
      said.off('data', listen)
    }
    said.on('data', listen)
  })
  refused.catch(() => undefined)
  return { refused, stop: () => stop() }
}
