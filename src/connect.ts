import type { As, HostAccess } from './engine/host-access.ts'
import { RollcallError } from './model/errors.ts'
import type { HostRecord, LabSettings, SshSettings } from './model/inventory.ts'
import type { Connection } from './transport/connection.ts'
import { openSession } from './transport/session.ts'
import type { Job, Session } from './transport/session-types.ts'

export interface ConnectOptions {
  /** In check mode no object that changes a host is made. */
  readonly check: boolean
}

/** Opens the way to a host that its inventory describes: connection, then a session for each user when first needed. */
export async function openHost(host: HostRecord, options: ConnectOptions): Promise<HostAccess> {
  const { connection, user, becomePassword } = await connect(host)
  const sessions = new Map<As, Promise<Session>>()
  const key = (as: As): As => (user === 'root' ? 'login' : as)
  const open = (as: As): Promise<Session> => {
    const known = sessions.get(key(as))
    if (known) return known
    const become =
      key(as) === 'become' ? { become: { method: 'sudo' as const, user: 'root', ...(becomePassword && { password: becomePassword }) } } : {}
    const session = openSession(connection, { host: host.name, user, ...become })
    sessions.set(key(as), session)
    session.catch(() => {})
    return session
  }
  let exchanges = 0
  const exchange = async (as: As, jobs: readonly Job[]) => {
    const session = await open(as)
    exchanges += 1
    return session.exchange(jobs)
  }
  return {
    reader: {
      read: (as, jobs) =>
        exchange(
          as,
          jobs.map(({ step: _, ...read }) => read),
        ),
    },
    writer: options.check ? undefined : { apply: exchange },
    userOf: (as) => (as === 'become' ? 'root' : user),
    exchanges: () => exchanges,
    close: async () => {
      for (const session of sessions.values()) await session.then((opened) => opened.close()).catch(() => {})
      await connection.close()
    },
  }
}

interface Way {
  readonly connection: Connection
  readonly user: string
  readonly becomePassword?: SshSettings['becomePassword']
}

async function connect(host: HostRecord): Promise<Way> {
  const { connection: settings } = host
  if (settings.type === 'ssh') return connectBySsh(host, settings)
  if (settings.type === 'lab') return connectToLab(host, settings)
  const { connectLocal, localUser } = await import('./transport/local.ts')
  const { becomePassword } = settings
  return { connection: connectLocal(), user: localUser(), ...(becomePassword && { becomePassword }) }
}

async function connectBySsh(host: HostRecord, settings: SshSettings): Promise<Way> {
  const [{ connectSsh2 }, { resolveTarget }] = await Promise.all([import('./transport/ssh2.ts'), import('./transport/ssh-config.ts')])
  const target = await resolveTarget({ host: host.name, ...settings, fallbackAddress: host.publicIp ?? host.privateIp })
  return {
    connection: await connectSsh2(target),
    user: target.user,
    ...(settings.becomePassword && { becomePassword: settings.becomePassword }),
  }
}

async function connectToLab(host: HostRecord, settings: LabSettings): Promise<Way> {
  if (host.privateIp === undefined)
    throw new RollcallError({
      summary: 'A lab host needs a private address',
      detail: host.name,
      fix: `Give it one in the inventory: '${host.name}': { privateIp: '10.108.0.x', … }.`,
    })
  const [{ connectSsh2 }, lab] = await Promise.all([import('./transport/ssh2.ts'), import('./lab/index.ts')])
  const id = lab.defaultLab()
  const { identityFile, knownHostsFile } = lab.sshFiles(id)
  const connection = await connectSsh2({
    host: host.name,
    address: host.privateIp,
    port: 22,
    user: settings.user,
    identityFiles: [identityFile],
    knownHosts: { files: [knownHostsFile], policy: 'strict' },
    connectTimeoutMs: 10_000,
    keepaliveMs: 15_000,
    dial: (address, port) => lab.dial(id, address, port),
  })
  return { connection, user: settings.user, ...(settings.becomePassword && { becomePassword: settings.becomePassword }) }
}
