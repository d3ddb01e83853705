import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type AnyCommand, type Command, isGroup, nameOf } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/yargs.ts'
import type { CompletionKind } from '../../src/completions.ts'
import { rollcall } from './harness.ts'

const mistakes: readonly (readonly [line: string | readonly string[], says: readonly string[]])[] = [
  ['rnu prepare', ['There is no such command', "  'rollcall rnu'", "  Did you mean 'run'?", '  rollcall --help']],
  [
    'zzz',
    [
      'There is no such command',
      "  'rollcall zzz'",
      '  There are: run, runs, explain, render, facts, inventory, do, exec, trust, doc, secret, lab, doctor, connections, cleanup, completion.',
      '  rollcall --help',
    ],
  ],
  ['completon', ['There is no such command', "  'rollcall completon'", "  Did you mean 'completion'?", '  rollcall --help']],
  ['prepare.ts', ['A command is missing before the playbook', "  'prepare.ts'", '  rollcall run prepare.ts', '  rollcall --help']],
  ['lab pu', ['There is no such command', "  'rollcall lab pu'", "  Did you mean 'up'?", '  rollcall lab --help']],
  ['run prepare --limt x', ['There is no such option', '  --limt for rollcall run', "  Did you mean '--limit'?", '  rollcall run --help']],
  ['run prepare --limt=x', ['There is no such option', '  --limt for rollcall run', "  Did you mean '--limit'?", '  rollcall run --help']],
  [
    'run prepare --skip_tags x',
    ['There is no such option', '  --skip_tags for rollcall run', "  Did you mean '--skip-tags'?", '  rollcall run --help'],
  ],
  [
    'run prepare --skipTags x',
    ['There is no such option', '  --skipTags for rollcall run', "  Did you mean '--skip-tags'?", '  rollcall run --help'],
  ],
  ['run prepare -c', ['There is no such option', '  -c for rollcall run', "  Did you mean '-C'?", '  rollcall run --help']],
  ['run prepare -Cq', ['There is no such option', '  -q for rollcall run', '  rollcall run --help']],
  ['run prepare --zzz', ['There is no such option', '  --zzz for rollcall run', '  rollcall run --help']],
  ['explain prepare --check', ['There is no such option', '  --check for rollcall explain', '  rollcall explain --help']],
  ['lab status --limit x', ['There is no such option', '  --limit for rollcall lab status', '  rollcall lab status --help']],
  ['run', ['A word is missing', '  rollcall run needs <playbook>', '  rollcall run --help']],
  ['lab stop', ['A word is missing', '  rollcall lab stop needs <host>', '  rollcall lab stop --help']],
  [
    'explain vra honor-viper',
    ['There is a word too many', "  'honor-viper' in rollcall explain <playbook>", "  Did you mean 'var'?", '  rollcall explain --help'],
  ],
  ['run prepare honor-viper', ['There is a word too many', "  'honor-viper' in rollcall run <playbook>", '  rollcall run --help']],
  [
    'run prepare --limit',
    [
      'An option has no value',
      '  --limit: hosts this run may change, e.g. web:!edge, web[0] or @file; templates still know every host',
      '  rollcall run --help',
    ],
  ],
  [
    'run prepare --limit --check',
    [
      'An option has no value',
      '  --limit: hosts this run may change, e.g. web:!edge, web[0] or @file; templates still know every host',
      '  rollcall run --help',
    ],
  ],
  [
    ['run', 'prepare', '--limit', ''],
    ['An option has an empty value', '  --limit', '  Give it a value, or leave it out.', '  rollcall run --help'],
  ],
  [
    ['run', 'prepare', '--tags', ','],
    ['An option has an empty value', '  --tags', '  Give it a value, or leave it out.', '  rollcall run --help'],
  ],
  ['run prepare --tags=', ['An option has no value', '  --tags: only tasks with one of these tags', '  rollcall run --help']],
  ['run prepare -- --limit web', ['There is a word too many', "  '--limit' behind the two dashes", '  rollcall run --help']],
  ['run prepare --tags a b', ['There is a word too many', "  'b' in rollcall run <playbook>", '  rollcall run --help']],
  [
    'run prepare -l a -l b',
    [
      'An option is given twice',
      '  --limit: a and b',
      "  Give it once: 'a,b' are hosts of either, 'a,&b' those of both.",
      '  rollcall run --help',
    ],
  ],
  ['run prepare -i a --inventory b', ['An option is given twice', '  --inventory: a and b', '  Give it once.', '  rollcall run --help']],
  ['run prepare --check=yes', ['This option takes no value', '  --check=yes', '  --check', '  rollcall run --help']],
  ['run prepare -C=1', ['This option takes no value', '  -C=1', '  --check', '  rollcall run --help']],
  [
    'run prepare --format jsn',
    ['An option has a value it does not know', "  --format 'jsn'", "  Did you mean 'json'?", '  rollcall run --help'],
  ],
  [
    'run prepare --format xml',
    ['An option has a value it does not know', "  --format 'xml'", '  It knows: human, json.', '  rollcall run --help'],
  ],
  ['run prepare --forks 0', ['--forks needs a whole number from 1', "  '0'", '  --forks 50']],
  ['run prepare --forks -1', ['--forks needs a whole number from 1', "  '-1'", '  --forks 50']],
  ['run prepare --forks 2.5', ['--forks needs a whole number from 1', "  '2.5'", '  --forks 50']],
  ['run prepare --forks many', ['--forks needs a whole number from 1', "  'many'", '  --forks 50']],
  [
    'render prepare --task t',
    ['An option is missing', '  rollcall render needs --host', '  --host: host it would be written to', '  rollcall render --help'],
  ],
  [
    'lab exec web uname -r',
    [
      'There is no such option',
      '  -r for rollcall lab exec',
      '  What is not for rollcall stands behind two dashes:',
      '  rollcall lab exec <host> -- <program..>',
      '  rollcall lab exec --help',
    ],
  ],
  ['lab exec web', ['There is no program to run', '  on web', '  Put it behind two dashes:', '  rollcall lab exec web -- uname -a']],
]

describe('a mistake says what is wrong and what to do, asks for nothing, and exits with 1', () => {
  test.each(mistakes)('rollcall %s', async (line, says) => {
    const { code, out, err, asked } = await rollcall(line)
    expect(err.trimEnd().split('\n')).toEqual(says)
    expect({ code, out, asked }).toEqual({ code: 1, out: '', asked: [] })
  })
})

describe('help', () => {
  test.each<readonly [line: string, first: string]>([
    ['--help', 'rollcall <command>'],
    ['-h', 'rollcall <command>'],
    ['run --help', 'rollcall run <playbook>'],
    ['run prepare --limt --help', 'rollcall run <playbook>'],
    ['explain --help', 'rollcall explain <playbook>'],
    ['render --help', 'rollcall render <playbook>'],
    ['lab --help', 'rollcall lab'],
    ...['up', 'down', 'status', 'reset', 'stop', 'start', 'exec', 'ssh'].map(
      (verb) => [`lab ${verb} --help`, `rollcall lab ${verb}`] as const,
    ),
  ])('rollcall %s', async (line, first) => {
    const { code, out, err, asked } = await rollcall(line)
    expect(out.split('\n')[0]).toMatch(new RegExp(`^${first.replace(/[<>]/g, '.')}`))
    if (line.startsWith('lab ') && line !== 'lab --help') expect(out).toContain('Examples:')
    expect({ code, err, asked }).toEqual({ code: 0, err: '', asked: [] })
  })

  test.each(['', 'lab'])('rollcall %s alone prints help on stderr and exits with 1', async (line) => {
    const { code, out, err } = await rollcall(line)
    expect(err).toContain('Commands:')
    expect({ code, out }).toEqual({ code: 1, out: '' })
  })
})

test.for([
  ['help run', 'run --help'],
  ['help inventory graph', 'inventory graph --help'],
] as const)('%s is %s', async ([line, same]) => {
  const [done, wanted] = await Promise.all([rollcall(line), rollcall(same)])
  expect(done).toEqual(wanted)
  expect([done.code, done.err, done.out]).toEqual([0, '', expect.stringMatching(/^rollcall (run|inventory graph) /)])
})

test('rollcall run --version tells the version too', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  expect(await rollcall('run --version')).toEqual({ code: 0, out: `${version}\n`, err: '', asked: [] })
})

describe('completion', () => {
  const values: Partial<Record<CompletionKind, readonly string[]>> = {
    playbook: ['prepare', 'site'],
    inventory: ['lab', 'production'],
    host: ['web-1', 'db-1'],
    pattern: ['all', 'web', 'web-1', 'db-1'],
    module: ['apt', 'copy'],
    tag: ['config', 'slow'],
    var: ['port'],
  }
  const engine = { completions: async ({ kind }: { kind: CompletionKind }) => (values[kind] ?? []).map((value) => ({ value })) }
  const complete = async (line: string) => {
    const { code, out, err, asked } = await rollcall(['--complete', ...line.split(' ')], { engine })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return { found: out.split('\n').flatMap((each) => each.split('\t')[0] || []), asked: asked.map(([, request]) => request) }
  }
  test.for<readonly [string, readonly string[]]>([
    ['', commands.map((command) => command.usage.split(' ')[0]!)],
    ['ex', ['explain', 'exec']],
    ['lab ', ['up', 'down', 'status', 'reset', 'exec', 'stop', 'start', 'ssh']],
    ['run ', ['prepare', 'site']],
    ['run prepare ', []],
    ['run -C p', ['prepare']],
    ['run prepare --li', ['--limit', '--list-hosts', '--list-tasks', '--list-tags', '--list-inputs']],
    ['run prepare --limit web --li', ['--list-hosts', '--list-tasks', '--list-tags', '--list-inputs']],
    ['run prepare -l web --li', ['--list-hosts', '--list-tasks', '--list-tags', '--list-inputs']],
    ['run prepare --tags x --ta', ['--tags']],
    ['run prepare --exclude web,w', ['web,web-1']],
    ['run prepare --limit ', ['all', 'web', 'web-1', 'db-1']],
    ['run prepare --limit we', ['web', 'web-1']],
    ['run prepare --limit web:!d', ['web:!db-1']],
    ['run prepare --limit web,', ['web,all', 'web,web-1', 'web,db-1']],
    ['run prepare --limit !d', ['!db-1']],
    ['run prepare --limit=d', ['--limit=db-1']],
    ['run prepare -i ', ['lab', 'production']],
    ['run prepare --tags config,', ['config,slow']],
    ['run prepare --format ', ['human', 'json']],
    ['run prepare --forks ', []],
    ['inventory ', ['list', 'host', 'graph', 'validate', 'refresh', 'import', 'add', 'set', 'unset', 'rename', 'remove', 'move']],
    ['inventory host ', ['web-1', 'db-1']],
    ['inventory graph --format d', ['dot']],
    ['explain ', ['var', 'prepare', 'site']],
    ['explain var ', ['web-1', 'db-1']],
    ['explain var web-1 ', ['port']],
    ['exec web', ['web-1']],
    ['exec web -- ', []],
    ['lab reset web-1 ', ['web-1', 'db-1']],
    ['doc ', ['apt', 'copy']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['nonsense ', []],
    ['--ver', ['--version']],
  ])('%s', async ([line, found]) => expect((await complete(line)).found).toEqual(found))
  test('asks with the other words of the line', async () => {
    expect((await complete('run prepare -i production --tags ')).asked).toEqual([
      { root: '/site', kind: 'tag', inventory: 'production', playbook: 'prepare' },
    ])
    expect((await complete('run prepare --start-at-task ')).asked).toEqual([{ root: '/site', kind: 'task', playbook: 'prepare' }])
    expect((await complete('explain var web-1 --inventory=lab ')).asked).toEqual([
      { root: '/site', kind: 'var', inventory: 'lab', host: 'web-1' },
    ])
  })
  test('is silent where nothing can be loaded', async () => {
    const fails = async () => {
      throw new Error('no project')
    }
    expect(await rollcall(['--complete', 'run', ''], { engine: { completions: fails } })).toMatchObject({ code: 0, out: '', err: '' })
  })
})

/** Every command with the words that lead to it. */
function everyCommand(of: readonly AnyCommand[], path: readonly string[] = []): (readonly [string, Command])[] {
  return of.flatMap((command) => {
    const here = [...path, nameOf(command)]
    if (isGroup(command)) return everyCommand(command.commands, here)
    return [[here.join(' '), command] as const, ...everyCommand(command.subcommands ?? [], here)]
  })
}

describe.each(everyCommand(commands))('rollcall %s', (path, command) => {
  test('has help with examples', async () => {
    const { code, out, err } = await rollcall(`${path} --help`)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Examples:')
    expect(out.replaceAll(/\s+/g, ' ')).toContain(command.summary)
    for (const [line] of command.examples) expect(line).toContain(`rollcall ${path.split(' ')[0]}`)
  })
  test('suggests for an option misspelt', async () => {
    const [name] = Object.keys(command.options)
    const wrong = `${name ?? 'help'}x`
    const words = command.usage
      .split(' ')
      .filter((word) => word.startsWith('<'))
      .map(() => 'x')
    const needed = Object.entries(command.options).flatMap(([option, { demandOption }]) => (demandOption ? [`--${option}`, 'x'] : []))
    const { code, err } = await rollcall(`${path} ${[...words, ...needed].join(' ')} --${wrong}`)
    expect([code, err]).toEqual([1, expect.stringContaining(`Did you mean '--${name ?? 'help'}'?`)])
  })
  test('takes --json wherever it takes --format json', () => {
    const { format, json } = command.options
    const knows = (format?.choices as readonly string[] | undefined)?.includes('json') ?? false
    expect(json !== undefined).toBe(knows)
  })
})

test.each(everyCommand(commands).map(([path]) => path))('%s misspelt is recognised', async (path) => {
  const words = path.split(' ')
  const last = words.pop()!
  if (words[0] === 'explain') return
  const wrong = `${last.slice(0, -1)}${last.at(-1)}x`
  const { code, err } = await rollcall([...words, wrong].join(' '))
  expect([code, err.split('\n')[0], err]).toEqual([1, 'There is no such command', expect.stringContaining(`Did you mean '`)])
})

test('--json and another format exclude each other', async () => {
  const { code, err } = await rollcall('inventory graph --json --format dot')
  expect([code, err.split('\n')[0]]).toEqual([1, '--json and --format exclude each other'])
})
