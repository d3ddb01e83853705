import { describe, expect, it } from 'vitest'
import { eventsOf, outcomes, scratchFile, startRollcall, taskOf } from '../helpers/cli.ts'
import { eventually, useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, run: runNow, cli } = useJobLab('journal')
// What a killed link has left running holds the host until it ends.
const run: typeof runNow = (...words) => runNow(...words, '--wait-for-lock', '60')

const playbook = (name: string, tasks: string, plays = '') =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { asyncStatus, command, copy, definePlaybook, dynamicGroup, groupBy, query, restarted, sh, shell } from 'rollcall'
void [asyncStatus, command, copy, dynamicGroup, groupBy, query, restarted, sh, shell]
const chosen = dynamicGroup('chosen', { of: 'cluster' })
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'cluster', become: true }, ({ task, handler }) => {
    void [task, handler]
    ${tasks}
  })
  ${plays}
})
`,
  )

describe('a run that failed', () => {
  it('is resumed at the failed task of each host; what came before is looked at, and handlers that are owed run', async () => {
    const path = playbook(
      'upgrade',
      `const told = handler('told', shell({ script: sh\`echo x >>/run/upgrade-told\` }))
    const version = task('migrate', shell({ script: sh\`echo x >>/run/upgrade-migrated; echo 17\` }))
    task('config', copy({ dest: '/run/upgrade-config', content: 'new' }), { notify: told })
    task('start', shell({ script: sh\`test "$(hostname)" = honor-viper || test -e /run/upgrade-open\` }))
    task('done', ({ result }) => copy({ dest: '/run/upgrade-done', content: result(version).stdout }))`,
    )
    const first = await run(path)
    expect([first.code, outcomes(first, panda.name).at(-1)]).toEqual([2, 'start: failed'])
    const [listed] = JSON.parse((await cli(['runs', '--json'])).stdout) as { id: string; hosts: object }[]
    expect(listed).toMatchObject({ playbook: 'upgrade', outcome: 'failed', hosts: { done: 1, failed: 1 } })
    expect((await cli(['runs', 'show', listed!.id, '--format', 'json'])).events).toEqual(first.events)
    await inside(lab, panda, 'touch /run/upgrade-open; echo old >/run/upgrade-config')
    const second = await run(path, '--resume')
    expect([second.code, eventsOf(second, 'run')[0]]).toMatchObject([
      0,
      { targets: [panda.name], continues: { run: listed!.id, leftOut: [viper.name] } },
    ])
    expect(outcomes(second, panda.name)).toEqual([
      'migrate: skipped',
      'config: changed',
      'start: changed',
      'done: changed',
      'told: changed',
    ])
    expect(await inside(lab, panda, 'cat /run/upgrade-migrated /run/upgrade-done /run/upgrade-told')).toBe('x\n17x')
  })
  it('is run again on the hosts that failed, also those that could not be reached', async () => {
    const path = playbook(
      'again',
      `task('gate', shell({ script: sh\`echo x >>/run/again; test "$(hostname)" = honor-viper || { pkill -9 -u admin sshd; sleep 20; }\` }))`,
    )
    expect((await run(path)).code).toBe(4)
    const second = await run(path, '--retry-failed', '--check')
    expect([second.code, eventsOf(second, 'run')[0]?.targets]).toEqual([0, [panda.name]])
  })
})

it('--force renders and writes again what is as it should be, and reloads what hangs on it', async () => {
  const path = playbook(
    'force',
    `const told = handler('told', shell({ script: sh\`echo x >>/run/force-told\` }))
    task('config', copy({ dest: '/etc/force.conf', content: 'a' }), { notify: told })`,
  )
  await run(path)
  const before = await inside(lab, viper, 'stat -c "%i %a %U" /etc/force.conf')
  const done = await run(path, '--force', '--limit', viper.name)
  expect(outcomes(done, viper.name)).toEqual(['config: changed', 'told: changed'])
  const after = await inside(lab, viper, 'stat -c "%i %a %U" /etc/force.conf')
  expect([after === before, after.split(' ').slice(1)]).toEqual([false, before.split(' ').slice(1)])
  expect(await inside(lab, viper, 'grep -c x /run/force-told')).toBe('2')
})

it('a later play runs on hosts that tasks have chosen by what they found', async () => {
  const done = await run(
    playbook(
      'choose',
      `const look = task('look', query({ script: sh\`hostname\` }))
    task('group', groupBy({ group: chosen }), { when: ({ result }) => result(look).stdout.trim() === 'crystal-panda' })`,
      `play('then', { hosts: chosen, become: true }, ({ task }) => { task('write', ({ host }) => copy({ dest: '/run/chosen', content: String(host.vars.appPort) })) })`,
    ),
  )
  expect(done.code).toBe(0)
  expect(await inside(lab, panda, 'cat /run/chosen')).toBe('8080')
  expect(await inside(lab, viper, 'ls /run/chosen 2>/dev/null || echo none')).toBe('none')
})

describe('a command with async', () => {
  it('survives the loss of its link, is found again, and its own result counts', async () => {
    const path = playbook(
      'job',
      `task('long', shell({ script: sh\`echo begun >/run/job-begun; while [ ! -e /run/job-go ]; do sleep 0.2; done; echo through\`, async: 120, poll: 1 }))`,
    )
    const running = run(path, '--limit', viper.name)
    await eventually(async () => expect(await inside(lab, viper, 'ls /run/job-begun 2>/dev/null || echo no')).toBe('/run/job-begun'))
    await inside(lab, viper, 'pkill -9 -u admin sshd; sleep 2; touch /run/job-go')
    const done = await running
    expect([done.code, taskOf(done, viper.name, 'long')]).toMatchObject([0, { outcome: 'changed', result: { rc: 0, stdout: 'through' } }])
    expect(done.events.filter((event) => event.event === 'warning')).toMatchObject([
      { message: expect.stringContaining('the link was lost') },
    ])
    expect(await inside(lab, viper, 'ls -A /var/lib/rollcall/jobs')).toBe('')
  })
  it('is picked up by name after the run that started it was killed, and cleanup lists what is left', async () => {
    const start = playbook(
      'start',
      `task('start', shell({ script: sh\`while [ ! -e /run/dump-go ]; do sleep 0.2; done; echo dumped\`, async: 120, poll: 1, job: 'dump' }))`,
    )
    const child = await startRollcall(['run', start, '--limit', viper.name], { env: { ROLLCALL_LAB: lab.name } })
    await eventually(async () =>
      expect(await inside(lab, viper, 'ls /var/lib/rollcall/jobs/dump/pid 2>/dev/null || echo no')).toContain('pid'),
    )
    child.kill('SIGKILL')
    const kept = async () =>
      JSON.parse((await cli(['cleanup', viper.name, '--hosts-only', '--only', 'jobs', '--json'])).stdout) as {
        kept: { about: string; inUse?: string }[]
      }
    expect((await kept()).kept).toMatchObject([{ kind: 'jobs', inUse: 'it is still running' }])
    // The same command again waits for the one that runs.
    const again = run(start, '--limit', viper.name, '--resume')
    await inside(lab, viper, 'sleep 2; touch /run/dump-go')
    expect(taskOf(await again, viper.name, 'start')).toMatchObject({ outcome: 'changed', result: { stdout: 'dumped' } })
    const left = playbook('left', `task('left', shell({ script: sh\`echo dumped\`, async: 120, poll: 0, job: 'dump' }))`)
    await run(left, '--limit', viper.name)
    const pick = playbook(
      'pick',
      `task('pick', asyncStatus({ job: 'dump' }), { until: ({ result }) => result.finished, retries: 50, delay: 0.3 })`,
    )
    const done = await run(pick, '--limit', viper.name)
    expect(taskOf(done, viper.name, 'pick')).toMatchObject({ outcome: 'ok', result: { rc: 0, stdout: 'dumped\n' } })
    expect((await kept()).kept).toMatchObject([{ kind: 'jobs', about: expect.stringContaining('dump') }])
    await cli(['cleanup', viper.name, '--hosts-only', '--only', 'jobs', '--remove', '--yes'])
    expect(await inside(lab, viper, 'ls -A /var/lib/rollcall/jobs')).toBe('')
  })
})
