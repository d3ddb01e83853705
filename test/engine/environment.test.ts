import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/dsl/environment.ts'
import {
  command,
  copy,
  defineInventory,
  definePlaybook,
  git,
  local,
  type PlayTools,
  query,
  Secret,
  script,
  sealed,
  sh,
  shell,
} from '../../src/index.ts'
import { type LocalRunOptions, runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'

const root = temporaryFolder()
const scratch = scratchIn(root)
const { at } = scratch
const inventory = defineInventory({
  groups: { all: { vars: { proxy: 'http://proxy:3128' } } },
  hosts: { one: { groups: [], connection: local() }, two: { groups: [], vars: { proxy: 'http://other' }, connection: local() } },
})
const playbook = (environment: Environment | undefined, define: (tools: PlayTools<any>) => void, hosts: 'all' | 'one' = 'one') =>
  definePlaybook('environment', inventory, (play) => {
    play('p', { hosts, ...(environment && { environment }) }, (tools) => define(tools as PlayTools<any>))
  })
const run = (
  environment: Environment | undefined,
  define: (tools: PlayTools<any>) => void,
  options: Partial<LocalRunOptions> = {},
  hosts: 'all' | 'one' = 'one',
) => runLocally(playbook(environment, define, hosts), { home: scratch.home, ...options })
const said = (result: unknown) => (result as { stdout: string }).stdout
const show = sh`printf '%s|%s|%s' "$A" "$B" "$C"`

describe('the environment of tasks', () => {
  test('inner variables come before outer ones, key by key; a module’s own parameter before both', async () => {
    const { tasks } = await run({ A: 'play', B: 'play', C: "it's; $(id) \n*" }, ({ task }) => {
      task('play', shell({ script: show }))
      task('task', shell({ script: show }), { environment: { B: 'task' } })
      task('parameter', shell({ script: show, environment: { A: 'call' } }), { environment: { A: 'task', B: 'task' } })
      task('words', command({ argv: ['sh', '-c', 'printf "%s" "$A$B"'] }), { environment: { A: '' } })
      task('its own script', script({ src: at('own.sh') }), { environment: { A: 'script' } })
      writeFileSync(at('own.sh'), '#!/bin/sh\nprintf %s "$A"\n')
    })
    const c = "it's; $(id) \n*"
    expect(tasks.map(({ result }) => said(result))).toEqual([`play|play|${c}`, `play|task|${c}`, `call|task|${c}`, 'play', 'script'])
  })

  test('a closure gives it for each host, and reads earlier results', async () => {
    const { tasks } = await run(
      ({ host }) => ({ A: host.vars.proxy }),
      ({ task }) => {
        const first = task('first', query({ script: sh`printf %s "$A" | tr a-z A-Z` }))
        task('second', shell({ script: show }), { environment: ({ result }) => ({ B: result(first).stdout }) })
      },
      {},
      'all',
    )
    const of = (host: string) => tasks.filter((task) => task.host === host).map(({ result }) => said(result))
    expect(of('one')).toEqual(['HTTP://PROXY:3128', 'http://proxy:3128|HTTP://PROXY:3128|'])
    expect(of('two')).toEqual(['HTTP://OTHER', 'http://other|HTTP://OTHER|'])
  })

  test('a check runs the user’s own reads with it', async () => {
    const { tasks } = await run(
      { A: 'here' },
      ({ task }) => {
        task('query', query({ script: show }))
        task('unless', shell({ script: sh`exit 1`, unless: sh`[ "$A" = here ]` }))
        task('only if', shell({ script: sh`exit 1`, onlyIf: sh`[ "$A" != here ]` }))
        task('otherwise', shell({ script: sh`exit 1`, unless: sh`[ "$A" = here ]` }), { environment: { A: 'there' } })
      },
      { check: true },
    )
    expect(tasks.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'changed'])
    expect(said(tasks[0]!.result)).toBe('here||')
  })

  test('tasks that go in one exchange do not mix theirs', async () => {
    const append = (name: string) => command({ argv: ['sh', '-c', `printf '%s\\n' "$A" >>"$0"`, at(name)] })
    const plays = definePlaybook('environment', inventory, (play) => {
      play('p', { hosts: 'one', strategy: 'free' }, ({ task }) => {
        task('one', append('log'), { environment: { A: 'one' } })
        task(
          'a file',
          copy({ dest: at('file'), content: 'x\n', validate: (path) => sh`printf '%s\n' "$A" >>${at('log')}; test -s ${path}` }),
          {
            environment: { A: 'validate' },
          },
        )
        task('none', append('log'))
        task('three', append('log'), { environment: { A: 'three' } })
      })
    })
    await runLocally(plays, { home: scratch.home })
    expect(readFileSync(at('log'), 'utf8')).toBe('one\nvalidate\n\nthree\n')
  })

  test('modules that go over a network read and act with it', async () => {
    const repository = at('repository')
    mkdirSync(repository)
    const inIt = (...words: string[]) => execFileSync('git', words, { cwd: repository, stdio: 'pipe' })
    inIt('init', '-q')
    inIt('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-q', '--allow-empty', '-m', 'one')
    const { tasks } = await run(undefined, ({ task }) => {
      task('clone', git({ repo: 'https://nowhere.invalid/it.git', dest: at('clone') }), {
        environment: {
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: `url.${repository}.insteadOf`,
          GIT_CONFIG_VALUE_0: 'https://nowhere.invalid/it.git',
        },
      })
    })
    expect(tasks[0]).toMatchObject({ outcome: 'changed' })
  })

  test('a secret is in the environment of the command, and in no event and no list of processes', async () => {
    const token = new Secret('a token that nobody knows')
    const { tasks, events } = await run({ TOKEN: token, URL: sealed`https://u:${token}@host` }, ({ task }) => {
      task('uses it', shell({ script: sh`[ "$(printf %s "$TOKEN" | wc -c)" -eq 25 ] && tr '\\0' '\n' </proc/$$/cmdline` }))
      task('asks', query({ script: sh`tr '\\0' '\n' </proc/$$/cmdline; [ -n "$URL" ]` }))
    })
    expect(tasks.map(({ outcome }) => outcome)).toEqual(['changed', 'ok'])
    expect(JSON.stringify(events)).not.toContain('nobody knows')
  })

  test('people are shown the step as it was written', async () => {
    const { tasks } = await run({ A: 'x' }, ({ task }) => void task('one', shell({ script: sh`true` })), { check: true })
    expect(tasks[0]!.steps).toEqual(['true'])
  })
})

describe('an environment that is wrong', () => {
  test.each<[string, any, RegExp, RegExp]>([
    ['a name', { 'a-b': 'x' }, /"a-b" cannot be the name/, /Letters/],
    ['a name that is the shell’s', { IFS: 'x' }, /IFS belongs to the shell/, /Leave it out/],
    ['a number', { PORT: 80 }, /PORT is number/, /String/],
    ['a list', ['A=b'], /no record of names and values/, /environment: {/],
    ['a NUL', { A: 'x\0' }, /NUL/, /No variable/],
    ['a secret as text', { A: `${new Secret('some password')}` }, /in A a Secret was turned into text/, /sealed/],
  ])('%s is refused at load, with the line', (_, environment, detail, fix) => {
    const load = () => playbook(undefined, ({ task }) => void task('one', shell({ script: sh`true` }), { environment }))
    const error = (() => {
      try {
        load()
      } catch (error) {
        return error
      }
    })()
    expect(error).toMatchObject({
      details: {
        summary: 'An environment is wrong',
        detail: expect.stringMatching(detail),
        fix: expect.stringMatching(fix),
        exitCode: 1,
        at: { file: expect.stringContaining('environment.test.ts') },
      },
    })
  })

  test('one that a closure gives is refused before any host is touched', async () => {
    await expect(
      run((() => ({ 'no name': 'x' })) as Environment, ({ task }) => void task('one', shell({ script: sh`touch ${at('touched')}` }))),
    ).rejects.toMatchObject({ details: { summary: 'An environment is wrong', detail: expect.stringContaining("task 'one'"), host: 'one' } })
  })
})
