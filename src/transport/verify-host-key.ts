import { readFile } from 'node:fs/promises'
import { RollcallError } from '../model/errors.ts'
import { parseHostKey } from '../model/host-key.ts'
import { rememberLast } from '../util/remember-last.ts'
import { sh } from '../util/sh.ts'
import { blamed, subject, type Where, which } from './connect-errors.ts'
import {
  checkHostKey,
  fingerprint,
  type HostKeyVerdict,
  type KnownHost,
  type KnownHosts,
  keyType,
  matchesHost,
  parseKnownHosts,
} from './known-hosts.ts'
import { recordHostKey } from './record-host-key.ts'
import { isRevokedKey } from './revoked-keys.ts'

/** Where host keys are looked up, and what happens to a host that is in none of the files. */
export interface KnownHostsPolicy {
  /** The first is the one that new keys are added to. */
  readonly files: readonly string[]
  readonly policy: 'strict' | 'acceptNew'
  /** New keys are noted down without the host's name in plain (HashKnownHosts). */
  readonly hashed?: boolean
  /** A file of keys that no host may show (RevokedHostKeys). */
  readonly revoked?: string
  /** Keys that the host is declared to have: no file is asked then. */
  readonly keys?: readonly string[]
}

/** What is known of a host: the keys that it is declared to have, or else what the files say. */
export async function knownFor(name: string, { files, keys }: KnownHostsPolicy): Promise<KnownHosts> {
  if (!keys) return readKnownHosts(files)
  const declared = keys.flatMap((line) => parseHostKey(line) ?? [])
  const entries = declared.map(({ type, key }, at) => ({ file: '', line: at + 1, hosts: name, type, key, revoked: false }))
  return { entries, authorities: [], notes: [] }
}

/** Whose key it is, for messages. */
export type Whose = Pick<Where, 'host' | 'jumpTo'>

const parsed = rememberLast(parseKnownHosts)

/** Reads all files; one that does not exist is empty. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHosts> {
  const read = await Promise.all(
    files.map(async (file) => {
      try {
        return parsed(file, await readFile(file, 'utf8'))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { entries: [], authorities: [], notes: [] }
        throw new RollcallError(
          {
            summary: 'A file of known host keys cannot be read',
            detail: (error as Error).message,
            fix: `Make it readable, or name another file:\nls -l ${file}`,
          },
          { cause: error },
        )
      }
    }),
  )
  return {
    entries: read.flatMap((file) => file.entries),
    authorities: read.flatMap((file) => file.authorities),
    notes: read.flatMap((file) => file.notes),
  }
}

/** What is to be said of a key, with those that a file of its own revokes. */
export async function judgeHostKey(name: string, key: Buffer, known: KnownHosts, policy: KnownHostsPolicy): Promise<HostKeyVerdict> {
  if (policy.revoked !== undefined && (await isRevokedKey(policy.revoked, key)))
    return { kind: 'revoked', known: { file: policy.revoked, line: 0, hosts: '*', type: keyType(key), key, revoked: true } }
  return checkHostKey(known.entries, name, key)
}

/**
 * Lets a host's key pass, or says why not and what to do. With the policy `acceptNew` the key of a host that is in no
 * file is added to the first; a key that differs never passes.
 */
export async function verifyHostKey(whose: Whose, name: string, key: Buffer, known: KnownHosts, policy: KnownHostsPolicy): Promise<void> {
  const verdict = await judgeHostKey(name, key, known, policy)
  if (verdict.kind === 'ok') return
  if (verdict.kind === 'changed') throw changedKey(whose, name, key, verdict.known)
  if (verdict.kind === 'revoked') throw revokedKey(whose, name, key, verdict.known)
  if (policy.policy === 'acceptNew' && policy.files.length > 0) return recordHostKey(policy, name, key)
  throw unknown(whose, name, key, known)
}

function shown(key: Buffer): string {
  return `${keyType(key)} ${fingerprint(key)}`
}

function unknown(whose: Whose, name: string, key: Buffer, known: KnownHosts): RollcallError {
  const [kind = ''] = keyType(key).replace(/^ssh-/, '').split('-')
  const signed = known.authorities.find(({ hosts }) => matchesHost(hosts, name))
  const host = blamed(whose)
  return new RollcallError({
    summary: `${subject(whose)}'s key is not known`,
    detail: [...which(whose), `${name} ${shown(key)}`, ...known.notes].join('\n'),
    host,
    fix: signed
      ? `Its key may be signed by the authority in ${signed.file}:${signed.line}. The system's ssh can tell, by the host's connection in the inventory:\nconnection: ssh({ transport: 'openssh' })`
      : `Compare this fingerprint with one taken on the host itself (ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub); if it is the same:\n${sh`rollcall trust ${host} --fingerprint ${fingerprint(key)}`.text}`,
  })
}

export function changedKey(whose: Whose, name: string, key: Buffer, known: KnownHost): RollcallError {
  if (known.file === '')
    return new RollcallError({
      summary: `${subject(whose)}'s key is not the one that it is declared to have: somebody else may be answering`,
      detail: [...which(whose), name, `declared  ${shown(known.key)}`, `shown     ${shown(key)}`].join('\n'),
      host: blamed(whose),
      fix: 'Find out who answers there. hostKey holds what whoever made the host says of it.',
    })
  return new RollcallError({
    summary: `${subject(whose)}'s key is not the one that is known: somebody else may be answering`,
    detail: [...which(whose), name, `known  ${shown(known.key)}  (${known.file}:${known.line})`, `shown  ${shown(key)}`].join('\n'),
    host: blamed(whose),
    fix: `Find out why it changed. Only if the host was set up anew, and the fingerprint is the one taken on it:\n${sh`rollcall trust ${blamed(whose)} --replace --fingerprint ${fingerprint(key)}`.text}`,
  })
}

export function revokedKey(whose: Whose, name: string, key: Buffer, { file, line }: KnownHost): RollcallError {
  return new RollcallError({
    summary: `${subject(whose)} showed a key that is marked as revoked`,
    detail: [...which(whose), `${name} ${shown(key)}`, `revoked in ${file}${line === 0 ? '' : `:${line}`}`].join('\n'),
    host: blamed(whose),
    fix: 'Do not log in. Whoever answers there has a key that was given up.',
  })
}
