import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { RollcallError } from '../model/errors.ts'

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true
}

/** Asks for a line on the terminal. The question goes to stderr, since stdout may be piped. */
export function ask(question: string, { hidden = false } = {}): Promise<string> {
  // Readline echoes what is typed to its output; nowhere is where secrets are echoed.
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  // Only now: before, the terminal itself would echo what a fast hand types.
  if (hidden) process.stderr.write(question)
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      settle()
      lines.close()
      if (hidden) process.stderr.write('\n')
    }
    const given = (text: string) => end(() => resolve(text))
    lines.question(hidden ? '' : question, given)
    const stopped = () => reject(new RollcallError({ summary: 'Interrupted', detail: 'nothing was changed', exitCode: 130 }))
    lines.on('SIGINT', () => end(stopped))
    lines.on('close', stopped)
  })
}

/** Asks for a passphrase; twice where it is a new one. */
export async function askPassphrase(of: string, { isNew = false } = {}): Promise<string> {
  if (!canAsk())
    throw new RollcallError({
      summary: 'A passphrase is needed, and there is no terminal to ask for it',
      detail: of,
      fix: 'Start rollcall on a terminal. Where nobody sits, let the file be encrypted for a key and name its file:\nROLLCALL_AGE_IDENTITY=/path/to/identity.txt',
      exitCode: 1,
    })
  const passphrase = await ask(`${isNew ? 'New passphrase' : 'Passphrase'} of ${of}: `, { hidden: true })
  if (!isNew) return passphrase
  if (passphrase.length < 8)
    throw refused(
      'The passphrase is too short',
      'Anybody with the file can try passphrases on it: take at least 8 characters, better five words.',
    )
  if ((await ask('The same again: ', { hidden: true })) !== passphrase)
    throw refused('The two passphrases differ', 'Nothing was changed: try again.')
  return passphrase
}

/** A value from the terminal, typed twice, or all of standard input. */
export async function readValue(name: string): Promise<string> {
  if (!canAsk()) return readInput()
  const value = await ask(`Value of ${name}: `, { hidden: true })
  if ((await ask('The same again: ', { hidden: true })) !== value) throw refused('The two values differ', 'Nothing was changed: try again.')
  return value
}

/** All of standard input as text. */
export async function readInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts))
  } catch (cause) {
    throw new RollcallError(
      {
        summary: 'A secret must be UTF-8 text',
        detail: 'standard input holds other bytes',
        fix: 'Encode them: base64 key.bin | rollcall secret …',
        exitCode: 1,
      },
      { cause },
    )
  }
}

function refused(summary: string, fix: string): RollcallError {
  return new RollcallError({ summary, fix, exitCode: 1 })
}
