import type { As, HostAccess } from './engine/host-access.ts'
import { RollcallError, UnreachableError } from './model/errors.ts'
import type { HostRecord, LabSettings, SshSettings } from './model/inventory.ts'
import { NoChannel } from './transport/connect-errors.ts'
import type { Connection } from './transport/connection.ts'
import { type SessionOptions, type Started, startSession } from './transport/session.ts'
import type { Job, Session } from './transport/session-types.ts'

export interface ConnectOptions {
  /** In check mode no object that changes a host is made. */
  readonly check: boolean
  /**
   * Tasks will become root on this host, so that session is opened right away, beside the login user's. What refuses it is
   * heard by the first who needs it.
   */
  readonly becomes?: boolean
}

/** Opens the way to a host that its inventory describes: connection, then a session for each user when first needed. */
export async function openHost(host: HostRecord, options: ConnectOptions): Promise<HostAccess> {
  const first = await connect(host)
  const { user, becomePassword } = first
  let connections: readonly Connection[] = [first.connection]
  const sessions = new Map<As, Promise<Session>>()
  // A server with `MaxSessions 1` gives each connection one channel.
  const openOnAny = async (session: SessionOptions, jobs: readonly Job[]): Promise<Started> => {
    const [connection] = connections
    if (!connection)
      throw new UnreachableError({ summary: 'The link to the host was lost', detail: 'it could not be opened again', host: host.name })
    try {
      return await startSession(connection, session, jobs)
    } catch (error) {
      if (!(error instanceof NoChannel)) throw error
      const another = (await connect(host)).connection
      connections = [...connections, another]
      return startSession(another, session, jobs)
    }
  }
  const key = (as: As): As => (user === 'root' ? 'login' : as)
  const start = (as: As, jobs: readonly Job[]): Promise<Started> => {
    const become =
      key(as) === 'become' ? { become: { method: 'sudo' as const, user: 'root', ...(becomePassword && { password: becomePassword }) } } : {}
    const started = openOnAny({ host: host.name, user, ...become }, jobs)
    const session = started.then((opened) => opened.session)
    sessions.set(key(as), session)
    session.catch(() => {})
    return started
  }
  let exchanges = 0
  const exchange = async (as: As, jobs: readonly Job[]) => {
    const session = sessions.get(key(as))
    // The first exchange of a session opens it.
    const replies = session ? (await session).exchange(jobs) : (await start(as, jobs)).replies
    exchanges += 1
    return replies
  }
  const drop = async () => {
    const [old, shells] = [connections, [...sessions.values()]]
    connections = []
    sessions.clear()
    await Promise.all(shells.map((session) => session.then((opened) => opened.close()).catch(() => {})))
    await Promise.all(old.map((connection) => connection.close()))
  }
  if (options.becomes && user !== 'root') start('become', []).catch(() => {})
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
    ...(host.connection.type !== 'local' && {
      reopen: async ({ connectTimeoutMs }: { readonly connectTimeoutMs?: number | undefined }) => {
        drop().catch(() => {}) // Nothing is left to say to a host that goes down; it may not even answer that.
        connections = [(await connect(host, connectTimeoutMs)).connection]
      },
    }),
    close: drop,
  }
}

interface Way {
  readonly connection: Connection
  readonly user: string
  readonly becomePassword?: SshSettings['becomePassword']
}

async function connect(host: HostRecord, connectTimeoutMs?: number): Promise<Way> {
  const { connection: settings } = host
  if (settings.type === 'ssh') return connectBySsh(host, settings, connectTimeoutMs)
  if (settings.type === 'lab') return connectToLab(host, settings, connectTimeoutMs)
  const { connectLocal, localUser } = await import('./transport/local.ts')
  const { becomePassword } = settings
  return { connection: connectLocal(), user: localUser(), ...(becomePassword && { becomePassword }) }
}

async function connectBySsh(host: HostRecord, { transport = 'ssh2', ...settings }: SshSettings, connectTimeoutMs?: number): Promise<Way> {
  const declared = { host: host.name, ...settings, fallbackAddress: host.publicIp ?? host.privateIp }
  const becoming = settings.becomePassword && { becomePassword: settings.becomePassword }
  const soon = connectTimeoutMs === undefined ? {} : { connectTimeoutMs }
  if (transport === 'openssh') {
    const { connectOpenssh } = await import('./transport/openssh.ts')
    const seconds = connectTimeoutMs === undefined ? {} : { connectTimeoutSeconds: connectTimeoutMs / 1000 }
    return { ...(await connectOpenssh({ ...declared, ...seconds })), ...becoming }
  }
  const [{ connectSsh2 }, { resolveTarget }] = await Promise.all([import('./transport/ssh2.ts'), import('./transport/ssh-config.ts')])
  const target = await resolveTarget(declared)
  return { connection: await connectSsh2({ ...target, ...soon }), user: target.user, ...becoming }
}

async function connectToLab(host: HostRecord, settings: LabSettings, connectTimeoutMs = 10_000): Promise<Way> {
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
    connectTimeoutMs,
    keepaliveMs: 15_000,
    dial: (address, port) => lab.dial(id, address, port),
  })
  return { connection, user: settings.user, ...(settings.becomePassword && { becomePassword: settings.becomePassword }) }
}
