import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { withLock } from '../util/lock.ts'
import { sh } from '../util/sh.ts'
import { hashedHostLine, knownHostLine, matchesHost, parseKnownHosts } from './known-hosts.ts'
import type { KnownHostsPolicy } from './verify-host-key.ts'

let adding: Promise<unknown> = Promise.resolve()

/** Adds the key of a host to the first file: one write at the end, one after the other, also beside other runs. */
export function recordHostKey(policy: KnownHostsPolicy, name: string, key: Buffer): Promise<void> {
  return alone(policy, async (file) => {
    await append(file, lineFor(policy, name, key))
  })
}

/**
 * Puts a key in the place of those that are known for a host, in the file that holds them. Lines that are for other hosts as well,
 * or that revoke keys, stay as they are.
 */
export function replaceHostKey(policy: KnownHostsPolicy, inFile: string, name: string, key: Buffer): Promise<void> {
  return alone(policy, async () => {
    const text = await readFile(inFile, 'utf8')
    const old = new Set(
      parseKnownHosts(text, inFile)
        .entries.filter(({ hosts, revoked }) => !revoked && isOnly(hosts, name))
        .map(({ line }) => line),
    )
    const lines = text.split('\n').filter((_, at) => !old.has(at + 1))
    const before = lines.join('\n')
    const whole = `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${lineFor(policy, name, key)}\n`
    const temporary = `${inFile}.${process.pid}.new`
    try {
      const written = await open(temporary, 'w', 0o600)
      await written.writeFile(whole).finally(() => written.close())
      await rename(temporary, inFile)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  })
}

function lineFor({ hashed }: KnownHostsPolicy, name: string, key: Buffer): string {
  return hashed === true ? hashedHostLine(name, key) : knownHostLine(name, key)
}

/** A line for this name and no other: one pattern without wildcards, or a hash. */
function isOnly(hosts: string, name: string): boolean {
  return (hosts.startsWith('|1|') || !/[,*?!]/.test(hosts)) && matchesHost(hosts, name)
}

function alone(policy: KnownHostsPolicy, work: (file: string) => Promise<void>): Promise<void> {
  const [file] = policy.files
  const done = adding.then(async () => {
    if (file === undefined)
      throw new RollcallError({ summary: 'There is no file to note host keys down in', fix: 'UserKnownHostsFile is none: name a file.' })
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await withLock(
        `${file}.lock`,
        () => undefined,
        () => work(file),
        20,
      )
    } catch (cause) {
      const folder = dirname(file)
      throw new RollcallError(
        {
          summary: 'A host key could not be noted down',
          detail: (cause as Error).message,
          fix: `See who may write there:\n${sh`ls -ld ${folder} ${file}`.text}`,
        },
        { cause },
      )
    }
  })
  adding = done.catch(() => undefined)
  return done
}

async function append(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const { buffer } = size === 0 ? { buffer: Buffer.from('\n') } : await handle.read({ buffer: Buffer.alloc(1), position: size - 1 })
    await handle.appendFile(`${buffer[0] === 10 ? '' : '\n'}${line}\n`)
  } finally {
    await handle.close()
  }
}
