// Hosts that exist in this process only. All have the disks of one folder of this machine, and names and addresses of their own.
import { hostname, networkInterfaces, userInfo } from 'node:os'
import type { ConnectOptions } from '../../src/connect.ts'
import type { As, HostAccess } from '../../src/engine/host-access.ts'
import { noTraffic } from '../../src/engine/traffic.ts'
import type { HostRecord } from '../../src/model/inventory.ts'
import { connectLocal } from '../../src/transport/local.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Job, Reply } from '../../src/transport/session-types.ts'

export interface FakeFleet {
  /** A host that answers each read as a real shell did when it was first asked that, and refuses to be changed. */
  open(host: HostRecord, options: ConnectOptions): Promise<HostAccess>
  /** The one host that can be changed: what it writes, all of them have. */
  changeable(host: HostRecord, options: ConnectOptions): Promise<HostAccess>
  close(): Promise<void>
}

/** Makes a fleet whose hosts say of themselves the names and private addresses of their inventory. */
export async function openFakeFleet(): Promise<FakeFleet> {
  const connection = connectLocal()
  const user = userInfo().username
  const begin = () => openSession(connection, { host: 'fleet', user })
  let session = await begin()
  const answers = new Map<string, Promise<Reply>>()
  const ours = ownAddress()
  const ask = async (job: Job): Promise<Reply> => {
    const key = `${job.script.text}\0${Buffer.from(job.stdin ?? []).toString('latin1')}`
    const known = answers.get(key) ?? session.exchange([job]).then(([reply]) => reply!)
    answers.set(key, known)
    return known
  }
  /** The real answer about this machine, told of another. */
  const asOf = ({ name, privateIp }: HostRecord, reply: Reply): Reply => {
    const text = Buffer.from(reply.stdout).toString('latin1')
    const told = text.replaceAll(hostname(), name)
    return { ...reply, stdout: Buffer.from(ours && privateIp ? told.replaceAll(ours, privateIp) : told, 'latin1') }
  }
  const accessOf = (host: HostRecord, apply: (as: As, jobs: readonly Job[]) => Promise<readonly Reply[]>): HostAccess => ({
    reader: {
      read: async (_as, jobs, about) => {
        if (jobs.some((job) => job.step)) throw new Error('a read that is a step')
        const replies = await Promise.all(jobs.map(ask))
        return about === 'facts' ? replies.map((reply) => asOf(host, reply)) : replies
      },
    },
    writer: { apply },
    abandon: () => {},
    as: () => 'login',
    cancel: async () => false,
    userOf: () => user,
    stats: () => noTraffic,
    close: async () => {},
  })
  return {
    open: async (host) => accessOf(host, () => Promise.reject(new Error(`${host.name} is not to be changed`))),
    changeable: async (host) => ({
      ...accessOf(host, async (_as, jobs) => {
        answers.clear()
        return session.exchange(jobs)
      }),
      // The session holds the lock of this machine until it ends.
      close: async () => {
        await session.close()
        session = await begin()
        answers.clear()
      },
    }),
    close: async () => {
      await session.close()
      await connection.close()
    },
  }
}

function ownAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}
