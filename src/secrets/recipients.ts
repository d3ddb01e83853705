import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { checkRecipient } from './age.ts'

/** Where the recipients of a file of secrets stand: in a list of its own (`lab.recipients.txt`), else in that of its folder. */
export function recipientsFile(path: string): string {
  const own = join(dirname(path), `${basename(path).replace(/\.age$/, '')}.recipients.txt`)
  return existsSync(own) ? own : join(dirname(path), 'recipients.txt')
}

/** Recipients of a list in age's format: one a line, comments after #. Undefined where there is no list. */
export async function readRecipients(list: string): Promise<readonly string[] | undefined> {
  if (!existsSync(list)) return undefined
  const lines = readFileSync(list, 'utf8').split('\n')
  const recipients: string[] = []
  for (const [index, line] of lines.entries()) {
    const recipient = line.replace(/(^|\s)#.*$/, '').trim()
    if (recipient !== '') recipients.push(await checkRecipient(recipient, `${list}:${index + 1}`))
  }
  if (recipients.length === 0)
    throw new RollcallError({
      summary: 'A list of recipients is empty',
      detail: list,
      fix: 'Write the public keys (age1…) of all who may open the secrets into it, one a line.',
      exitCode: 1,
    })
  return recipients
}

/** Begins a list of recipients. */
export function writeRecipients(list: string, recipients: readonly string[]): void {
  mkdirSync(dirname(list), { recursive: true })
  writeFileSync(list, `# Who may open the secrets here: public keys of age, one a line.\n${recipients.join('\n')}\n`, { flag: 'wx' })
}
