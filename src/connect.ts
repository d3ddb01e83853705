import { type As, asOf, becomeOf } from './engine/as.ts'
import type { HostAccess } from './engine/host-access.ts'
import { countTraffic, type TrafficPart } from './engine/traffic.ts'
import type { Becoming } from './model/become.ts'
import { UnreachableError } from './model/errors.ts'
import type { HostRecord, LabSettings, SshSettings } from './model/inventory.ts'
import { openPeeks } from './peek-host.ts'
import { declaredTarget, labTarget } from './ssh-target.ts'
import { NeedsTerminal } from './transport/become-errors.ts'
import { cancelScript } from './transport/cancel-script.ts'
import { NoChannel } from './transport/connect-errors.ts'
import type { Connection } from './transport/connection.ts'
import { type Started, startBecoming, startSession } from './transport/session.ts'
import type { SessionOptions } from './transport/session-shell.ts'
import type { Ending, Job, Reply, Session } from './transport/session-types.ts'
import type { Secret } from './util/secret.ts'
import { within } from './util/within.ts'

export interface ConnectOptions {
  /** In check mode no object that changes a host is made. */
  readonly check: boolean
  /**
   * Whom tasks will become on this host, so that session is opened with the first exchange, in the same process where that is
   * possible. What refuses it is heard by the first who needs it.
   */
  readonly becomes?: Becoming | undefined
  /** For becoming, where the inventory gives none. */
  readonly becomePassword?: Secret | undefined
  /** How often a host that refuses is tried again where nobody says; default 2. */
  readonly usualRetries?: number | undefined
}

/** Opens the way to a host that its inventory describes: connection, then a session for each user when first needed. */
export async function openHost(host: HostRecord, options: ConnectOptions): Promise<HostAccess> {
  const traffic = countTraffic()
  const first = await traffic.time('connect', () => connect(host, { usualRetries: options.usualRetries }))
  const { user } = first
  const { connection: settings } = host
  const { becomePassword = options.becomePassword } = settings
  let connections: readonly Connection[] = [first.connection]
  const sessions = new Map<As, Promise<Session>>()
  // A server with `MaxSessions 1` gives each connection one channel.
  const openOnAny = async (session: SessionOptions, jobs: readonly Job[]): Promise<Started> => {
    const [connection] = connections
    if (!connection)
      throw new UnreachableError({ summary: 'The link to the host was lost', detail: 'it could not be opened again', host: host.name })
    try {
      return await startOn(connection, session, jobs)
    } catch (error) {
      if (!(error instanceof NoChannel)) throw error
      const another = (await connect(host)).connection
      connections = [...connections, another]
      return startOn(another, session, jobs)
    }
  }
  const optionsOf = (as: As): SessionOptions => {
    const become = becomeOf(as)
    return { host: host.name, user, ...(become && { become: { ...become, ...(becomePassword && { password: becomePassword }) } }) }
  }
  const start = (as: As, jobs: readonly Job[]): Promise<Started> => {
    const started = traffic.time('connect', () => openOnAny(optionsOf(as), jobs))
    const session = started.then((opened) => opened.session)
    sessions.set(as, session)
    session.then(traffic.follow, () => {})
    return started
  }
  const willBecome = asOf(options.becomes ?? {}, user, settings)
  /** The other user's session, opened by the way: the login user's answers, or undefined where they must be asked for in another way. */
  const startBoth = async (jobs: readonly Job[]): Promise<readonly Reply[] | undefined> => {
    const [connection] = connections
    const { become, ...own } = optionsOf(willBecome)
    const opening = connection && !connection.as && become && startBecoming(connection, { ...own, become }, jobs)
    if (!opening) {
      if (connection) start(willBecome, []).catch(() => {})
      return undefined
    }
    const session = opening
      .then((both) => both.session)
      .catch(async (error: unknown) => {
        if (!(error instanceof NeedsTerminal)) throw error
        return (await openOnAny({ ...own, become: { ...become, terminal: true } }, [])).session
      })
    sessions.set(willBecome, session)
    session.then(traffic.follow, () => {})
    const replies = await opening
      .then((both) => both.replies)
      .catch((error: unknown) => {
        // The login user's own shell said nothing: another one would say nothing for as long again.
        if (error instanceof UnreachableError) throw error
        return undefined
      })
    return replies?.every(({ code }) => code === 0) ? replies : undefined
  }
  const exchange = async (part: TrafficPart, as: As, jobs: readonly Job[]) => {
    if (willBecome !== 'login' && as === 'login' && sessions.size === 0) {
      const replies = await traffic.time(part, () => startBoth(jobs))
      if (replies) return replies
    }
    const known = sessions.get(as)
    // The first exchange of a session opens it.
    const opened = known ? undefined : await start(as, jobs)
    const session = await known
    return traffic.time(part, () => opened?.replies ?? session!.exchange(jobs))
  }
  const cancelling = new Set<Promise<unknown>>()
  const cancel = async (as: As, what: Ending): Promise<boolean> => {
    const running = (await sessions.get(as))?.running
    if (!running) return false
    const { session } = await openOnAny(optionsOf(as), [])
    const [reply] = await session.exchange([{ script: cancelScript(running, what) }]).finally(() => session.close().catch(() => {}))
    return reply?.code === 0
  }
  const peeks = openPeeks({
    session: (as) => sessions.get(as),
    // Only over a connection that stands: what is nice to see is not worth another login.
    open: async (as) => {
      const [connection] = connections
      if (!connection) throw new UnreachableError({ summary: 'The link to the host was lost', host: host.name })
      return (await startOn(connection, optionsOf(as), [])).session
    },
  })
  const drop = async () => {
    const [old, shells] = [connections, [...sessions.values()]]
    connections = []
    sessions.clear()
    await Promise.all([peeks.close(), ...shells.map((session) => session.then((opened) => opened.close()).catch(() => {}))])
    await Promise.all(old.map((connection) => connection.close()))
  }
  return {
    reader: {
      read: (as, jobs, about = 'read') =>
        exchange(
          about,
          as,
          jobs.map(({ step: _, ...read }) => read),
        ),
    },
    writer: options.check ? undefined : { apply: (as, jobs) => exchange('apply', as, jobs) },
    as: (said) => asOf(said, user, settings),
    userOf: (as) => becomeOf(as)?.user ?? user,
    abandon: (as) => {
      const session = sessions.get(as)
      sessions.delete(as)
      session?.then((opened) => opened.close()).catch(() => {})
    },
    cancel: (as, what) => {
      const cancelled = cancel(as, what)
      const over: Promise<unknown> = cancelled.then(
        () => cancelling.delete(over),
        () => cancelling.delete(over),
      )
      cancelling.add(over)
      return cancelled
    },
    peek: peeks.peek,
    stats: traffic.total,
    ...(guests[settings.type] && { guest: guests[settings.type] }),
    ...(host.connection.type !== 'local' && {
      reopen: async ({ connectTimeoutMs }: { readonly connectTimeoutMs?: number | undefined }) => {
        for (const connection of connections) connection.discard?.().catch(() => {}) // No later run may take it, either.
        drop().catch(() => {}) // Nothing is left to say to a host that goes down; it may not even answer that.
        connections = [(await traffic.time('connect', () => connect(host, { connectTimeoutMs, fresh: true }))).connection]
      },
    }),
    close: async () => {
      await within(Promise.all(cancelling), 5000) // Their shells tidy up after themselves, too.
      await drop()
    },
  }
}

const guests: Partial<Record<HostRecord['connection']['type'], string>> = {
  container: 'a container',
  chroot: 'a chroot',
  nspawn: 'a container of systemd-nspawn',
}

/** Becomes another user by the way itself, where that can. */
function startOn(connection: Connection, { become, ...own }: SessionOptions, jobs: readonly Job[]): Promise<Started> {
  if (become && connection.as) return startSession(connection.as(become.user), { ...own, user: become.user }, jobs)
  return startSession(connection, { ...own, ...(become && { become }) }, jobs)
}

interface Way {
  readonly connection: Connection
  readonly user: string
}

interface Attempt {
  /** Over no connection that an earlier run has left. */
  readonly fresh?: boolean
  readonly connectTimeoutMs?: number | undefined
  readonly usualRetries?: number | undefined
}

async function connect(host: HostRecord, attempt: Attempt = {}): Promise<Way> {
  const { connection: settings } = host
  const { fresh = false, connectTimeoutMs } = attempt
  if (settings.type === 'ssh') return connectBySsh(host, settings, attempt)
  if (settings.type === 'lab') return connectToLab(host, settings, fresh, connectTimeoutMs)
  if (settings.type === 'container') return (await import('./transport/container.ts')).connectContainer(host.name, settings)
  if (settings.type === 'chroot') return (await import('./transport/chroot.ts')).connectChroot(host.name, settings)
  if (settings.type === 'nspawn') return (await import('./transport/nspawn.ts')).connectNspawn(host.name, settings)
  const { connectLocal, localUser } = await import('./transport/local.ts')
  return { connection: connectLocal(), user: localUser() }
}

async function connectBySsh(
  host: HostRecord,
  { transport = 'ssh2', controlPersistSeconds: persistSeconds, ...settings }: SshSettings,
  { fresh = false, connectTimeoutMs, usualRetries }: Attempt,
): Promise<Way> {
  // Whoever waits for a host to come back has a turn of its own for each attempt.
  const soon = connectTimeoutMs === undefined ? {} : { connectTimeoutSeconds: connectTimeoutMs / 1000, connectRetries: 0 }
  const declared = { ...declaredTarget(host, settings), usualRetries, ...soon }
  if (persistSeconds !== undefined) {
    const { connectKeptSsh } = await import('./connect-kept.ts')
    return connectKeptSsh(declared, transport, { persistSeconds, fresh })
  }
  if (transport === 'openssh') {
    const { connectOpenssh } = await import('./transport/openssh.ts')
    return connectOpenssh(declared)
  }
  const [{ connectSsh2 }, { resolveTarget }] = await Promise.all([import('./transport/ssh2.ts'), import('./transport/ssh-config.ts')])
  const target = await resolveTarget(declared)
  return { connection: await connectSsh2(target), user: target.user }
}

async function connectToLab(host: HostRecord, settings: LabSettings, fresh: boolean, connectTimeoutMs?: number): Promise<Way> {
  const { dial, ...target } = await labTarget(host, settings, connectTimeoutMs)
  const way = { user: settings.user }
  const { controlPersistSeconds: persistSeconds } = settings
  if (persistSeconds !== undefined) {
    const [{ connectKeptLab }, lab] = await Promise.all([import('./connect-kept.ts'), import('./lab/index.ts')])
    const id = lab.defaultLab()
    const { init } = lab.requireState(id)
    const there = { name: id.name, boot: init, wrap: (argv: readonly string[]) => lab.inNetns(id, argv) }
    return { ...way, connection: await connectKeptLab(target, there, { persistSeconds, fresh }) }
  }
  const { connectSsh2 } = await import('./transport/ssh2.ts')
  return { ...way, connection: await connectSsh2({ ...target, ...(dial && { dial }) }) }
}
