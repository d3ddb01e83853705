import type { ErrorDetails } from '../../src/model/errors.ts'
import type { Event, FactsEvent, HostRecap, RecapEvent, RunEvent, TaskEvent } from '../../src/model/event.ts'
import { sampleTraffic } from '../helpers/sample-traffic.ts'

/** One run as the engine would tell it, shown by every renderer. */
export interface Scenario {
  readonly name: string
  readonly diff?: boolean
  readonly verbosity?: number
  readonly timing?: boolean
  readonly events: readonly Event[]
}

const run = (fields: Partial<RunEvent> = {}): RunEvent => ({
  event: 'run',
  version: '0.1.0',
  playbook: 'prepare',
  inventory: 'inventory/lab.ts',
  check: false,
  fleet: ['honor-viper', 'crystal-panda'],
  factsScope: ['honor-viper', 'crystal-panda'],
  targets: ['honor-viper'],
  queries: [],
  ...fields,
})
const live = (host: string): FactsEvent['hosts'][number] => ({ host, origin: 'live', ageSeconds: 0, contact: 'answered' })
const facts = (hosts: FactsEvent['hosts'] = ['honor-viper', 'crystal-panda'].map(live)): FactsEvent => ({
  event: 'facts',
  hosts,
  durationMs: 310,
})
const play = (hosts: readonly string[] = ['honor-viper'], tasks = 9): Event => ({ event: 'play', play: 'cluster nodes', hosts, tasks })
const task = (fields: Partial<TaskEvent> & Pick<TaskEvent, 'task' | 'outcome'>): TaskEvent => ({
  event: 'task',
  host: 'honor-viper',
  play: 'cluster nodes',
  module: 'apt',
  handler: false,
  confidence: 'certain',
  at: 'playbooks/prepare.ts:12:5',
  durationMs: 420,
  ...fields,
})
const times = (number: number, fields: Partial<TaskEvent> & Pick<TaskEvent, 'outcome'>) =>
  Array.from({ length: number }, (_, index) => task({ task: `task ${index + 1}`, ...fields }))
const none: HostRecap = {
  ok: 0,
  changed: 0,
  skipped: 0,
  failed: 0,
  unreachable: 0,
  rescued: 0,
  ignored: 0,
  exchanges: 3,
  ...sampleTraffic,
}
const recap = (hosts: { [host: string]: Partial<HostRecap> }, fields: Partial<RecapEvent> = {}): RecapEvent => ({
  event: 'recap',
  check: false,
  hosts: Object.fromEntries(Object.entries(hosts).map(([host, counts]) => [host, { ...none, ...counts }])),
  durationMs: 4230,
  exitCode: 0,
  ...fields,
})

const view = {
  template: 'haproxy.cfg.eta',
  input: 'nodes',
  of: 'group cluster',
  hosts: ['honor-viper', 'crystal-panda'],
  fleetSize: 7,
  notLive: [],
}
const haproxy = task({
  task: 'haproxy.cfg',
  module: 'template',
  outcome: 'changed',
  templates: [view],
  diff: [
    {
      resource: 'file:/etc/haproxy/haproxy.cfg',
      before: { fields: { mode: '0644' }, text: 'global\nbackend nodes\n  server node1 10.108.0.4:8080\n' },
      after: { fields: { mode: '0600' }, text: 'global\nbackend nodes\n  server node1 10.108.0.4:8080\n  server node2 10.108.0.3:8080\n' },
    },
  ],
  steps: ['write /etc/haproxy/haproxy.cfg', 'haproxy -c -f /etc/haproxy/haproxy.cfg'],
  result: { changed: true, dest: '/etc/haproxy/haproxy.cfg' },
  notified: ['reload haproxy'],
})
const rejected: ErrorDetails = {
  summary: 'The new content was refused by its validation',
  detail: 'haproxy -c -f /etc/haproxy/.haproxy.cfg.new\n[ALERT] parsing: unknown keyword \u001b[31mserverr\u001b[0m',
  fix: 'Nothing was replaced. See the file as it would be:\nrollcall render prepare --task haproxy.cfg --host honor-viper',
}
const many = Array.from({ length: 20 }, (_, index) => `web-${String(index + 1).padStart(2, '0')}`)

export const scenarios: readonly Scenario[] = [
  {
    name: 'converged',
    events: [
      run(),
      facts(),
      play(),
      ...times(7, { outcome: 'ok' }),
      ...times(2, { outcome: 'skipped', reason: 'when said no' }),
      recap({ 'honor-viper': { ok: 7, skipped: 2 } }),
    ],
  },
  {
    name: 'timing',
    timing: true,
    events: [
      run({ targets: ['honor-viper', 'crystal-panda'] }),
      facts(),
      play(['honor-viper', 'crystal-panda']),
      ...times(9, { outcome: 'ok' }),
      recap(
        {
          'honor-viper': { ok: 9, bytesSent: 64_000_000, readMs: 12_340, applyMs: 75_000 },
          'crystal-panda': { unreachable: 1, exchanges: 0, bytesSent: 0, bytesReceived: 0, connectMs: 10_004, factsMs: 0, readMs: 0 },
        },
        { exitCode: 4 },
      ),
    ],
  },
  {
    name: 'changes',
    events: [
      run(),
      facts(),
      play(),
      ...times(6, { outcome: 'ok' }),
      haproxy,
      ...times(1, { outcome: 'ok' }),
      task({ task: 'reload haproxy', module: 'reloaded', handler: true, outcome: 'changed', steps: ['systemctl reload haproxy'] }),
      recap({ 'honor-viper': { ok: 7, changed: 2 } }),
    ],
  },
  { name: 'changes with diff', diff: true, events: [run(), facts(), play(), haproxy, recap({ 'honor-viper': { changed: 1 } })] },
  {
    name: 'verbose',
    verbosity: 1,
    events: [
      run(),
      facts(),
      play(),
      task({ task: 'install haproxy', outcome: 'ok', result: { changed: false } }),
      task({ task: 'certificate', module: 'copy', outcome: 'skipped', reason: 'when said no' }),
      haproxy,
      recap({ 'honor-viper': { ok: 1, skipped: 1, changed: 1 } }),
    ],
  },
  {
    name: 'check mode',
    diff: true,
    events: [
      run({ check: true, queries: ['openssl x509 -checkend 0'] }),
      facts(),
      play(),
      task({
        task: 'install haproxy',
        outcome: 'changed',
        diff: [
          {
            resource: 'package:haproxy',
            before: { fields: { state: 'absent' } },
            after: { fields: { state: 'present', version: '(unknown)' } },
          },
        ],
      }),
      task({ ...haproxy, confidence: 'assumed', reason: "after 'install haproxy'" }),
      task({ task: 'certificate directory', outcome: 'ok', confidence: 'assumed', reason: "after 'install haproxy'" }),
      task({ task: 'TLS frontend', outcome: 'skipped', confidence: 'unknown', reason: "depends on the result of 'find certificate'" }),
      task({ task: 'reload haproxy', module: 'reloaded', handler: true, outcome: 'changed', steps: ['systemctl reload haproxy'] }),
      recap({ 'honor-viper': { ok: 1, skipped: 1, changed: 3 } }, { check: true }),
    ],
  },
  {
    name: 'a failure that is ignored and messages for the curious',
    events: [
      run(),
      facts(),
      play(),
      task({
        task: 'try the new one',
        module: 'command',
        outcome: 'failed',
        ignored: true,
        error: { summary: 'A step of command failed', detail: 'new --check\nexit code 5, no output' },
      }),
      task({ task: 'said to all', module: 'debug', outcome: 'ok', message: 'hello' }),
      task({ task: 'said with -v', module: 'debug', outcome: 'ok', message: 'not shown', verbosity: 1 }),
      recap({ 'honor-viper': { ok: 3 } }),
    ],
  },
  {
    name: 'messages for the curious with -v',
    verbosity: 1,
    events: [
      run(),
      facts(),
      play(),
      task({ task: 'said with -v', module: 'debug', outcome: 'ok', message: 'shown', verbosity: 1 }),
      task({ task: 'said with -vv', module: 'debug', outcome: 'ok', message: 'not shown', verbosity: 2 }),
      recap({ 'honor-viper': { ok: 2 } }),
    ],
  },
  {
    name: 'check mode of a reboot',
    events: [
      run({ check: true }),
      facts(),
      play(),
      task({ task: 'reboot', module: 'reboot', outcome: 'changed', would: 'reboot', steps: ['shutdown -r now'] }),
      recap({ 'honor-viper': { changed: 1 } }, { check: true }),
    ],
  },
  {
    name: 'a host outside the targets is down',
    events: [
      run(),
      {
        event: 'warning',
        host: 'crystal-panda',
        message: 'the declared private address is on no interface',
        fix: 'Correct privateIp in the inventory.',
      },
      facts([
        live('honor-viper'),
        { host: 'crystal-panda', origin: 'cached', ageSeconds: 3 * 3600 + 59, contact: 'failed', reason: 'connect timed out' },
      ]),
      play(),
      task({
        ...haproxy,
        task: 'peers.json',
        templates: [{ ...view, template: 'peers.json.eta', notLive: [{ host: 'crystal-panda', origin: 'cached', ageSeconds: 10_900 }] }],
      }),
      recap({ 'honor-viper': { changed: 1 } }),
    ],
  },
  {
    name: 'nothing is known of a host',
    events: [
      run(),
      facts([live('honor-viper'), { host: 'crystal-panda', origin: 'none', ageSeconds: 0, contact: 'failed', reason: 'no route to host' }]),
      play(),
      ...times(8, { outcome: 'ok' }),
      task({
        task: 'peers.json',
        module: 'template',
        outcome: 'failed',
        error: {
          summary: 'A fact of a host is not known',
          detail: 'hardware.memoryMb of crystal-panda: no route to host, and nothing is remembered\ntemplates/peers.json.eta:7',
          fix: 'Start crystal-panda, or declare the fact in the inventory.',
        },
      }),
      recap({ 'honor-viper': { ok: 8, failed: 1 } }, { exitCode: 2 }),
    ],
  },
  {
    name: 'a validation refuses',
    events: [
      run(),
      facts(),
      play(),
      ...times(3, { outcome: 'ok' }),
      task({ task: 'haproxy.cfg', module: 'template', outcome: 'failed', error: rejected }),
      recap({ 'honor-viper': { ok: 3, failed: 1 } }, { exitCode: 2 }),
    ],
  },
  {
    name: 'a target is unreachable',
    events: [
      run({ targets: ['honor-viper', 'crystal-panda'] }),
      facts([
        live('honor-viper'),
        { host: 'crystal-panda', origin: 'none', ageSeconds: 0, contact: 'failed', reason: 'connection refused' },
      ]),
      {
        ...task({
          host: 'crystal-panda',
          play: '',
          task: 'connect',
          module: '',
          outcome: 'unreachable',
          error: { summary: 'The host could not be reached', detail: '10.108.0.3 port 22: connection refused' },
        }),
        at: undefined,
      } as unknown as Event,
      play(['honor-viper']),
      ...times(9, { outcome: 'ok' }),
      recap({ 'honor-viper': { ok: 9 }, 'crystal-panda': { unreachable: 1, exchanges: 0 } }, { exitCode: 4 }),
    ],
  },
  {
    name: 'many hosts',
    events: [
      run({ fleet: many, factsScope: many, targets: many }),
      facts([
        ...many.slice(0, 18).map(live),
        { host: 'web-19', origin: 'cached', ageSeconds: 90, contact: 'notAsked', reason: 'its cached facts are young enough' },
        { host: 'web-20', origin: 'cached', ageSeconds: 95, contact: 'notAsked', reason: 'its cached facts are young enough' },
      ]),
      play(many, 3),
      ...many.map((host) => task({ host, task: 'motd', outcome: 'ok' })),
      ...many.map((host) => task({ host, task: 'install curl', outcome: host === 'web-03' || host === 'web-07' ? 'changed' : 'ok' })),
      ...many.map((host) => task({ host, task: 'timezone', outcome: 'ok' })),
      recap(Object.fromEntries(many.slice(0, 3).map((host) => [host, { ok: 2, changed: 1 }]))),
    ],
  },
  {
    name: 'something is said',
    events: [
      run(),
      facts(),
      play(),
      ...times(2, { outcome: 'ok' }),
      task({ task: 'certificate?', module: 'debug', outcome: 'ok', message: 'no certificate on this host: HTTP only\n' }),
      { event: 'warning', message: 'two lines\nof warning' },
      recap({ 'honor-viper': { ok: 3 } }),
    ],
  },
]
