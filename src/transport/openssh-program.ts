import { spawn } from 'node:child_process'
import { RollcallError } from '../model/errors.ts'

/** What a program that ran to its end has written. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program of this machine to its end, without input.
 * @throws RollcallError when it is not there.
 */
export function runProgram(program: string, words: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // A session of its own: no terminal, so nothing that it starts can ask there, and Ctrl-C is not for it.
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const text = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => {
      text.stdout += chunk.toString('utf8')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      text.stderr += chunk.toString('utf8')
    })
    child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(program, error)))
    child.once('close', (code) => resolve({ code, ...text }))
  })
}

/** The error for a program that could not be started. */
export function notStarted(program: string, error: NodeJS.ErrnoException): RollcallError {
  return new RollcallError(
    {
      summary: 'A program that the OpenSSH transport needs could not be started',
      detail: error.code === 'ENOENT' ? `'${program}' is not installed on this machine` : `${program}: ${error.message}`,
      fix: "Install OpenSSH's client (apt-get install openssh-client), or leave `transport: 'openssh'` and `controlPersistSeconds` out of the inventory.",
    },
    { cause: error },
  )
}

/** A value as the word of an ssh option (`-o Keyword=value`), which is read like a line of ssh_config. */
export function optionWord(value: string): string {
  return /^[A-Za-z0-9_@%+:,./~-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
}

/** `-o Keyword=value`, with several values where the keyword takes a list. */
export function option(keyword: string, ...values: readonly string[]): string[] {
  return ['-o', `${keyword}=${values.map(optionWord).join(' ')}`]
}
