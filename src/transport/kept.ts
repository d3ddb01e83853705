import { createHmac } from 'node:crypto'
import { RollcallError, type UnreachableError } from '../model/errors.ts'
import { hostAndPort } from '../util/ip-address.ts'
import { identify } from '../util/process-id.ts'
import { NoChannel, unreachable } from './connect-errors.ts'
import type { Connection } from './connection.ts'
import {
  claim,
  endKept,
  folderKey,
  giveUpKept,
  type KeptConnection,
  listKept,
  newId,
  release,
  socketOf,
  writeRecord,
} from './kept-records.ts'
import { connectThrough } from './mux-connection.ts'
import { type ProxiedMaster, proxyMaster, terminateMaster } from './mux-master.ts'
import type { OpensshTarget } from './openssh-target.ts'

/** A login that is to outlive this run. */
export interface KeptTarget {
  readonly ssh: OpensshTarget
  /** Everything that decides who is logged in where, and how long the login is kept: two that differ share nothing. */
  readonly decides: unknown
  /** What known_hosts says of the host now; asked again once its key has passed, which may add to it. */
  readonly hostKeys: () => Promise<string>
  readonly persistSeconds: number
  readonly lab?: string
  readonly wrap?: (argv: readonly string[]) => readonly string[]
}

/** A link that is alive opens a channel in this time, or it is given up for a new one. */
const probeMs = 3000

/**
 * A connection that is kept after it was closed: one that an earlier run left, or a new one where there is none, where
 * what known_hosts says has changed since, or where it does not answer any more. No two connections share one login, so
 * what one does cannot end another.
 * @param folder Of this user alone; sockets and records lie in it.
 * @throws as the transport `openssh` does when a new login fails.
 */
export async function connectKept(folder: string, target: KeptTarget, { fresh = false } = {}): Promise<Connection> {
  const key = createHmac('sha256', folderKey(folder)).update(JSON.stringify(target.decides)).digest('hex').slice(0, 16)
  const hostKeys = await target.hostKeys()
  for (const kept of fresh ? [] : listKept(folder, key)) {
    if (!claim(folder, kept.id)) continue
    const connection = await reuse(folder, kept, target, hostKeys)
    if (connection !== undefined) return connection
  }
  return open(folder, key, target)
}

async function reuse(folder: string, kept: KeptConnection, target: KeptTarget, hostKeys: string): Promise<Connection | undefined> {
  try {
    if (kept.record.hostKeys !== hostKeys) throw new Error('known_hosts has changed')
    const limit = Math.min(probeMs, target.ssh.connectTimeoutMs)
    return await serve(folder, kept, target, await proxyMaster(socketOf(folder, kept.id), limit), limit)
  } catch (error) {
    // All its channels are taken, by what runs on at the host: it may be good for the next run.
    if (error instanceof NoChannel) release(folder, kept.id)
    else await giveUpKept(folder, kept)
    return undefined
  }
}

async function open(folder: string, key: string, target: KeptTarget): Promise<Connection> {
  const id = newId(key)
  const socket = socketOf(folder, id)
  const { host, user, address, port, connectTimeoutMs } = target.ssh
  const { startKeptMaster } = await import('./kept-master.ts') // Not needed by a run that finds what it needs.
  await startKeptMaster(target.ssh, { ...target, socket })
  let master: ProxiedMaster
  try {
    master = await proxyMaster(socket, connectTimeoutMs)
  } catch (cause) {
    await terminateMaster(socket, probeMs) // Nothing is written down of it, so nobody else would.
    throw new RollcallError(
      {
        summary: "ssh's master does not share its connection",
        detail: `${socket}\n${(cause as Error).message}`,
        host,
        fix: 'Keeping connections needs OpenSSH 7.4 or newer; leave `controlPersistSeconds` out of the inventory without it.',
      },
      { cause },
    )
  }
  const record = {
    version: 1,
    key,
    host,
    user,
    address,
    port,
    ...(target.lab !== undefined && { lab: target.lab }),
    master: identify(master.pid) ?? { pid: master.pid, startTime: '' },
    startedAt: new Date().toISOString(),
    persistSeconds: target.persistSeconds,
    ...(narrow.has(key) && { channels: narrow.get(key)! }),
    hostKeys: await target.hostKeys(),
  } as const
  claim(folder, id)
  writeRecord(folder, id, record)
  try {
    return await serve(folder, { id, record }, target, master, connectTimeoutMs)
  } catch (error) {
    await endKept(folder, { id, record })
    throw error instanceof RollcallError ? error : lost(target.ssh)((error as Error).message)
  }
}

/** A master that was refused a channel ends with us. Others of its key do not ask for more than they will get. */
const narrow = new Map<string, number>()

const lost =
  (target: OpensshTarget) =>
  (reason: string): UnreachableError =>
    unreachable(target, reason)

async function serve(
  folder: string,
  kept: Pick<KeptConnection, 'id' | 'record'>,
  { ssh }: KeptTarget,
  master: ProxiedMaster,
  limitMs: number,
): Promise<Connection> {
  const description = `${ssh.user}@${hostAndPort(ssh.address, ssh.port)}`
  const connection = await connectThrough(master, { host: ssh.host, description, lost: lost(ssh) }, limitMs)
  let closed = false
  let running = 0
  const { key, channels = Number.POSITIVE_INFINITY } = kept.record
  return {
    ...connection,
    async start(command, options) {
      try {
        if (running >= channels) throw new NoChannel(ssh.host, `more than ${channels} at a time were refused before`)
        const process = await connection.start(command, options)
        const ended = () => void running--
        running += 1
        process.exit.then(ended, ended)
        return process
      } catch (error) {
        if (error instanceof NoChannel) narrow.set(key, Math.max(1, running))
        throw error
      }
    },
    async close() {
      await connection.close()
      if (!closed) release(folder, kept.id)
      closed = true
    },
    async discard() {
      closed = true
      await endKept(folder, kept)
      await connection.close()
    },
  }
}
