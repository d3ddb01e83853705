import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach } from 'vitest'
import type { Playbook } from '../../src/dsl/playbook.ts'
import { type As, asOf, becomeOf } from '../../src/engine/as.ts'
import type { Patience, Terminal } from '../../src/engine/context.ts'
import type { HostAccess } from '../../src/engine/host-access.ts'
import { type HostState, openHostState } from '../../src/engine/host-state.ts'
import { openPlay } from '../../src/engine/open-play.ts'
import { preflight } from '../../src/engine/preflight.ts'
import { runPlay } from '../../src/engine/run-play.ts'
import { select } from '../../src/engine/select.ts'
import { stepByStep } from '../../src/engine/step-by-step.ts'
import { countTraffic } from '../../src/engine/traffic.ts'
import { loadValidator } from '../../src/engine/validate.ts'
import { openWatch, type WatchOptions } from '../../src/engine/watch.ts'
import { knowledgeOf } from '../../src/facts/knowledge.ts'
import { UnreachableError } from '../../src/model/errors.ts'
import type { Event, TaskEvent } from '../../src/model/event.ts'
import type { FactFamilies, HostKnowledge } from '../../src/model/facts.ts'
import { builtInDefinitions } from '../../src/module-named.ts'
import { openDelegates } from '../../src/open-delegates.ts'
import { openPeeks } from '../../src/peek-host.ts'
import { cancelScript } from '../../src/transport/cancel-script.ts'
import type { Connection } from '../../src/transport/connection.ts'
import { connectLocal } from '../../src/transport/local.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Job, Session } from '../../src/transport/session-types.ts'
import type { Steering } from '../../src/util/steering.ts'

/** An empty folder that is removed when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Names of files, and a home, that no other test of the file has. */
export interface Scratch {
  readonly at: (name: string) => string
  readonly home: string
}

/** Gives each test of a file names of its own in one folder. */
export function scratchIn(root: string): Scratch {
  let count = 0
  beforeEach(() => {
    count += 1
  })
  return {
    at: (name) => join(root, `${count}-${name}`),
    get home() {
      return join(root, `home-${count}`)
    },
  }
}

/** All of an event but times: what must be the same however a run went about it. */
export const withoutTimes = ({ durationMs: _, ...event }: TaskEvent) =>
  JSON.parse(JSON.stringify(event, (field, value) => (/time$|^(inode|start|end|delta)$/i.test(field) ? undefined : value)))

export const sampleFacts: FactFamilies = {
  os: {
    hostname: 'h',
    fqdn: 'h',
    distribution: 'debian',
    distributionVersion: '12',
    distributionRelease: 'bookworm',
    osFamily: 'debian',
    kernel: '6',
    architecture: 'x86_64',
    packageManager: 'apt',
    serviceManager: 'systemd',
  },
  network: { interfaces: [], addresses: [] },
  hardware: { memoryMb: 2048, swapMb: 0, cpuCount: 2 },
}

export interface LocalRun {
  readonly events: readonly Event[]
  readonly tasks: readonly TaskEvent[]
  /** `task: outcome` of a host, in order. */
  readonly outcomes: (host: string) => readonly string[]
  /** What the recap would say of a host. */
  readonly counts: (host: string) => HostState['counts']
  /** Exchanges of a host. */
  readonly exchanges: (host: string) => number
  /** Jobs of every exchange of a host, as scripts. */
  readonly scripts: (host: string) => readonly (readonly string[])[]
}
export interface LocalRunOptions {
  readonly check?: boolean
  readonly limit?: string
  readonly exclude?: string
  readonly startAt?: string
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
  /** Hosts of which nothing is known, with the reason. */
  readonly down?: { readonly [host: string]: string }
  /** Hosts that do not answer when a task is delegated to them. */
  readonly dead?: readonly string[]
  /** Home of the user on the "hosts": where pending handlers are kept. */
  readonly home: string
  /** Each host has a home of its own, beside that one. */
  readonly ownHomes?: boolean
  readonly preflight?: boolean
  readonly terminal?: Terminal
  /** Ask at that terminal before each task. */
  readonly step?: boolean
  /** How often a host that went away does not answer before it is back. Absent: its link cannot be opened again. */
  readonly away?: number
  /** Only what is due is read, nothing ahead of its turn. */
  readonly oneByOne?: boolean
  readonly patience?: Patience
  readonly steering?: Steering
  /** Somebody watches what takes long. */
  readonly watch?: WatchOptions
  /** Hears each event when it comes. */
  readonly heard?: (event: Event) => void
  /** A program that stands for the hosts' `sh`; default the machine's own. */
  readonly shell?: string
  /** Home of root, as whom tasks with `become` run; of other users `-` and their name behind it. Absent: all run as the first. */
  readonly becomeHome?: string
}

/** Runs a playbook with the real engine and real shells: every host is this machine, told apart by the files it is given. */
export async function runLocally(playbook: Playbook, options: LocalRunOptions): Promise<LocalRun> {
  const check = options.check ?? false
  const events: Event[] = []
  const scripts = new Map<string, string[][]>()
  const selection = select(playbook, {
    ...(options.limit !== undefined && { limit: options.limit }),
    exclude: options.exclude,
    startAt: options.startAt,
    tags: options.tags ?? [],
    skipTags: options.skipTags ?? [],
  })
  const inventory = playbook.inventory.model
  const knowledge = new Map<string, HostKnowledge>(
    [...inventory.hosts].map(([host, record]) => {
      const reason = options.down?.[host]
      return [host, knowledgeOf({ host, now: 0, declared: record.facts, ...(reason === undefined ? { live: sampleFacts } : { reason }) })]
    }),
  )
  const access = new Map<string, HostAccess>()
  for (const name of selection.targets) access.set(name, await openLocalAccess(name, check, options, scripts))
  const states = new Map([...access].map(([name, of]) => [name, openHostState(inventory.hosts.get(name)!, of, check)]))
  if (options.oneByOne) for (const state of states.values()) Object.defineProperty(state, 'window', { get: () => 1, set: () => {} })
  const delegates = openDelegates({
    roster: { inventory },
    states: { onHosts: states },
    check,
    open: async ({ name }) => {
      if (options.dead?.includes(name)) throw new UnreachableError({ summary: 'The host cannot be reached', detail: 'it is dead' })
      return openLocalAccess(name, check, options, scripts)
    },
  })
  const validate = await loadValidator()
  const own = new Set(builtInDefinitions())
  const emit = (event: Event) => {
    events.push(event)
    options.heard?.(event)
  }
  const step = options.step ? stepByStep(options.terminal) : undefined
  const contexts = selection.plays.map((selected) =>
    openPlay({
      selected,
      inventory,
      states,
      playbook: playbook.name,
      targets: selection.targets,
      knowledge,
      check,
      root: '/',
      relative: (file) => file,
      emit,
      watch: options.watch && openWatch(emit, options.watch),
      validate,
      files: new Map(),
      terminal: options.terminal,
      steering: options.steering,
      delegates,
      ...(options.oneByOne && { batches: false }),
      step,
      ...(options.patience && { patience: options.patience }),
      trusts: (definition) => own.has(definition),
    }),
  )
  try {
    if (options.preflight !== false) for (const mistake of contexts.flatMap((context) => preflight(context).mistakes)) throw mistake
    for (const [index, context] of contexts.entries()) if (!(await runPlay(context, 10, index < contexts.length - 1))) break
  } finally {
    for (const of of access.values()) await of.close()
    await delegates.close()
  }
  const tasks = events.filter((event) => event.event === 'task')
  return {
    events,
    tasks,
    outcomes: (host) =>
      tasks
        .filter((task) => task.host === host)
        .map((task) => `${task.task}: ${task.outcome}${task.confidence === 'certain' ? '' : ` (${task.confidence})`}`),
    counts: (host) => states.get(host)!.counts,
    exchanges: (host) => access.get(host)!.stats().exchanges,
    scripts: (host) => scripts.get(host) ?? [],
  }
}

async function openLocalAccess(
  name: string,
  check: boolean,
  { home: given, ownHomes, away, becomeHome, shell }: LocalRunOptions,
  scripts: Map<string, string[][]>,
): Promise<HostAccess> {
  const home = ownHomes ? `${given}-${name}` : given
  const connection = connectLocal({
    ...(shell && { shell }),
    env: { ...process.env, HOME: home, XDG_STATE_HOME: `${home}/.local/state` },
  })
  const open = () => openSession(connection, { host: name, user: userInfo().username })
  let session = Promise.resolve(await open())
  const others = new Map<As, { connection: Connection; session: Promise<Session> }>()
  const openOther = (as: As, user: string) => {
    const env = { ...process.env, HOME: user === 'root' ? becomeHome : `${becomeHome}-${user}`, BECAME: as }
    const another = connectLocal({ env })
    const session = openSession(another, { host: name, user })
    session.then(traffic.follow)
    const opened = { connection: another, session }
    others.set(as, opened)
    return opened
  }
  const traffic = countTraffic()
  traffic.follow(await session)
  let attempts = 0
  const exchange = async (as: As, jobs: readonly Job[]) => {
    scripts.set(name, [...(scripts.get(name) ?? []), jobs.map((job) => job.script.text)])
    const user = becomeOf(as)?.user
    const own = user === undefined || becomeHome === undefined ? session : (others.get(as) ?? openOther(as, user)).session
    return (await own).exchange(jobs)
  }
  const openAnew = async () => {
    const opened = await open()
    traffic.follow(opened)
    return opened
  }
  const peeks = openPeeks({
    session: (as) => others.get(as)?.session ?? session,
    open: (as) => openSession(others.get(as)?.connection ?? connection, { host: name, user: userInfo().username }),
  })
  return {
    reader: {
      read: (as, jobs) =>
        exchange(
          as,
          jobs.map(({ step: _, ...read }) => read),
        ),
    },
    writer: check ? undefined : { apply: (as, jobs) => exchange(as, jobs) },
    as: (said) => asOf(said, 'operator', {}),
    userOf: () => 'operator', // Not root: state is kept below HOME, in a folder of the test.
    abandon: () => {
      session.then((old) => old.close()).catch(() => {})
      session = openAnew()
    },
    cancel: async (as, what) => {
      const there = others.get(as)
      const running = (await (there?.session ?? session)).running
      if (!running) return false
      const other = await openSession(there?.connection ?? connection, { host: name, user: userInfo().username })
      const [reply] = await other.exchange([{ script: cancelScript(running, what) }])
      await other.close()
      return reply!.code === 0
    },
    peek: peeks.peek,
    stats: traffic.total,
    ...(away !== undefined && {
      reopen: async () => {
        attempts += 1
        if (attempts <= away) throw new UnreachableError({ summary: 'The host cannot be reached', detail: `attempt ${attempts}` })
        const old = await session
        session = Promise.resolve(await openAnew())
        await old.close()
      },
    }),
    close: async () => {
      await peeks.close()
      await (await session).close()
      await connection.close()
      for (const other of others.values()) {
        await (await other.session).close()
        await other.connection.close()
      }
    },
  }
}
