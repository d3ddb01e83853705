import { describe, expect, it } from 'vitest'
import { reset } from '../../src/lab/index.ts'
import type { TaskEvent } from '../../src/model/event.ts'
import { type CliRun, eventsOf, scratchFile, taskOf } from '../helpers/cli.ts'
import { differences, tree, useJobLab } from './job-setup.ts'
import { inside, overSsh, panda, viper } from './lab-setup.ts'

const { lab, run, cli } = useJobLab('check')
const both = [viper.name, panda.name]

/** A task as its diff foretells it: what would be where, and what was there before. */
const foretold = ({ host, task, outcome, diff = [] }: TaskEvent) => ({ host, task, outcome, diff })

/** What the real run did where the check was certain, beside what the check had said. */
function certainties(check: CliRun, real: CliRun): { readonly said: readonly unknown[]; readonly happened: readonly unknown[] } {
  const said = eventsOf(check, 'task').filter(({ confidence }) => confidence === 'certain')
  const happened = said.map(({ host, task }) => eventsOf(real, 'task').find((event) => event.host === host && event.task === task))
  return { said: said.map(foretold), happened: happened.map((event) => event && foretold(event)) }
}

const unsure = (check: CliRun, host: string) =>
  eventsOf(check, 'task').flatMap((event) => (event.host === host && event.confidence !== 'certain' ? [event.task] : []))

describe('check mode on bare hosts', () => {
  let check: CliRun

  it('ends with 0, changes no file of any host, and says for each task how sure it is', async () => {
    // Of a user's first use, and only of that, sudo itself makes a note in its home.
    for (const host of [viper, panda]) await overSsh(lab, host, 'admin', 'sudo -n true')
    const before = [await tree(lab, viper), await tree(lab, panda)] as const
    check = await run('prepare.ts', '--check')
    expect([check.code, check.stderr]).toEqual([0, ''])
    expect(eventsOf(check, 'run')[0]).toMatchObject({ check: true, targets: both })
    expect(eventsOf(check, 'recap')[0]).toMatchObject({ check: true, exitCode: 0 })
    // Debian's sudo notes down that an administrator has used it, the first time, by itself.
    const ofOurs = (difference: string) => !difference.includes('/.sudo_as_admin_successful')
    expect(differences(before[0], await tree(lab, viper)).filter(ofOurs)).toEqual([])
    expect(differences(before[1], await tree(lab, panda)).filter(ofOurs)).toEqual([])
    for (const event of eventsOf(check, 'task').filter(({ confidence }) => confidence !== 'certain'))
      expect([event.task, event.reason]).toEqual([event.task, expect.stringMatching(/only planned|cannot be told before/)])
  })

  it('is certain of what no earlier change can alter', () => {
    for (const host of both) {
      const sure = eventsOf(check, 'task').filter((event) => event.host === host && event.confidence === 'certain' && !event.handler)
      expect(sure.map(({ task }) => task)).toEqual(
        expect.arrayContaining(['dynia-app : program directory', 'dynia-app : program', 'dynia-app : unit', 'dynia-app : runs']),
      )
    }
  })

  it('a wait that cannot be over yet is unknown, is no change, and blurs nothing that comes after it', () => {
    for (const host of both) {
      expect(taskOf(check, host, 'dynia-app : answers')).toMatchObject({ outcome: 'ok', confidence: 'unknown' })
      expect(taskOf(check, host, 'haproxy : install haproxy')).toMatchObject({ outcome: 'changed', confidence: 'certain' })
    }
  })

  it('what it was certain of is what the real run does, host by host and diff by diff', async () => {
    const real = await run('prepare.ts')
    expect(real.code).toBe(0)
    const { said, happened } = certainties(check, real)
    expect(said.length).toBeGreaterThan(8)
    expect(happened).toEqual(said)
    // Nothing changed that it had not foretold, for certain or not.
    const changed = (of: CliRun) =>
      eventsOf(of, 'task').flatMap((event) => (event.outcome === 'changed' ? [`${event.host} ${event.task}`] : []))
    expect(changed(check)).toEqual(expect.arrayContaining(changed(real)))
  })

  it('after the run there is nothing left that would change, and nothing unsure', async () => {
    const again = await run('prepare.ts', '--check')
    expect(again.code).toBe(0)
    expect(eventsOf(again, 'task').filter(({ outcome }) => outcome === 'changed')).toEqual([])
    expect([unsure(again, viper.name), unsure(again, panda.name)]).toEqual([[], []])
  })

  it('of a change made by hand it shows the lines, and --detailed-exit-code tells it by 3', async () => {
    await inside(lab, viper, "sed -i 's/maxconn 2000/maxconn 17/' /etc/haproxy/haproxy.cfg")
    const done = await cli(['run', 'prepare.ts', '-CD', '--detailed-exit-code'])
    expect(done.code).toBe(3)
    expect(done.stdout).toMatch(/^\s*-\s+maxconn 17$/m)
    expect(done.stdout).toMatch(/^\s*\+\s+maxconn 2000$/m)
    expect(done.stdout).toContain('reload haproxy (handler, reloaded): would run')
    expect(await inside(lab, viper, 'grep -c "maxconn 17" /etc/haproxy/haproxy.cfg')).toBe('1')
  })
})

describe('where a package brings more than its name tells, check mode is not certain', () => {
  const playbook = () =>
    scratchFile(
      'surprises.ts',
      `import { inventory } from '#inventory'
import { apt, copy, debug, definePlaybook, file, reloaded, stat } from 'rollcall'
export default definePlaybook('surprises', inventory, (play) => {
  play('surprises', { hosts: 'honor-viper', become: true }, ({ task, handler }) => {
    const reload = handler('reload', reloaded({ service: 'ssh' }))
    task('toy', apt({ name: ['rollcall-toy', 'haproxy'] }))
    task('a file just as the package brings it', copy({ dest: '/etc/rollcall-toy.conf', content: '# rollcall-toy 2.0\\ncolour = green\\n', mode: '0644' }), { notify: reload })
    task('a directory that the package brings', file({ path: '/etc/haproxy/errors', state: 'directory' }))
    const found = task('a file in it', stat({ path: '/etc/haproxy/errors/400.http' }))
    task('only without it', debug({ msg: 'not there' }), { when: ({ result }) => !result(found).stat.exists })
  })
})
`,
    )

  it('neither of files below a directory that may come with content, nor of a handler that an unsure change notifies', async () => {
    await reset(lab, { hosts: [viper.name] })
    const check = await run(playbook(), '--check')
    expect([check.code, check.stderr]).toEqual([0, ''])
    const real = await run(playbook())
    expect([real.code, real.stderr]).toEqual([0, ''])
    expect(eventsOf(real, 'task').map(({ task, outcome }) => `${task}: ${outcome}`)).toEqual([
      'toy: changed',
      'a file just as the package brings it: ok',
      'a directory that the package brings: ok',
      'a file in it: ok',
      'only without it: skipped',
    ])
    const { said, happened } = certainties(check, real)
    expect(said.length).toBeGreaterThan(0)
    expect(happened).toEqual(said)
  })
})
