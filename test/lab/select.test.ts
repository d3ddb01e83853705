import { describe, expect, it } from 'vitest'
import { eventsOf, onTerminal, outcomes, scratchFile } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli, run } = useJobLab('select')

/** Notes of what has run, in order, on the host itself. */
const playbook = () =>
  scratchFile(
    'select.ts',
    `import { inventory } from '#inventory'
import { command, definePlaybook, defineServiceModule, nth, type PlayTools, pattern, restarted, type ScopeNeeds, sh, shell, union, without } from 'rollcall'
const say = (word: string) => shell({ script: sh\`echo \${word} >>"$HOME"/said\` })
const part = defineServiceModule('part', <C extends ScopeNeeds>({ task }: PlayTools<C>, _: object) => {
  task('tagged by its module', say('module'))
})
export const imported = [command, restarted]
export default definePlaybook('select', inventory, (play) => {
  play('put together', { hosts: union('crystal-panda', nth('cluster', 0)), order: 'inventory' }, (tools) => {
    tools.task('first', ({ host }) => say(\`first \${host.vars.domain}\`))
    part(tools, {}, { tags: ['part'] })
    tools.task('last', say('last'))
  })
  play('taken away', { hosts: without('cluster', nth('cluster', { from: 1 })), order: 'sorted' }, ({ task }) => {
    task('port', ({ host }) => say(String(host.vars.appPort)))
  })
  play('as text', { hosts: pattern('~crystal:&web[-1]') }, ({ task }) => {
    task('end', say('end'))
  })
})
`,
  )
const said = async () => {
  const read = 'cat ~admin/said 2>/dev/null | paste -sd, -; rm -f ~admin/said'
  return { viper: await inside(lab, viper, read), panda: await inside(lab, panda, read) }
}

describe('hosts and tasks of a run are chosen', () => {
  it('by choices in the playbook, in their order', async () => {
    const done = await run(playbook(), '--check')
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(eventsOf(done, 'run')[0]?.targets).toEqual([viper.name, panda.name])
    const plays = done.events.filter((event) => event.event === 'play')
    expect(plays).toMatchObject([{ hosts: [panda.name, viper.name] }, { hosts: [viper.name] }, { hosts: [panda.name] }])
    expect((await run(playbook())).code).toBe(0)
    expect(await said()).toEqual({ viper: 'first dynia.test,module,last,8080', panda: 'first dynia.test,module,last,end' })
  })
  it('by a file of hosts, and hosts taken away', async () => {
    const file = scratchFile('down.retry', `# yesterday\n\n${viper.name}\r\n${panda.name}  # its disk\n`)
    const done = await run(playbook(), '--limit', `@${file}`, '--exclude', 'cluster[1]', '--tags', 'part')
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(outcomes(done, viper.name)).toEqual(['part : tagged by its module: changed'])
    expect(await said()).toEqual({ viper: 'module', panda: '' })
  })
  it('from a task on, with what comes before it as skipped', async () => {
    const done = await run(playbook(), '--start-at-task', 'tagged by*', '--limit', panda.name)
    expect(done.code).toBe(0)
    expect(await said()).toEqual({ viper: '', panda: 'module,last,end' })
  })
  it('by a person at the terminal, before each task', async () => {
    const answers = [
      [`Task 'first' on crystal-panda, honor-viper? (y)es, (N)o, (c)ontinue: `, 'y\n'],
      [`Task 'part : tagged by its module' on crystal-panda, honor-viper? (y)es, (N)o, (c)ontinue: `, '\n'],
      [`Task 'last' on crystal-panda, honor-viper? (y)es, (N)o, (c)ontinue: `, 'c\n'],
    ] as const
    const { code, shown } = await onTerminal(['run', playbook(), '--step'], answers, { env: { ROLLCALL_LAB: lab.name } })
    expect(code, shown).toBe(0)
    expect(await said()).toEqual({ viper: 'first dynia.test,last,8080', panda: 'first dynia.test,last,end' })
    expect(shown).toMatch(/honor-viper +part : tagged by its module: skipped \(answered no to --step\)/)
  })
  it('and in commands without a playbook', async () => {
    const { code, stdout } = await cli(['exec', '~.*viper|crystal', '--exclude', panda.name, '--json', '--', 'hostname'])
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ host: viper.name, stdout: `${viper.name}\n` })])
    const done = await cli(['do', 'all:!cluster[0]', 'command', 'argv=["hostname"]', '--json'])
    expect(JSON.parse(done.stdout)).toMatchObject({ host: panda.name, result: { stdout: panda.name } })
    const facts = await cli(['facts', 'web', '--exclude', 'web[0]', '--json'])
    expect((JSON.parse(facts.stdout) as { host: string }[]).map(({ host }) => host)).toEqual([panda.name])
  })
})

describe('nothing left', () => {
  const empty = ['--exclude', 'all'] as const
  const commands = () => [
    ['run', playbook(), ...empty],
    ['exec', 'cluster', ...empty, '--', 'hostname'],
    ['do', 'cluster', 'command', 'argv=["hostname"]', ...empty],
    ['facts', 'cluster', ...empty],
  ]
  it('is an error before any host is contacted', async () => {
    for (const words of commands()) {
      const { code, stdout, stderr } = await cli(words)
      expect([code, stdout, stderr.split('\n')[0]], words[0]!).toEqual([1, '', 'No host is left to run on'])
    }
  })
  it('is none where that is allowed, and nothing runs', async () => {
    for (const [word = '', ...words] of commands()) {
      const { code, stderr } = await cli([word, '--allow-empty', ...words])
      expect([code, stderr], word).toEqual([
        0,
        ['exec', 'do'].includes(word) ? 'no host is left to run on, as --allow-empty lets pass\n' : '',
      ])
    }
    expect(await said()).toEqual({ viper: '', panda: '' })
  })
  it('where there is no terminal, --step is refused at once', async () => {
    const { code, stderr } = await cli(['run', playbook(), '--step'])
    expect([code, stderr]).toEqual([
      1,
      '--step asks before each task, and there is no terminal\n  Run it on a terminal, or begin in the middle without questions: --start-at-task.\n',
    ])
  })
})
