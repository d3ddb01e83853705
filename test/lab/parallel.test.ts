import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import { eventsOf, outcomes, recapOf, scratchFile, startRollcall, taskOf } from '../helpers/cli.ts'
import { eventually, useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, run } = useJobLab('parallel')
const both = [viper, panda] as const

const playbook = (name: string, body: string, options = 'become: true') =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { command, copy, definePlaybook, sh, shell, waitFor } from 'rollcall'
/** Makes its own file and ends when the other's is there: two end only if both run. */
const meet = (own: string, other: string) => sh\`: >/tmp/\${own}; until [ -e /tmp/\${other} ]; do sleep 0.1; done; echo \${own}\`
void [command, copy, sh, shell, waitFor, meet]
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'cluster', ${options} }, ({ task, handler }) => {
    void [task, handler]
    ${body}
  })
})
`,
  )
const there = (host: typeof viper, path: string) => inside(lab, host, `ls ${path} 2>/dev/null || :`)
const running = (host: typeof viper, what: string) => inside(lab, host, `pgrep -cf '[${what[0]}]${what.slice(1)}' || :`)
const exchanges = (done: Awaited<ReturnType<typeof run>>) => both.map(({ name }) => eventsOf(done, 'recap')[0]!.hosts[name]!.exchanges)

describe('items of a list with `parallel`', () => {
  it.each([
    { as: 'root', options: 'become: true' },
    { as: 'the login user', options: '' },
  ])('run at the same time on each host, as $as', async ({ as, options }) => {
    const id = as.slice(-4)
    const done = await run(
      playbook(
        `meet-${id}`,
        `task('meet', [shell({ script: meet('${id}a', '${id}b') }), shell({ script: meet('${id}b', '${id}a') }), waitFor({ path: '/tmp/${id}b' })], { parallel: 3 })`,
        options,
      ),
    )
    expect([done.code, done.stderr]).toEqual([0, ''])
    for (const host of both) {
      const { items } = taskOf(done, host.name, 'meet').result as { items: { stdout?: string }[] }
      expect(items.map(({ stdout }) => stdout)).toEqual([`${id}a`, `${id}b`, undefined])
    }
  })

  it('go in as many exchanges as a list of one, however many they are', async () => {
    const list = (name: string, count: number) =>
      playbook(
        name,
        `task('list', Array.from({ length: ${count} }, (_, index) => shell({ script: sh\`echo \${index}\` })), { parallel: 4 })`,
      )
    const one = await run(list('one', 1))
    const many = await run(list('many', 40))
    expect([one.code, many.code]).toEqual([0, 0])
    expect(exchanges(many)).toEqual(exchanges(one))
    const { items } = taskOf(many, viper.name, 'list').result as { items: { stdout: string }[] }
    expect(items.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 40 }, (_, index) => index))
  })

  it('wait for an earlier one that they bear on, and converge', async () => {
    const path = playbook(
      'apart',
      `const lonely = (name: string) => sh\`[ ! -e /tmp/busy ] || exit 1; : >/tmp/busy; sleep 0.3; rm /tmp/busy; echo \${name}\`
    task('one file', ['a', 'b', 'c'].map((name) => copy({ dest: '/etc/apart', content: name + '\\n', validate: () => lonely(name) })), { parallel: 4 })`,
    )
    const done = await run(path)
    expect([done.code, outcomes(done, viper.name)]).toEqual([0, ['one file: changed']])
    expect(await inside(lab, viper, 'cat /etc/apart')).toBe('c')
  })
})

it('where one fails what runs goes to its end and no further one begins', async () => {
  const done = await run(
    playbook(
      'fails',
      `const told = handler('told', command({ argv: ['touch', '/run/told'] }))
    task('list', [
      shell({ script: sh\`until [ -e /run/second-begun ]; do sleep 0.1; done; echo broken >&2; exit 3\` }),
      shell({ script: sh\`touch /run/second-begun; until ls /tmp/rollcall.*/0fail 2>/dev/null; do sleep 0.1; done; touch /run/second\` }),
      shell({ script: sh\`touch /run/third\` }),
    ], { parallel: 2, notify: told })`,
    ),
  )
  expect([done.code, recapOf(done)]).toEqual([
    2,
    { [viper.name]: 'changed 0, failed 1, unreachable 0', [panda.name]: 'changed 0, failed 1, unreachable 0' },
  ])
  expect(taskOf(done, viper.name, 'list').error!.detail).toMatch(
    /exit code 3\nbroken\nit was item 1 of 3, others of which ran at the same time\nitem 2 went well\nitem 3 was not begun$/,
  )
  for (const host of both) {
    expect([await there(host, '/run/second'), await there(host, '/run/third')]).toEqual(['/run/second', ''])
    // The handler is owed: something was changed.
    expect(await inside(lab, host, 'ls /var/lib/rollcall/pending | wc -l; rm -r /var/lib/rollcall/pending')).toBe('1')
  }
})

it('Ctrl-C, twice, ends all of them, and the host is free', async () => {
  const path = playbook(
    'twice',
    `task('hang', ['a', 'b', 'c'].map((name) => shell({ script: sh\`touch /run/hang-\${name}; sleep 4721 & wait\` })), { parallel: 2 })`,
  )
  const child = await startRollcall(['run', path, '--format', 'json'], { env: { ROLLCALL_LAB: lab.name } })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  const ended = once(child, 'close') as Promise<[number | null]>
  for (const host of both)
    await eventually(async () => expect(await there(host, '/run/hang-a /run/hang-b')).toBe('/run/hang-a\n/run/hang-b'))
  child.kill('SIGINT')
  await eventually(async () => expect(text.stderr).toContain('Ctrl-C again'))
  child.kill('SIGINT')
  expect((await ended)[0]).toBe(130)
  const events = text.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Event]))
  const told = events.find((event) => event.event === 'task' && event.host === viper.name)
  expect(told).toMatchObject({ outcome: 'failed', error: { summary: 'The task was ended: Ctrl-C, twice' } })
  for (const host of both) expect([await running(host, 'sleep 4721'), await there(host, '/run/hang-c')]).toEqual(['0', ''])
  expect((await run(playbook('free', `task('change', copy({ dest: '/run/free', content: 'x' }))`))).code).toBe(0)
})
