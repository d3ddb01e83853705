import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/cli/engine.ts'
import type { ExplainReport } from '../../src/explain.ts'
import type { LabState } from '../../src/lab/index.ts'
import type { RenderedFile } from '../../src/render-one.ts'
import { rollcall } from './harness.ts'

const nodes = { input: 'nodes', of: 'group cluster', hosts: ['honor-viper', 'crystal-panda'], fleetSize: 2 }
const report: ExplainReport = {
  playbook: 'prepare',
  inventory: 'inventory/lab.ts',
  fleet: [
    { host: 'honor-viper', groups: ['cluster'], privateIp: '10.108.0.4', vars: { domain: 'dynia.test', appPort: 8080 } },
    { host: 'crystal-panda', groups: ['cluster'], privateIp: '10.108.0.3', publicIp: '203.0.113.3', vars: { motd: 'two words' } },
  ],
  targets: ['honor-viper'],
  plays: [
    {
      name: 'cluster nodes',
      at: 'playbooks/prepare.ts:5:3',
      targets: ['honor-viper'],
      facts: { of: 'all', hosts: ['honor-viper', 'crystal-panda'], families: ['os', 'network'], ifDown: 'lastKnown', maxAgeSeconds: 3600 },
      tasks: [
        {
          name: 'haproxy.cfg',
          at: 'playbooks/prepare.ts:9:5',
          tags: ['config'],
          become: true,
          handler: false,
          hosts: [
            {
              host: 'honor-viper',
              calls: [
                {
                  module: 'template',
                  params: { dest: '/etc/haproxy/haproxy.cfg', mode: '0644' },
                  templates: [{ ...nodes, template: 'haproxy.cfg.eta' }],
                },
              ],
            },
          ],
        },
        {
          name: 'TLS',
          tags: [],
          become: false,
          handler: false,
          hosts: [{ host: 'honor-viper', calls: [], note: 'depends on the result of an earlier task' }],
        },
        {
          name: 'reload haproxy',
          tags: [],
          become: true,
          handler: true,
          hosts: [{ host: 'honor-viper', calls: [{ module: 'reloaded', params: { service: 'haproxy' }, templates: [] }] }],
        },
      ],
    },
  ],
}

describe('explain', () => {
  test('shows that the fleet is whole whatever the limit says', async () => {
    const { code, out, err, asked } = await rollcall('explain prepare --limit honor-viper -t config', {
      engine: { explain: async () => report },
    })
    expect(asked).toEqual([['explain', { root: '/site', playbook: 'prepare', limit: 'honor-viper', tags: ['config'], skipTags: [] }]])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(`playbook prepare · inventory inventory/lab.ts
fleet 2 hosts, whatever --limit says · targets 1 (honor-viper)

  honor-viper    target  cluster  private 10.108.0.4  domain=dynia.test  appPort=8080
  crystal-panda          cluster  private 10.108.0.3  public 203.0.113.3  motd="two words"

play cluster nodes  playbooks/prepare.ts:5:3
  targets 1 (honor-viper)
  facts of all: os, network from 2 of 2 hosts (honor-viper, crystal-panda)
    of other hosts than the targets cached ones do up to 1 h; a host that is down: what was last known
  haproxy.cfg  as root  [config]  playbooks/prepare.ts:9:5
    on honor-viper:
      template dest=/etc/haproxy/haproxy.cfg mode=0644
        haproxy.cfg.eta nodes: fleet 2 of 2 (group cluster): honor-viper, crystal-panda
  TLS
    on honor-viper:
      depends on the result of an earlier task
  handler reload haproxy  as root
    on honor-viper:
      reloaded service=haproxy
`)
  })
  test('json is the report itself', async () =>
    expect(JSON.parse((await rollcall('explain prepare --format json', { engine: { explain: async () => report } })).out)).toEqual(report))
})

describe('render', () => {
  const file = (bytes: Uint8Array): RenderedFile => ({
    host: 'honor-viper',
    task: 'haproxy.cfg',
    dest: '/etc/haproxy/haproxy.cfg',
    bytes,
    views: [{ ...nodes, template: 'haproxy.cfg.eta', notLive: [{ host: 'crystal-panda', origin: 'cached', ageSeconds: 7200 }] }],
    facts: {
      event: 'facts',
      hosts: [
        { host: 'honor-viper', origin: 'live', ageSeconds: 0, contact: 'answered' },
        { host: 'crystal-panda', origin: 'cached', ageSeconds: 7200, contact: 'failed', reason: 'connect timed out' },
      ],
      durationMs: 3,
    },
    warnings: [],
  })
  const line = 'render prepare --task haproxy.cfg --host honor-viper'

  test('stdout is the file and nothing else, notes go to stderr', async () => {
    const { code, out, err, asked } = await rollcall(line, {
      engine: { renderOne: async () => file(Buffer.from('no newline at the end')) },
    })
    expect(asked).toEqual([
      [
        'renderOne',
        { root: '/site', playbook: 'prepare', task: 'haproxy.cfg', host: 'honor-viper', forks: 50, progress: expect.any(Function) },
      ],
    ])
    expect({ code, out }).toEqual({ code: 0, out: 'no newline at the end' })
    expect(err.trimEnd().split('\n')).toEqual([
      'haproxy.cfg on honor-viper: /etc/haproxy/haproxy.cfg',
      'facts from 2 (1 live, 1 cached 2 h)',
      'crystal-panda  cached 2 h: connect timed out',
      'haproxy.cfg.eta nodes: fleet 2 of 2 (group cluster), crystal-panda cached 2 h',
    ])
  })
  test.each([
    [Buffer.from('ä\n'), { text: 'ä\n' }],
    [Uint8Array.of(0xff, 0), { base64: '/wA=' }],
  ])('json of %j', async (bytes, content) =>
    expect(JSON.parse((await rollcall(`${line} --format json`, { engine: { renderOne: async () => file(bytes) } })).out)).toMatchObject({
      host: 'honor-viper',
      ...content,
    }),
  )
})

describe('lab', () => {
  const host = { name: 'honor-viper', address: '10.108.0.4', kind: 'systemd' as const }
  const state = {
    version: 1,
    name: 'lab-1',
    expiresAt: '2030-01-01T08:00:00Z',
    hosts: [
      { ...host, state: 'running' },
      { ...host, name: 'crystal-panda', address: '10.108.0.3', state: 'stopped', reason: 'its init ended' },
    ],
  } as unknown as LabState
  const shown = `lab lab-1: 2 hosts, 1 running; ends by itself at 2030-01-01T08:00:00Z
  honor-viper    10.108.0.4       systemd  running
  crystal-panda  10.108.0.3       systemd  stopped: its init ended
`
  /** A lab that writes down what is asked of it. */
  function fakeLab(hosts: readonly (typeof host)[] = [host], up = true) {
    const calls: unknown[][] = []
    const did =
      <R>(verb: string, answer: R) =>
      (_: unknown, ...rest: unknown[]) => {
        calls.push([verb, ...rest])
        return answer
      }
    const lab = {
      defaultLab: () => ({ name: 'lab-1' }),
      up: did('up', Promise.resolve(state)),
      down: did('down', Promise.resolve(up)),
      status: did('status', up ? state : undefined),
      reset: did('reset', Promise.resolve()),
      stopHost: did('stop', Promise.resolve()),
      startHost: did('start', Promise.resolve()),
      attachIn: did('exec', Promise.resolve(7)),
      sshArgv: did('ssh', ['sh', '-c', 'exit 9']),
    }
    const closeConnections = async () => ({ closed: [], stay: [] })
    const engine = { lab: async () => lab, labHosts: async () => hosts, closeConnections } as unknown as Partial<Engine>
    return { engine, calls }
  }

  test.each([
    ['lab up', 0, shown, [['up', [host], { progress: expect.any(Function) }]]],
    ['lab up -i production', 0, shown, [['up', [host], { progress: expect.any(Function) }]]],
    ['lab down', 0, 'the lab is down\n', [['down']]],
    ['lab status', 0, shown, [['status']]],
    ['lab reset', 0, 'pristine: every host\n', [['reset', {}]]],
    ['lab reset a b', 0, 'pristine: a, b\n', [['reset', { hosts: ['a', 'b'] }]]],
    ['lab stop honor-viper', 0, 'honor-viper is stopped\n', [['stop', 'honor-viper']]],
    ['lab start honor-viper', 0, 'honor-viper is running\n', [['start', 'honor-viper']]],
    ['lab exec honor-viper -- ls -l --all', 7, '', [['exec', 'honor-viper', ['ls', '-l', '--all']]]],
    ['lab ssh honor-viper', 9, '', [['ssh', 'honor-viper', { user: 'admin', command: [] }]]],
    ['lab ssh honor-viper --user guarded -- id -u', 9, '', [['ssh', 'honor-viper', { user: 'guarded', command: ['id', '-u'] }]]],
  ])('rollcall %s', async (line, code, out, calls) => {
    const lab = fakeLab()
    expect(await rollcall(line, lab)).toMatchObject({ code, out, err: '' })
    expect(lab.calls).toEqual(calls)
  })

  test('what is not up is told', async () => {
    const { engine } = fakeLab([host], false)
    expect(await rollcall('lab status', { engine })).toMatchObject({ code: 0, out: 'the lab is not up\n' })
    expect(await rollcall('lab down', { engine })).toMatchObject({ code: 0, out: 'the lab was not up\n' })
    expect(JSON.parse((await rollcall('lab status --format json', { engine })).out)).toEqual({ up: false })
  })
  test('an inventory without lab hosts starts nothing', async () => {
    const { engine, calls } = fakeLab([])
    expect(await rollcall('lab up', { engine })).toMatchObject({
      code: 1,
      err: 'The inventory has no host for the lab\n  Give a host of the inventory this connection:\n  connection: lab()\n',
    })
    expect(calls).toEqual([])
  })
  test('the inventory named is the one read', async () =>
    expect((await rollcall('lab up -i production', fakeLab())).asked).toContainEqual([
      'labHosts',
      { root: '/site', inventory: 'production' },
    ]))
})
