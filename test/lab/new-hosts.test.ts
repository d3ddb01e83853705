import { afterEach, describe, expect, it } from 'vitest'
import { eventsOf, outcomes, scratchFile, taskOf } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli, run } = useJobLab('new-hosts')

/** Only the first host of the lab: the second is known by its address alone. */
const inventory = () =>
  scratchFile(
    'one-host.ts',
    `import { defineInventory, lab, Secret } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'dynia.test' }, connection: lab() }, cluster: { vars: { appPort: 8080, token: new Secret('token-of-all') } } },
  hosts: { 'honor-viper': { groups: ['cluster'], privateIp: '10.108.0.4' } },
})
`,
  )
const playbook = (name: string, address: string, more = '', kernel = 'node.facts.os.kernel, ') =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { addHost, copy, definePlaybook, newHosts, Secret, sh, shell, union } from 'rollcall'
const fresh = newHosts('fresh', inventory, { like: 'cluster' })
export const imported = [copy, union]
export default definePlaybook('${name}', inventory, (play) => {
  play('make machines', { hosts: 'honor-viper', become: true }, ({ task }) => {
    const made = task('create', shell({ script: sh\`echo made >>/root/made; echo ${address}\` }))
    task('take it on', ({ result }) =>
      addHost({ to: fresh, name: 'otter', privateIp: result(made).stdout.trim(), vars: { appPort: 9090, token: new Secret('token-of-otter') } }))
  })
  play('configure', { hosts: union('cluster', fresh), become: true, serial: 1 }, ({ task, handler }) => {
    const noted = handler('noted', shell({ script: sh\`date >/run/noted\` }))
    task('list', ({ fleet }) => copy({ dest: '/etc/nodes', content: fleet.group('cluster').withFacts().map((node) => [node.name, node.privateIp, ${kernel}node.vars.appPort].join(' ') + '\\n').join('') }), { notify: noted })
    task('token', ({ host }) => copy({ dest: '/etc/token', content: host.vars.token, mode: '0600' }))
  })
  ${more}
})
`,
  )
afterEach(() =>
  Promise.all([viper, panda].map((host) => inside(lab, host, 'rm -f /root/made /etc/nodes /etc/token /run/noted /run/repaired'))),
)

describe('a host that the run adds', () => {
  it('is configured by a later play, with every host knowing it, and once more with nothing to change', async () => {
    const file = playbook('configure-new', '10.108.0.3')
    const done = await run(file, '-i', inventory())
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(eventsOf(done, 'run')[0]).toMatchObject({ fleet: [viper.name], targets: [viper.name] })
    expect(eventsOf(done, 'added')).toMatchObject([
      {
        hosts: [{ host: 'otter', groups: ['cluster'], by: viper.name, task: 'take it on' }],
        targets: ['otter'],
        facts: [{ host: 'otter', origin: 'live', contact: 'answered' }],
      },
    ])
    const kernel = await inside(lab, panda, 'uname -r')
    const nodes = `honor-viper 10.108.0.4 ${kernel} 8080\notter 10.108.0.3 ${kernel} 9090`
    expect(await inside(lab, viper, 'cat /etc/nodes /etc/token')).toBe(`${nodes}\ntoken-of-all`)
    expect(await inside(lab, panda, 'cat /etc/nodes /etc/token; test -s /run/noted')).toBe(`${nodes}\ntoken-of-otter`)
    expect(done.stdout).not.toMatch(/token-of-(all|otter)/)
    expect(await inside(lab, panda, 'ls /root/made 2>/dev/null || echo none')).toBe('none')
    const again = await run(file, '-i', inventory())
    expect([again.code, outcomes(again, 'otter')]).toEqual([0, ['list: ok', 'token: ok']])
    // One for its facts, one for all that the play reads.
    expect(eventsOf(again, 'recap')[0]!.hosts.otter).toMatchObject({ ok: 2, changed: 0, exchanges: 2 })
  })
  it('is left alone where the limit leaves it out', async () => {
    const done = await run(playbook('limited', '10.108.0.3'), '-i', inventory(), '--limit', viper.name)
    expect([done.code, outcomes(done, 'otter'), eventsOf(done, 'added')]).toMatchObject([0, [], [{ targets: [], leftOut: ['otter'] }]])
    expect(await inside(lab, viper, 'wc -l </etc/nodes')).toBe('2')
    expect(await inside(lab, panda, 'ls /etc/nodes 2>/dev/null || echo none')).toBe('none')
  })
  it('that does not answer is unreachable before the play changes anything, and the others go on', async () => {
    const done = await run(playbook('down', '10.108.0.77', '', ''), '-i', inventory())
    expect([done.code, outcomes(done, 'otter')]).toEqual([4, ['connect: unreachable']])
    expect(outcomes(done, viper.name)).toEqual(['create: changed', 'take it on: ok', 'list: changed', 'token: changed', 'noted: changed'])
    const order = done.events.flatMap((event) => (event.event === 'task' ? [`${event.host} ${event.task}`] : []))
    expect(order.indexOf('otter connect')).toBeLessThan(order.indexOf(`${viper.name} list`))
    expect(await inside(lab, viper, 'cat /etc/nodes')).toBe('honor-viper 10.108.0.4 8080\notter 10.108.0.77 9090')
  })
  it('whose facts a template reads, and that does not answer, fails that template by name', async () => {
    const done = await run(playbook('no-facts', '10.108.0.77'), '-i', inventory())
    expect([done.code, outcomes(done, viper.name).at(-1)]).toEqual([2, 'list: failed'])
    expect(JSON.stringify(taskOf(done, viper.name, 'list').error)).toContain('otter')
  })
  it('is unknown in check mode where only a run makes it', async () => {
    const done = await run(playbook('checked', '10.108.0.3'), '-i', inventory(), '--check')
    expect([done.code, eventsOf(done, 'added')]).toMatchObject([
      0,
      [{ hosts: [], targets: [], unknown: [{ reason: 'no task has added one for certain' }] }],
    ])
    expect(await inside(lab, viper, 'ls /root/made 2>/dev/null || echo none')).toBe('none')
  })
  it('is known again by --resume, whose tasks are not done twice', async () => {
    const more = `play('breaks', { hosts: fresh, become: true }, ({ task }) => {
    task('file is there', shell({ script: sh\`test -e /run/repaired\` }))
  })`
    const file = playbook('resumed', '10.108.0.3', more)
    expect((await run(file, '-i', inventory())).code).toBe(2)
    await inside(lab, panda, 'touch /run/repaired')
    const refused = await cli(['run', file, '-i', inventory(), '--retry-failed'])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("otter, added by task 'take it on' of honor-viper")])
    const done = await run(file, '-i', inventory(), '--resume')
    expect([done.code, taskOf(done, viper.name, 'create').outcome]).toEqual([0, 'skipped'])
    expect(taskOf(done, 'otter', 'file is there').outcome).toBe('changed')
    expect(await inside(lab, viper, 'cat /root/made')).toBe('made')
  })
})
