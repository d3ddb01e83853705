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
