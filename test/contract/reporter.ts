import { describe, expect, test } from 'vitest'
import type { Event, HostRecap, TaskEvent } from '../../src/model/event.ts'
import { createReporter, type Format } from '../../src/report/reporter.ts'
import { sampleTraffic } from '../helpers/sample-traffic.ts'
import { collect } from '../report/collect.ts'

type Kind = Event['event']
const hosts = ['honor-viper', 'crystal-panda', 'plain-otter']
const recap: HostRecap = {
  ok: 1,
  changed: 2,
  skipped: 3,
  failed: 4,
  unreachable: 5,
  rescued: 7,
  ignored: 8,
  exchanges: 6,
  ...sampleTraffic,
}

const task = (fields: Partial<TaskEvent> = {}): TaskEvent => ({
  event: 'task',
  host: 'honor-viper',
  play: 'nodes',
  task: 'haproxy.cfg',
  module: 'template',
  handler: false,
  delegatedTo: 'plain-otter',
  at: 'playbooks/prepare.ts:12:5',
  outcome: 'changed',
  confidence: 'assumed',
  reason: 'why so',
  diff: [
    { resource: 'file:/etc/a', before: { fields: { mode: '0644' }, text: 'old\n' }, after: { fields: { mode: '0600' }, text: 'new\n' } },
  ],
  steps: ['write /etc/a'],
  result: { changed: true, list: ['deep'] },
  message: 'said',
  error: {
    summary: 'Broken',
    detail: 'in two\nlines',
    fix: 'Mend it.',
    host: 'honor-viper',
    task: 'haproxy.cfg',
    at: { file: 'a.ts', line: 1 },
  },
  templates: [
    {
      template: 'a.eta',
      input: 'nodes',
      of: 'group web',
      hosts,
      fleetSize: 3,
      notLive: [{ host: 'plain-otter', origin: 'cached', ageSeconds: 90 }],
    },
  ],
  notified: ['reload'],
  durationMs: 12,
  ...fields,
})

const added: Extract<Event, { readonly event: 'added' }> = {
  event: 'added',
  play: 'nodes',
  hosts: [
    {
      host: 'new-otter',
      to: 'fresh',
      groups: ['web'],
      address: '192.0.2.9',
      by: 'honor-viper',
      task: 'take it on',
      at: 'playbooks/prepare.ts:12:5',
    },
  ],
  targets: ['new-otter'],
  leftOut: ['late-otter'],
  facts: [{ host: 'new-otter', origin: 'live', ageSeconds: 0, contact: 'answered' }],
  queries: ['look'],
  delegates: ['crystal-panda'],
  unknown: [
    {
      host: 'other-otter',
      by: 'honor-viper',
      task: 'take on more',
      at: 'playbooks/prepare.ts:13:5',
      reason: "cannot be told before 'create' has run",
    },
  ],
  durationMs: 12,
}

/** One event of each kind with every field there is; a kind that is missing does not compile. */
const full: { readonly [K in Kind]: Extract<Event, { readonly event: K }> } = {
  run: {
    event: 'run',
    version: '0.1.0',
    playbook: 'prepare',
    inventory: 'inventory/lab.ts',
    check: true,
    fleet: hosts,
    factsScope: hosts,
    targets: hosts.slice(0, 2),
    delegates: ['localhost'],
    queries: ['openssl x509'],
  },
  added,
  facts: {
    event: 'facts',
    hosts: [
      { host: 'honor-viper', origin: 'live', ageSeconds: 0, contact: 'answered' },
      { host: 'crystal-panda', origin: 'cached', ageSeconds: 90, contact: 'failed', reason: 'connect timed out' },
      { host: 'plain-otter', origin: 'none', ageSeconds: 0, contact: 'failed', reason: 'no route' },
    ],
    durationMs: 300,
  },
  play: { event: 'play', play: 'nodes', hosts: hosts.slice(0, 2), tasks: 3 },
  batch: { event: 'batch', play: 'nodes', number: 2, of: 3, hosts: hosts.slice(0, 2) },
  task: task(),
  retry: { event: 'retry', host: 'honor-viper', play: 'nodes', task: 'wait', attempt: 1, retries: 3, delay: 5, reason: 'not\nyet' },
  rescued: { event: 'rescued', host: 'honor-viper', play: 'nodes', block: 'upgrade', task: 'restart' },
  stopped: { event: 'stopped', play: 'nodes', reason: 'too many', hosts: hosts.slice(1) },
  warning: { event: 'warning', host: 'honor-viper', message: 'take care\nof this', fix: 'Do that.' },
  running: {
    event: 'running',
    tasks: [
      { host: 'honor-viper', task: 'upgrade', durationMs: 12_000, output: ['Unpacking libc6', 'Setting up libc6'] },
      { host: 'crystal-panda', task: 'upgrade', durationMs: 11_000, output: [] },
    ],
    more: 3,
  },
  recap: { event: 'recap', check: true, hosts: { 'honor-viper': recap, 'crystal-panda': recap }, durationMs: 900, exitCode: 2 },
}

/** What a host, a user's file or a package may send: every control character, sequences that move the cursor, marks of direction. */
const hostile = `${Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')}\u007f\u009b2J\u009d\u001b[2J\u001b[1;1H\u001b]0;title\u0007\u001b]8;;http://x\u0007\u001bc\b\b\r\u202e\u2066\u200f%s %n`

/** The value with something hostile in each of its strings, keys of results included; what names kinds stays. */
function poisoned<T>(value: T, key = ''): T {
  if (typeof value === 'string')
    return (['event', 'outcome', 'confidence', 'origin', 'at'].includes(key) ? value : `${value}${hostile}`) as T
  if (Array.isArray(value)) return value.map((each) => poisoned(each)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, poisoned(each, name)])) as T
}

/** Runs as they may go: warnings anywhere, hosts and outcomes in any order, and an end at any place. */
function* runs(count: number): Generator<readonly Event[]> {
  let state = 7
  let number = 0
  const next = () => {
    number += 1
    return number
  }
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const outcomes = ['ok', 'ok', 'ok', 'changed', 'skipped', 'failed', 'unreachable'] as const
  const sure = ['certain', 'assumed', 'unknown'] as const
  for (let run = 0; run < count; run++) {
    const events: Event[] = []
    const perhapsWarn = () => {
      if (below(5) === 0) events.push({ event: 'warning', message: `warning ${next()}`, ...(below(2) === 0 && { host: hosts[below(3)]! }) })
    }
    perhapsWarn()
    events.push({ ...full.run, check: below(2) === 0, targets: hosts.slice(0, below(4)) })
    perhapsWarn()
    if (below(4) > 0) events.push({ ...full.facts, hosts: full.facts.hosts.slice(0, below(4)) })
    for (let play = 0; play < below(4); play++) {
      perhapsWarn()
      events.push({ ...full.play, play: `play ${play}`, hosts: hosts.slice(0, below(4)), tasks: below(9) })
      for (let each = 0; each < below(12); each++) {
        perhapsWarn()
        const bare: TaskEvent = {
          event: 'task',
          host: hosts[below(3)]!,
          play: `play ${play}`,
          task: `task ${next()}`,
          module: 'file',
          handler: below(5) === 0,
          outcome: outcomes[below(outcomes.length)]!,
          confidence: sure[below(3)]!,
          durationMs: below(100),
        }
        events.push(below(2) === 0 ? bare : { ...task(), ...bare })
      }
    }
    perhapsWarn()
    events.push({ ...full.recap, exitCode: [0, 2, 4, 130][below(4)]! })
    // Interrupted: whatever came last, nothing comes after it.
    yield below(4) === 0 ? events.slice(0, below(events.length)) : events
  }
}

interface Look {
  readonly colour: boolean
  readonly isTTY: boolean
  readonly verbosity: number
  readonly timing?: boolean
}
const looks: readonly Look[] = [
  { colour: false, isTTY: false, verbosity: 0 },
  { colour: false, isTTY: false, verbosity: 1 },
  { colour: false, isTTY: true, verbosity: 0 },
  { colour: true, isTTY: true, verbosity: 0 },
  { colour: false, isTTY: false, verbosity: 0, timing: true },
]

function report(format: Format, events: readonly Event[], { colour, isTTY, verbosity, timing = false }: Look): string {
  const { screen, out, err } = collect({ isTTY, columns: 80 })
  const emit = createReporter(format, screen, { colour, verbosity, timing, diff: true, cwd: '/home/me/site' })
  for (const event of events) emit(event)
  expect(err()).toBe('')
  return out()
}

/** What a reader of this format must find of an event, as text. */
export type Told = (event: Event) => readonly string[]

/** What every format of reports keeps to. */
export function reporterContract(format: Format, told: Told): void {
  const plain = looks[0]!

  describe.each(looks)(`reporter ${format}: colour $colour, terminal $isTTY, verbosity $verbosity, timing $timing`, (look) => {
    test.each(Object.keys(full) as Kind[])('an event %s alone is no error', (kind) => {
      expect(() => report(format, [full[kind]], look)).not.toThrow()
    })

    test('runs in any order lose nothing that counts', () => {
      for (const events of runs(300)) {
        const text = report(format, events, look)
        // A run that was cut off before its facts may hold back what belongs below its first line.
        const begun = events.some(({ event }) => ['facts', 'play', 'recap'].includes(event))
        for (const event of events) if (begun) for (const words of told(event)) expect(text).toContain(words)
      }
    })

    test('what a host says cannot move the cursor, colour anything or end a line of ours', () => {
      const events = Object.values(full).map((event) => poisoned(event))
      const text = report(format, [...events.slice(0, 3), events[4]!, events[3]!, events[5]!], look)
      expect(text).toContain('haproxy.cfg')
      // Ours: colours, and the erasing of the status line before it is written anew.
      const ours = look.colour ? text.replace(/\u001b\[\d+m/g, '') : text
      const rest = look.isTTY ? ours.replaceAll('\r\u001b[2K', '') : ours
      expect(rest).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/)
    })

    test('each line is written whole', () => {
      for (const events of runs(20)) {
        const text = report(format, events, look)
        if (!look.isTTY && text !== '') expect(text.endsWith('\n')).toBe(true)
      }
    })
  })

  test(`reporter ${format}: the same events give the same text, and are left as they were`, () => {
    const events = Object.values(full)
    const before = structuredClone(events)
    expect(report(format, events, plain)).toBe(report(format, events, plain))
    expect(events).toEqual(before)
  })

  test(`reporter ${format}: two at a time know nothing of each other`, () => {
    const [one, other] = [collect(), collect()]
    const options = { colour: false, verbosity: 0, diff: false, cwd: '/' }
    const [first, second] = [createReporter(format, one.screen, options), createReporter(format, other.screen, options)]
    for (const event of Object.values(full)) {
      first(event)
      second(event)
    }
    expect(one.out()).toBe(other.out())
  })
}
