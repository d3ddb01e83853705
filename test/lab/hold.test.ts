import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import { eventsOf, outcomes, recapOf, scratchFile, startRollcall, taskOf } from '../helpers/cli.ts'
import { eventually, useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, run, cli } = useJobLab('hold')

const playbook = (name: string, body: string, options = '') =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { command, copy, definePlaybook, query, sh, shell } from 'rollcall'
void [command, copy, query, sh, shell]
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'cluster', become: true, ${options} }, ({ task, handler, block }) => {
    void [task, handler, block]
    ${body}
  })
})
`,
  )
const there = (host: typeof viper, path: string) => inside(lab, host, `ls ${path} 2>/dev/null || :`)
const arrives = (host: typeof viper, path: string) => eventually(async () => expect(await there(host, path)).toBe(path))
const running = (host: typeof viper, what: string) => inside(lab, host, `pgrep -cf '[${what[0]}]${what.slice(1)}' || :`)

/** A run that goes on while the test looks at it. */
async function begin(path: string, ...args: readonly string[]) {
  const child = await startRollcall(['run', path, ...args, '--format', 'json'], { env: { ROLLCALL_LAB: lab.name } })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  return {
    child: child as ChildProcess,
    text,
    says: (what: string) => eventually(async () => expect(text.stderr).toContain(what)),
    end: async () => {
      const [code] = await ended
      const lines = text.stdout.split('\n').filter((line) => line !== '')
      return { code: code ?? -1, ...text, events: lines.map((line) => JSON.parse(line) as Event) }
    },
  }
}

describe('a task that takes longer than its timeout', () => {
  it.each([true, false])('is ended on the host, as root by sudo: %s', async (become) => {
    const path = playbook(
      `slow-${become}`,
      `task('hang', shell({ script: sh\`echo so far; sleep 4711 & wait\` }), { timeout: 2, become: ${become}, ignoreErrors: true })
    task('behind', command({ argv: ['true'] }))`,
    )
    const done = await run(path, '--limit', viper.name)
    expect([done.code, outcomes(done, viper.name)]).toEqual([0, ['hang: failed', 'behind: changed']])
    expect(taskOf(done, viper.name, 'hang')).toMatchObject({
      ignored: true,
      error: { summary: 'The task took longer than its timeout of 2 s', detail: expect.stringMatching(/exit code 143[\s\S]*so far/) },
      result: { rc: 143, stdout: 'so far' },
    })
    expect(await running(viper, 'sleep 4711')).toBe('0')
  })
  it('one host’s is no other’s', async () => {
    const done = await run(
      playbook(
        'one-slow',
        `task('hang', ({ host }) => command({ argv: ['sleep', host.name === 'honor-viper' ? '4712' : '0'] }), { timeout: 2 })`,
      ),
    )
    expect([done.code, recapOf(done)]).toEqual([
      2,
      { [viper.name]: 'changed 0, failed 1, unreachable 0', [panda.name]: 'changed 1, failed 0, unreachable 0' },
    ])
  })
})

it('a run that takes longer than --timeout is ended on its hosts, and fails', async () => {
  const done = await run(playbook('long', `task('hang', command({ argv: ['sleep', '4713'] }))`), '--timeout', '6')
  expect(done.code).toBe(2)
  expect(taskOf(done, viper.name, 'hang').error!.summary).toBe('The task was ended: it took longer than --timeout 6')
  expect([await running(viper, 'sleep 4713'), await running(panda, 'sleep 4713')]).toEqual(['0', '0'])
  const exec = await cli(['exec', 'cluster', '--timeout', '4', '-b', '--', 'sleep', '4714'])
  expect([exec.code, exec.stdout]).toEqual([2, expect.stringContaining('honor-viper: failed, exit code 143')])
  expect(await running(viper, 'sleep 4714')).toBe('0')
})

describe('Ctrl-C', () => {
  const body = (id: string) => `
    const told = handler('told', command({ argv: ['touch', '/run/${id}-told'] }))
    task('change', copy({ dest: '/run/${id}-change', content: 'x' }), { notify: told })
    task('slow', shell({ script: sh\`touch /run/${id}-slow; until [ -e /run/${id}-go ]; do sleep 0.2; done; touch /run/${id}-done\` }))
    task('behind', command({ argv: ['touch', '/run/${id}-behind'] }))`
  it('once: what runs is finished, the recap is told, and the next run does what is left', async () => {
    const path = playbook('once', body('once'))
    const going = await begin(path)
    await Promise.all([viper, panda].map((host) => arrives(host, '/run/once-slow')))
    going.child.kill('SIGINT')
    await going.says('interrupted: no further task begins; waiting for')
    await Promise.all([viper, panda].map((host) => inside(lab, host, 'touch /run/once-go')))
    const done = await going.end()
    expect(done.code).toBe(130)
    expect(outcomes(done, viper.name)).toEqual(['change: changed', 'slow: changed'])
    expect(eventsOf(done, 'recap')[0]).toMatchObject({ exitCode: 130, hosts: { [viper.name]: { changed: 2, failed: 0 } } })
    expect(done.events).toEqual(
      expect.arrayContaining([expect.objectContaining({ event: 'warning', host: viper.name, message: expect.stringContaining("'told'") })]),
    )
    expect([await there(viper, '/run/once-behind'), await there(viper, '/run/once-told')]).toEqual(['', ''])
    expect(outcomes(await run(path), viper.name)).toEqual(['change: ok', 'slow: changed', 'behind: changed', 'told: changed'])
  })
  it('twice: what runs is ended on all hosts', async () => {
    const going = await begin(playbook('twice', body('twice')))
    await Promise.all([viper, panda].map((host) => arrives(host, '/run/twice-slow')))
    going.child.kill('SIGINT')
    await going.says('Ctrl-C again')
    going.child.kill('SIGINT')
    const done = await going.end()
    expect(done.code).toBe(130)
    expect(taskOf(done, viper.name, 'slow').error!.summary).toBe('The task was ended: Ctrl-C, twice')
    await Promise.all([viper, panda].map((host) => inside(lab, host, 'touch /run/twice-go')))
    expect([await running(viper, 'twice-go'), await there(viper, '/run/twice-done')]).toEqual(['0', ''])
  })
})

describe('a host that another run is changing', () => {
  const slow = (id: string) =>
    playbook(
      id,
      `task('change', copy({ dest: '/run/${id}-change', content: 'x' }))
    task('slow', shell({ script: sh\`touch /run/${id}-slow; until [ -e /run/${id}-go ]; do sleep 0.2; done\` }), { when: ({ host }) => host.name === 'honor-viper' })`,
    )
  const other = playbook(
    'other',
    `task('look', query({ script: sh\`true\` }))
    task('touch', copy({ dest: '/run/other', content: 'x' }), { ignoreErrors: true, retries: 2, delay: 0 })
    task('command', command({ argv: ['true'] }))`,
  )
  it('fails before anything is changed there, says who holds it, and is free when that run is through', async () => {
    const going = await begin(slow('holder'))
    await arrives(viper, '/run/holder-slow')
    const done = await run(other)
    expect([done.code, recapOf(done)]).toEqual([
      5,
      { [viper.name]: 'changed 0, failed 1, unreachable 0', [panda.name]: 'changed 0, failed 1, unreachable 0' },
    ])
    const failed = eventsOf(done, 'task').find(({ outcome }) => outcome === 'failed')!
    expect(failed.error).toMatchObject({
      summary: 'The host is being changed by another run',
      detail: expect.stringMatching(
        new RegExp(`^playbook 'holder', started 20\\d\\d-\\d\\d-\\d\\dT[\\d:]+Z by \\S+@\\S+ \\(pid ${going.child.pid}\\)$`),
      ),
      fix: expect.stringContaining('--wait-for-lock'),
    })
    expect(await there(viper, '/run/other')).toBe('')
    const checked = await run(other, '--check')
    expect([
      checked.code,
      checked.events.filter((event) => event.event === 'warning' && /another run is changing/.test(event.message)).length,
    ]).toEqual([0, 2])
    expect((await cli(['do', viper.name, 'copy', 'dest=/run/other', 'content=x', '-b'])).code).toBe(5)
    const exec = await cli(['exec', 'cluster', '-b', '--', 'touch', '/run/other'])
    const held = exec.stdout.match(/^\S+: failed\n {2}The host is being changed by another run\n {4}playbook 'holder'/gm)
    expect([exec.code, held]).toEqual([5, [expect.any(String), expect.any(String)]])
    expect((await cli(['exec', viper.name, '-b', '--no-lock', '--', 'ls', '/run/holder-slow'])).stdout).toBe(
      'honor-viper: ok\n  /run/holder-slow\n',
    )
    const waiting = begin(other, '--wait-for-lock', '60')
    await inside(lab, viper, 'sleep 3; touch /run/holder-go')
    expect((await going.end()).code).toBe(0)
    const waited = await (await waiting).end()
    expect([waited.code, recapOf(waited)[viper.name]]).toEqual([0, 'changed 2, failed 0, unreachable 0'])
    expect(
      waited.events.some((event) => event.event === 'warning' && /^waiting for another run: playbook 'holder'/.test(event.message)),
    ).toBe(true)
    expect((await run(other)).code).toBe(0)
  })
  it.each([true, false])('is held for the one who logs in and for root alike; held by root: %s', async (root) => {
    const id = `whose-${root}`
    const mine = playbook(
      id,
      `task('slow', shell({ script: sh\`touch /tmp/${id}; until [ -e /tmp/${id}-go ]; do sleep 0.2; done\` }), { become: ${root} })`,
    )
    const others = playbook(`others-${root}`, `task('touch', copy({ dest: '/tmp/${id}-other', content: 'x' }), { become: ${!root} })`)
    const limited = ['--limit', viper.name]
    const going = await begin(mine, ...limited)
    await arrives(viper, `/tmp/${id}`)
    const refused = await run(others, ...limited)
    expect([refused.code, taskOf(refused, viper.name, 'touch').error!.detail]).toEqual([
      5,
      expect.stringMatching(new RegExp(`^playbook '${id}', started .* \\(pid ${going.child.pid}\\)$`)),
    ])
    expect(await there(viper, `/tmp/${id}-other`)).toBe('')
    const waiting = begin(others, ...limited, '--wait-for-lock', '60')
    await inside(lab, viper, `sleep 2; touch /tmp/${id}-go`)
    expect((await going.end()).code).toBe(0)
    expect((await (await waiting).end()).code).toBe(0)
  })
  it('a command of exec holds it, and waits for it', async () => {
    const script = 'touch /run/exec-holder-slow; until [ -e /run/exec-holder-go ]; do sleep 0.2; done; touch /run/exec-done'
    const going = cli(['exec', viper.name, '-b', '--', 'sh', '-c', script])
    await arrives(viper, '/run/exec-holder-slow')
    const refused = await run(other, '--limit', viper.name)
    expect(taskOf(refused, viper.name, 'look').error!.detail).toMatch(/^playbook 'exec', started /)
    const waiting = cli(['exec', viper.name, '-b', '--wait-for-lock', '60', '--', 'ls', '/run/exec-done'])
    await inside(lab, viper, 'sleep 2; touch /run/exec-holder-go')
    expect((await going).code).toBe(0)
    expect([(await waiting).code, (await waiting).stdout]).toEqual([0, 'honor-viper: ok\n  /run/exec-done\n'])
  })
  it('waits no longer than it may', async () => {
    const going = await begin(slow('long-holder'), '--limit', viper.name)
    await arrives(viper, '/run/long-holder-slow')
    expect((await run(other, '--limit', viper.name, '--wait-for-lock', '2')).code).toBe(5)
    expect((await run(other, '--limit', panda.name)).code).toBe(0)
    await inside(lab, viper, 'touch /run/long-holder-go')
    await going.end()
  })
  it('is held until the step that runs has ended where the other run is killed, and then free', async () => {
    const going = await begin(slow('killed'), '--limit', viper.name)
    await arrives(viper, '/run/killed-slow')
    going.child.kill('SIGKILL')
    await going.end()
    expect((await run(other, '--limit', viper.name)).code).toBe(5)
    await inside(lab, viper, 'touch /run/killed-go')
    await eventually(async () => expect((await run(other, '--limit', viper.name)).code).toBe(0))
  })
  it('a daemon that a step has started does not hold it', async () => {
    const path = playbook('daemon', `task('daemon', shell({ script: sh\`sleep 300 >/dev/null 2>&1 & echo started\` }))`)
    expect((await run(path)).code).toBe(0)
    expect((await run(other)).code).toBe(0)
  })
  it('is not kept from tasks of its own run as another user, or on behalf of another host', async () => {
    const path = playbook(
      'users',
      `task('root', command({ argv: ['true'] }))
    task('login', command({ argv: ['true'] }), { become: false })
    task('there', command({ argv: ['true'] }), { delegateTo: ({ fleet }) => fleet.host('crystal-panda') })
    task('root again', command({ argv: ['true'] }))`,
    )
    expect((await run(path)).code).toBe(0)
    expect((await run(path, '--limit', viper.name)).code).toBe(0)
  })
})

describe('a link that is lost while a step runs', () => {
  it.each([true, false])('the step goes on, and the next run tells how it ended, once; as root by sudo: %s', async (become) => {
    const id = `cut-${become}`
    const path = playbook(
      id,
      `task('long', shell({ script: sh\`touch /tmp/${id}; until [ -e /tmp/${id}-go ]; do sleep 0.2; done; touch /tmp/${id}-done; exit 3\` }), { become: ${become} })
    task('next', command({ argv: ['touch', '/tmp/${id}-next'] }))`,
    )
    const look = playbook(`look-${id}`, `task('look', query({ script: sh\`true\` }), { become: ${become} })`)
    const limited = ['--limit', viper.name]
    const going = await begin(path, ...limited)
    await arrives(viper, `/tmp/${id}`)
    await inside(lab, viper, 'pkill -9 -u admin sshd')
    const done = await going.end()
    expect([done.code, outcomes(done, viper.name)]).toEqual([4, ['long: unreachable']])
    await inside(lab, viper, `touch /tmp/${id}-go`)
    await arrives(viper, `/tmp/${id}-done`)
    const said = async (...args: readonly string[]) =>
      (await run(look, ...limited, '--wait-for-lock', '20', ...args)).events.flatMap((event) =>
        event.event === 'warning' && /went on/.test(event.message) ? [event.message] : [],
      )
    const told = expect.stringMatching(
      new RegExp(`^a step of an earlier run went on after its link was lost: task 'long' of playbook '${id}', exit code 3, ended 20`),
    )
    await eventually(async () => expect(await said('--check')).toEqual([told]))
    expect(await said()).toEqual([told])
    expect(await said()).toEqual([])
    expect(await there(viper, `/tmp/${id}-next`)).toBe('')
  })
})
