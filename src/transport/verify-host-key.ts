import { appendFile, mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { parseHostKey } from '../model/host-key.ts'
import { rememberLast } from '../util/remember-last.ts'
import { sh } from '../util/sh.ts'
import { checkHostKey, fingerprint, type KnownHost, type KnownHosts, keyType, knownHostLine, parseKnownHosts } from './known-hosts.ts'

/** Where host keys are looked up, and what happens to a host that is in none of the files. */
export interface KnownHostsPolicy {
  /** The first is the one that new keys are added to. */
  readonly files: readonly string[]
  readonly policy: 'strict' | 'acceptNew'
  /** Keys that the host is declared to have: no file is asked then. */
  readonly keys?: readonly string[]
}

/** What is known of a host: the keys that it is declared to have, or else what the files say. */
export async function knownFor(name: string, { files, keys }: KnownHostsPolicy): Promise<KnownHosts> {
  if (!keys) return readKnownHosts(files)
  const declared = keys.flatMap((line) => parseHostKey(line) ?? [])
  return { entries: declared.map(({ type, key }, at) => ({ file: '', line: at + 1, hosts: name, type, key, revoked: false })), notes: [] }
}

const parsed = rememberLast(parseKnownHosts)

/** Reads all files; one that does not exist is empty. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHosts> {
  const read = await Promise.all(
    files.map(async (file) => {
      try {
        return parsed(file, await readFile(file, 'utf8'))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { entries: [], notes: [] }
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
  return { entries: read.flatMap((file) => file.entries), notes: read.flatMap((file) => file.notes) }
}

/**
 * Lets a host's key pass, or says why not and what to do. With the policy `acceptNew` the key of a host that is in no
 * file is added to the first; a key that differs never passes.
 */
export async function verifyHostKey(host: string, name: string, key: Buffer, known: KnownHosts, policy: KnownHostsPolicy): Promise<void> {
  const verdict = checkHostKey(known.entries, name, key)
  if (verdict.kind === 'ok') return
  if (verdict.kind === 'changed') throw changed(host, name, key, verdict.known)
  if (verdict.kind === 'revoked') {
    throw new RollcallError({
      summary: 'The host showed a key that is marked as revoked',
      detail: `${name} ${shown(key)}\nrevoked in ${verdict.known.file}:${verdict.known.line}`,
      host,
      fix: 'Do not log in. Whoever answers there has a key that was given up.',
    })
  }
  const [file] = policy.files
  if (policy.policy === 'acceptNew' && file !== undefined) return addKnownHost(file, knownHostLine(name, key))
  throw unknown(host, name, key, known, file)
}

function shown(key: Buffer): string {
  return `${keyType(key)} ${fingerprint(key)}`
}

function unknown(host: string, name: string, key: Buffer, known: KnownHosts, file: string | undefined): RollcallError {
  const [kind = ''] = keyType(key).replace(/^ssh-/, '').split('-')
  const add = sh`printf '%s\n' ${knownHostLine(name, key)} >> ${file ?? '~/.ssh/known_hosts'}`
  return new RollcallError({
    summary: "The host's key is not known",
    detail: [`${name} ${shown(key)}`, ...known.notes].join('\n'),
    host,
    fix: `Compare this fingerprint with one taken on the host itself (ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub); if it is the same:\n${add.text}`,
  })
}

function changed(host: string, name: string, key: Buffer, known: KnownHost): RollcallError {
  if (known.file === '')
    return new RollcallError({
      summary: "The host's key is not the one that it is declared to have: somebody else may be answering",
      detail: `${name}\ndeclared  ${shown(known.key)}\nshown     ${shown(key)}`,
      host,
      fix: 'Find out who answers there. hostKey holds what whoever made the host says of it.',
    })
  return new RollcallError({
    summary: "The host's key is not the one that is known: somebody else may be answering",
    detail: `${name}\nknown  ${shown(known.key)}  (${known.file}:${known.line})\nshown  ${shown(key)}`,
    host,
    fix: `Find out why it changed. Only if the host was set up anew, remove the old key and run again:\n${sh`ssh-keygen -f ${known.file} -R ${name}`.text}`,
  })
}

let adding: Promise<void> = Promise.resolve()

/** Adds one line with one write, one after the other: hosts are connected to in parallel. */
function addKnownHost(file: string, line: string): Promise<void> {
  const added = adding.then(async () => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await appendFile(file, `${(await endsInLine(file)) ? '' : '\n'}${line}\n`, { mode: 0o600 })
  })
  adding = added.catch(() => undefined)
  return added
}

async function endsInLine(file: string): Promise<boolean> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    if (size === 0) return true
    const { buffer } = await handle.read({ buffer: Buffer.alloc(1), position: size - 1 })
    return buffer[0] === 10
  } finally {
    await handle.close()
  }
}
