import { spawn } from 'node:child_process'
import { RollcallError } from '../model/errors.ts'
import { lendTerminal } from './interrupt.ts'

/** What a program of the user's prints, `what` being a password. It may ask its user at the terminal, as a password store does. */
export async function runForOutput(path: string, named: string, what: string): Promise<string> {
  return lendTerminal(
    () =>
      new Promise((resolve, reject) => {
        const failed = (why: string) =>
          reject(
            new RollcallError({
              summary: `The program that gives the ${what} failed`,
              detail: `${named}: ${why}`,
              fix: 'It prints the password and nothing else, and ends with 0. A file that is no program must not be executable.',
              exitCode: 1,
            }),
          )
        const child = spawn(path, [], { stdio: ['inherit', 'pipe', 'inherit'] })
        let text = ''
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        child.once('error', ({ message }) => failed(message))
        child.once('close', (code, signal) => (code === 0 ? resolve(text) : failed(signal ? `ended by ${signal}` : `ended with ${code}`)))
      }),
  )
}
