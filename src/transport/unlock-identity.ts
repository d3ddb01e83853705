import type { ParsedKey } from 'ssh2'
import { Secret } from '../util/secret.ts'
import { askPerson, somebodyToAsk } from './ask-person.ts'
import { type Identity, unlock } from './identities.ts'

type Ssh2 = typeof import('ssh2')

/** As often as OpenSSH asks. */
const tries = 3

/** What has become of each encrypted key in this process: nobody is asked twice for the same, however many hosts want it. */
const opened = new Map<string, { readonly bytes: Buffer; readonly key: Promise<ParsedKey | string> }>()

/** The key of an encrypted file, or why there is none. Asks for its passphrase where none is given, once in a run. */
export function unlockIdentity(
  ssh2: Ssh2,
  { file, locked }: Identity & { readonly locked: Buffer },
  given: Secret | undefined,
  mayAsk: boolean,
): Promise<ParsedKey | string> {
  const known = opened.get(file)
  if (known?.bytes.equals(locked)) return known.key
  if (given !== undefined) {
    const key = unlock(ssh2, locked, given.reveal())
    if (!(key instanceof Error)) return remember(file, locked, Promise.resolve(key))
    if (!mayAsk || !somebodyToAsk()) return Promise.resolve('encrypted, and the identityPassphrase of the inventory does not open it')
  }
  if (!mayAsk || !somebodyToAsk()) return Promise.resolve(nobodyToAsk)
  return remember(file, locked, ask(ssh2, file, locked))
}

export const nobodyToAsk = 'encrypted, and there is nobody to ask for its passphrase'

function remember(file: string, bytes: Buffer, key: Promise<ParsedKey | string>): Promise<ParsedKey | string> {
  opened.set(file, { bytes, key })
  return key
}

async function ask(ssh2: Ssh2, file: string, locked: Buffer): Promise<ParsedKey | string> {
  for (let turn = 0; turn < tries; turn++) {
    const typed = await askPerson(turn === 0 ? `passphrase of the key ${file}` : `that does not open it; passphrase of the key ${file}`)
    if (typed === undefined || typed === '') return 'encrypted, and no passphrase was given'
    const key = unlock(ssh2, locked, new Secret(typed).reveal())
    if (!(key instanceof Error)) return key
  }
  return `encrypted, and none of ${tries} passphrases opened it`
}
