import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Command, isGroup, nameOf } from '../../src/cli/command.ts'
import { plainWords } from '../../src/cli/plain-words.ts'
import { commands, parseByYargs } from '../../src/cli/yargs.ts'
import { chance } from '../helpers/chance.ts'

const plain = commands.filter((command): command is Command => !isGroup(command) && command.subcommands === undefined)
const stdout = { write: () => undefined }

/** What the command is given, by name; an empty list is the same as none. */
function givenTo({ options, positionals }: Command, args: { readonly [name: string]: unknown }): Record<string, unknown> {
  const names = [...Object.keys(options), ...Object.keys(positionals), '--']
  const given = names.map((name): [string, unknown] => [name, args[name]])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)))
}

/** Words as people and scripts write them, right and wrong, of one command. */
function wordsOf(command: Command): fc.Arbitrary<string[]> {
  const value = fc.constantFrom(
    'web',
    'a,b',
    '5',
    '0644',
    '-1',
    '',
    'json',
    'human',
    '"x"',
    "'y",
    'x=1',
    '--',
    '-',
    'a b',
    'true',
    'false',
    'fish',
  )
  const entries = Object.entries(command.options)
  const options = (entries.length === 0 ? fc.constant(['none', {}] as (typeof entries)[0]) : fc.constantFrom(...entries)).chain(
    ([name, { alias, choices }]) => {
      const of = choices ? fc.oneof(fc.constantFrom(...(choices as string[])), value) : value
      const dashed = typeof alias === 'string' ? fc.constantFrom(`--${name}`, `-${alias}`) : fc.constant(`--${name}`)
      return fc.tuple(dashed, of, fc.constantFrom('apart', 'joined', 'alone')).map(([flag, text, how]) => {
        return how === 'apart' ? [flag, text] : how === 'joined' ? [`${flag}=${text}`] : [flag]
      })
    },
  )
  const other = fc.constantFrom(
    ['-CD'],
    ['-CDb'],
    ['-vv'],
    ['--nonsense'],
    ['-x'],
    ['--no-check'],
    ['-l5'],
    ['-h'],
    ['--help'],
    ['--version'],
  )
  const piece = fc.oneof({ weight: 4, arbitrary: options }, { weight: 1, arbitrary: other })
  const word = value.map((text) => [text])
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: piece }, { weight: 2, arbitrary: word }), { maxLength: 6 })
    .map((pieces) => [nameOf(command), ...pieces.flat()])
}

test.each(plain.map((command) => [nameOf(command), command] as const))(
  '%s: what is read without yargs, yargs reads the same way',
  async (_, command) => {
    let read = 0
    await fc.assert(
      fc.asyncProperty(wordsOf(command), async (argv) => {
        const found = plainWords(argv, commands)
        if (!found) return
        read += 1
        const by = await parseByYargs(argv, { stdout })
        expect(by.command).toBe(command)
        expect(givenTo(command, found.args)).toEqual(givenTo(command, by.args))
      }),
      chance(150),
    )
    if (Object.keys(command.options).length > 1 && !Object.values(command.options).some((option) => option.demandOption))
      expect(read).toBeGreaterThan(0)
  },
)

describe('the usual lines need no yargs', () => {
  test.each([
    'run prepare',
    'run prepare --limit web:!edge -CD -t a,b -t c --forks 5 --format json',
    'run --check prepare -i production -vv --timing',
    'do all command argv=["uptime"] -b',
    'do web file path=/a mode=0644 --check',
    'exec web -b -- sh -c uptime -x',
    'facts',
    'facts web --refresh --json',
  ])('%s', (line) => expect(plainWords(line.split(' '), commands)).toBeDefined())
})

describe('what is in doubt is left to yargs', () => {
  test.each([
    '',
    'run',
    'run a b',
    'run --help',
    'run a --limit',
    'run a --limit --check',
    'run a --limit=',
    'run a --check=yes',
    'run a -Cl web',
    'run a -l web -l edge',
    'run a --format xml',
    'run a --nonsense',
    'run a -- b',
    'run "a"',
    '--check run a',
    'do all file -',
    'explain prepare',
    'lab up',
    'constructor',
    'run a --constructor',
  ])('%s', (line) => expect(plainWords(line.split(' '), commands)).toBeUndefined())
})
