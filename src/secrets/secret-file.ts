import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type ErrorDetails, RollcallError, type SourceLine } from '../model/errors.ts'
import { writeAtomic } from '../store/write-atomic.ts'
import { decrypt, encrypt, type Key, type Lock, lockKindOf, recipientOf } from './age.ts'
import { parseDocument, type Values } from './document.ts'
import { findIdentities, identityVariable, usualIdentityFile } from './identities.ts'
import { askPassphrase } from './prompt.ts'
import { readRecipients, recipientsFile } from './recipients.ts'
import { isVaultFile, vaultValues } from './vault-file.ts'

export interface SecretPlace {
  /** How a path is shown: from the project, or from where the command was given. */
  readonly shown: (path: string) => string
  readonly env: { readonly [name: string]: string | undefined }
  /** Where the code names the file. */
  readonly at?: SourceLine
}

/** A file of secrets that is open. */
export interface OpenFile {
  readonly path: string
  readonly text: string
  readonly values: Values
  /** The passphrase it was opened with, so that it can be locked again without asking twice. */
  readonly passphrase?: string
}

/**
 * Opens a file of secrets.
 * @throws RollcallError (exit 1) that says which of these it is: no such file, no age file, no identity, a wrong one, damaged,
 * or no JSON of texts inside. None shows anything of what is inside.
 */
export async function openFile(path: string, place: SecretPlace): Promise<OpenFile> {
  const file = place.shown(path)
  const fail = (details: ErrorDetails) => new RollcallError({ ...details, exitCode: 1, ...(place.at && { at: place.at }) })
  if (!existsSync(path))
    throw fail({
      summary: 'A file of secrets does not exist',
      detail: file,
      fix: `Make it, or correct the path:\nrollcall secret create ${file}`,
    })
  const bytes = readFileSync(path)
  const kind = lockKindOf(bytes)
  if (/^<{7} /m.test(bytes.toString('latin1')))
    throw fail({
      summary: 'A file of secrets holds both sides of a merge',
      detail: file,
      fix: `An encrypted file cannot be merged. Take one side, and set what the other one changed once more:\ngit checkout --ours -- ${file}`,
    })
  if (kind === undefined && isVaultFile(bytes.toString('latin1')))
    throw fail({
      summary: 'This is a file of Ansible Vault, which Rollcall reads and does not write',
      detail: file,
      fix: `A playbook may name it as it is. To keep its secrets in a file of age from now on:\nrollcall secret import ${file} …`,
    })
  if (kind === undefined)
    throw fail({
      summary: 'This is no file of age',
      detail: `${file}: it begins neither with -----BEGIN AGE ENCRYPTED FILE----- nor with age-encryption.org/v1`,
      fix: 'If its secrets stand in it in clear, move it away, take them for known, and make a new one:\nrollcall secret create …',
    })
  const key = kind === 'passphrase' ? { kind, passphrase: await askPassphrase(file) } : await identitiesFor(file, place)
  const opened = await decrypt(bytes, key)
  if ('failure' in opened) throw fail(opened.failure === 'damaged' ? damaged(file, opened.reason) : await notForUs(path, file, key))
  const parsed = parseDocument(opened.text)
  if ('problem' in parsed) {
    const { line, column, message } = parsed.problem
    throw fail({
      summary: 'A file of secrets does not hold names and texts',
      detail: `${file}, line ${line}, column ${column} of what is inside: ${message}`,
      fix: `Correct it:\nrollcall secret edit ${file}`,
    })
  }
  return { path, text: opened.text, values: parsed.values, ...(key.kind === 'passphrase' && { passphrase: key.passphrase }) }
}

/** The values of a file of age or of Ansible Vault, for a run. */
export async function readSecrets(path: string, place: SecretPlace): Promise<Values> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (lockKindOf(Buffer.from(text)) === undefined && isVaultFile(text)) return vaultValues(text, place.shown(path), place)
  return (await openFile(path, place)).values
}

/** Writes a file of secrets whole, or not at all. */
export async function saveFile(path: string, text: string, lock: Lock): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0o644
  await writeAtomic(path, await encrypt(text, lock), mode & 0o777)
}

/**
 * How a file is locked again: by the passphrase it was opened with, or for those who stand in its list of recipients now.
 * @throws RollcallError when there is no list.
 */
export async function lockOf({ path, passphrase }: Pick<OpenFile, 'path' | 'passphrase'>, place: SecretPlace): Promise<Lock> {
  if (passphrase !== undefined) return { kind: 'passphrase', passphrase }
  const list = recipientsFile(path)
  const recipients = await readRecipients(list)
  if (recipients) return { kind: 'recipients', recipients }
  throw new RollcallError({
    summary: 'There is nobody to encrypt for',
    detail: `${place.shown(path)}: ${place.shown(list)} does not exist`,
    fix: `Write the public keys (age1…) of all who may open the secrets into it, one a line. Yours is shown by:\nrollcall secret keygen`,
    exitCode: 1,
  })
}

async function identitiesFor(file: string, { env, at }: SecretPlace): Promise<Key> {
  const found = await findIdentities(env)
  if (found) return { kind: 'identities', identities: found.identities }
  throw new RollcallError({
    summary: 'There is no identity to open secrets with',
    detail: `${file} is encrypted; ${usualIdentityFile(env)} does not exist, and ${identityVariable} is not set`,
    fix: `Name the file of your identity, or make one and have its public key added to the recipients:\nexport ${identityVariable}=/path/to/identity.txt\nrollcall secret keygen`,
    exitCode: 1,
    ...(at && { at }),
  })
}

async function notForUs(path: string, file: string, key: Key): Promise<ErrorDetails> {
  if (key.kind === 'passphrase') return { summary: 'The passphrase is wrong', detail: file, fix: 'Try again.' }
  const own = await Promise.all(key.identities.map(recipientOf))
  return {
    summary: 'Your identity does not open this file',
    detail: `${file} is encrypted for others than\n${own.join('\n')}`,
    fix: `Somebody who can open it adds your public key to ${recipientsFile(path).split('/').at(-1)} beside it, and then:\nrollcall secret rekey ${file}`,
  }
}

function damaged(file: string, reason: string): ErrorDetails {
  return {
    summary: 'A file of secrets is damaged',
    detail: `${file}: ${reason}`,
    fix: `Take an older one that is whole:\ngit log --oneline -- ${file}`,
  }
}
