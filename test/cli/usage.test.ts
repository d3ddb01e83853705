import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { rollcall } from './harness.ts'

const mistakes: readonly (readonly [line: string | readonly string[], says: readonly string[]])[] = [
  ['rnu prepare', ['There is no such command', "  'rollcall rnu'", "  Did you mean 'run'?", '  rollcall --help']],
  [
    'zzz',
    [
      'There is no such command',
      "  'rollcall zzz'",
      '  There are: run, explain, render, facts, inventory, exec, doc, secret, lab.',
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
  ['run prepare honor-viper', ['There is a word too many', "  'honor-viper' in rollcall run <playbook>", '  rollcall run --help']],
  [
    'run prepare --limit',
    [
      'An option has no value',
      '  --limit: hosts this run may change, e.g. web:!edge; templates still know every host',
      '  rollcall run --help',
    ],
  ],
  [
    'run prepare --limit --check',
    [
      'An option has no value',
      '  --limit: hosts this run may change, e.g. web:!edge; templates still know every host',
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
  ['run prepare -l a -l b', ['An option is given twice', '  --limit: a and b', '  Give it once.', '  rollcall run --help']],
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

test('rollcall run --version tells the version too', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  expect(await rollcall('run --version')).toEqual({ code: 0, out: `${version}\n`, err: '', asked: [] })
})

describe('completion', () => {
  test('prints a script', async () => {
    const { code, out, err } = await rollcall('completion')
    expect(out).toContain('--get-yargs-completions')
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })
  test.each([
    [
      ['rollcall', ''],
      ['run', 'explain', 'render', 'facts', 'inventory', 'exec', 'doc', 'secret', 'lab', 'completion'],
    ],
    [
      ['rollcall', 'lab', ''],
      ['up', 'down', 'status', 'reset', 'exec', 'stop', 'start', 'ssh'],
    ],
    [
      ['rollcall', 'run', 'prepare', '--format', ''],
      ['human', 'json'],
    ],
  ])('%j', async (words, completions) => {
    const { code, out, err } = await rollcall(['--get-yargs-completions', ...words])
    expect(out.trimEnd().split('\n')).toEqual(completions)
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })
})
