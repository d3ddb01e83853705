import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DeclaredInputs, input } from '../../src/dsl/input.ts'
import { Type } from '../../src/dsl/schema.ts'
import { readGiven } from '../../src/given-words.ts'
import { type TakeOptions, takeGiven } from '../../src/take-given.ts'
import { Secret } from '../../src/util/secret.ts'
import { testFolder } from '../helpers/folder.ts'

const folder = testFolder()
/** A word that gives a file with this text. */
const inFile = (text: string) => {
  writeFileSync(join(folder, 'values.json'), text)
  return '@values.json'
}
const declared = (inputs: DeclaredInputs, overridable: DeclaredInputs = {}) => ({
  playbook: `playbook 'release'`,
  inputs: new Map(Object.entries(inputs)),
  overridable: new Map(Object.entries(overridable)),
  vars: new Set(['domain']),
  inventoryAt: 'inventory/lab.ts:2:1',
})
const take = async (inputs: DeclaredInputs, words: readonly string[], options: TakeOptions = {}, overridable: DeclaredInputs = {}) =>
  takeGiven(await readGiven(words, folder), declared(inputs, overridable), options)
const failure = async (work: Promise<unknown>): Promise<{ summary: string; detail: string; fix: string }> =>
  work.then(
    () => ({ summary: 'it did not fail', detail: '', fix: '' }),
    (error) => error.details ?? { summary: String(error), detail: '', fix: '' },
  )

describe('text becomes what is declared', () => {
  test.each<[string, DeclaredInputs[string], string, unknown]>([
    ['text', input.string(), '1.10', '1.10'],
    ['text that looks like a number', input.string(), '0644', '0644'],
    ['a whole number', input.integer(), '3', 3],
    ['a number', input.number(), '-2.5', -2.5],
    ['true', input.boolean(), 'true', true],
    ['one of some', input.oneOf(['blue', 'green']), 'green', 'green'],
    ['a list', input.strings(), 'a,b', ['a', 'b']],
    ['a list of one', input.strings(), 'a', ['a']],
    ['a list as JSON', input.strings(), '["a b"]', ['a b']],
    ['an object', input.of(Type.Object({ a: Type.Integer() })), '{"a": 1}', { a: 1 }],
    ['empty text where it is allowed', input.string({ minLength: 0 }), '', ''],
    ['one that may be left out', input.optional(input.integer()), '3', 3],
  ])('%s', async (_, of, text, value) => {
    const taken = await take({ it: of }, [`it=${text}`])
    expect(taken.inputs).toEqual({ it: value })
    expect(taken.given).toEqual([{ name: 'it', value, from: '-e', of: 'playbook' }])
  })
  test.each<[string, DeclaredInputs[string], string, RegExp, RegExp]>([
    [
      'a word for a number',
      input.integer({ description: 'how many' }),
      'two',
      /^it \(-e\) is 'two': it must be a whole number \(how many\)$/,
      /./,
    ],
    ['yes for a boolean', input.boolean(), 'yes', /it must be true or false/, /^-e it=true$/],
    ['too much', input.integer({ maximum: 5 }), '6', /^it \(-e\) is 6, it must be <= 5$/, /./],
    ['another word', input.oneOf(['blue', 'green']), 'gren', /it must be one of blue, green: did you mean 'green'\?/, /./],
    ['another pattern', input.string({ pattern: '^\\d+$' }), 'x', /it \(-e\) is "x", it must match pattern/, /./],
    ['an empty variable', input.string(), '', /it \(-e\) is "", it must NOT have fewer than 1 char/, /./],
    ['too few', input.strings({ minItems: 2 }), 'a', /must NOT have fewer than 2 items/, /./],
    ['no object', input.of(Type.Object({ a: Type.Integer() })), 'a', /it takes an object, as JSON/, /./],
    ['another object', input.of(Type.Object({ a: Type.Integer() })), '{"a":"x"}', /it \(-e\)\.a is "x", it must be integer/, /./],
    ['a second name in the word', input.string(), '1 it=2', /would be all of the text, with it= in it/, /-e it=… -e it=…/],
  ])('%s does not fit', async (_, of, text, detail, fix) => {
    expect(await failure(take({ it: of }, [`it=${text}`]))).toMatchObject({
      summary: "What -e gives is wrong for playbook 'release'",
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
      exitCode: 1,
    })
  })
})

describe('values of files stay as they are', () => {
  test('a number is no text, and text no number', async () => {
    const wrong = await failure(take({ version: input.string(), replicas: input.integer() }, ['{"version": 1.1, "replicas": "2"}']))
    expect(wrong.detail).toBe('version (-e) is 1.1, it must be string\nreplicas (-e) is "2", it must be integer')
    expect(wrong.fix).toContain('stands between quotes:\nversion: "…"')
  })
})

describe('which value counts', () => {
  const inputs = { version: input.string({ default: '1' }), replicas: input.integer({ default: 2 }), note: input.optional(input.string()) }
  test('the last one, and the default where there is none', async () => {
    const taken = await take(inputs, ['version=2', '{"version": "3"}', 'version=4'])
    expect(taken.inputs).toEqual({ version: '4', replicas: 2, note: undefined })
    expect(taken.given.map(({ name, from }) => [name, from])).toEqual([
      ['version', '-e'],
      ['replicas', 'default'],
    ])
  })
  test('a default that does not fit is the mistake of the playbook, at its line', async () => {
    const details = await failure(take({ it: input.string({ pattern: '^v', default: '1' }) }, []))
    expect(details).toMatchObject({
      summary: 'The default of an input does not fit what the input takes',
      at: { file: import.meta.filename ?? expect.any(String) },
    })
  })
})

describe('what is not declared', () => {
  const inputs = { version: input.string(), app_port: input.integer() }
  test.each([
    ['versoin', /'versoin' \(-e\) is no input and no overridable var/, "Did you mean 'version'?"],
    ['appPort', /'appPort'/, "Did you mean 'app_port'?"],
    [
      'domain',
      /'domain' \(-e\) is a var that may not be overridden/,
      "Allow it in defineInventory, inventory/lab.ts:2:1:\noverridable: ['domain']",
    ],
    ['zzz', /'zzz'/, 'There are: version, app_port.'],
  ])('%s is refused without its value', async (name, detail, fix) => {
    const details = await failure(take(inputs, [`${name}=hidden value`]))
    expect([details.detail, details.fix]).toEqual([expect.stringMatching(detail), fix])
    expect(JSON.stringify(details)).not.toContain('hidden')
  })
  test('every mistake is told at once', async () => {
    const { detail } = await failure(take(inputs, ['versoin=1', 'app_port=x']))
    expect(detail.split('\n')).toHaveLength(2)
  })
  test('a playbook that declares nothing says how to', async () => {
    expect((await failure(take({}, ['x=1']))).fix).toContain('inputs: { x: input.string() }')
  })
})

describe('secrets', () => {
  const inputs = { token: input.secret({ description: 'deploy token', env: 'ROLLCALL_TEST_TOKEN', minLength: 6 }) }
  test('are never words of the command line', async () => {
    for (const word of ['token=hidden value', '{"token": "hidden value"}']) {
      const details = await failure(take(inputs, [word]))
      expect(details.detail).toBe('token is a secret, and the command line is seen in process lists and kept in histories')
      expect(details.fix).toMatch(/the variable ROLLCALL_TEST_TOKEN, or a file[\s\S]*-e @secrets\.yaml/)
      expect(JSON.stringify(details)).not.toContain('hidden')
    }
  })
  test('come from a file or a variable, and are masked in what is told', async () => {
    for (const [words, variable, from] of [
      [[inFile('{"token": "hidden value"}')], '', 'values.json:1:11'],
      [[], 'hidden value', 'variable ROLLCALL_TEST_TOKEN'],
    ] as const) {
      process.env.ROLLCALL_TEST_TOKEN = variable
      const { inputs: values, given } = await take(inputs, words)
      expect((values.token as Secret).reveal()).toBe('hidden value')
      expect(given).toEqual([{ name: 'token', value: '[secret]', from, of: 'playbook' }])
    }
    delete process.env.ROLLCALL_TEST_TOKEN
  })
  test.each([
    ['{"token": 12345678}', /is a secret, and a secret is text/],
    ['{"token": "short"}', /token \(values\.json:1:11\) is shorter than 6 characters/],
    ['{"token": ""}', /token \(values\.json:1:11\) is empty/],
  ])('%s does not fit, and is not shown', async (word, detail) => {
    const details = await failure(take(inputs, [inFile(word)]))
    expect(details.detail).toMatch(detail)
    expect(JSON.stringify(details)).not.toMatch(/12345678|short"/)
  })
})

describe('what is not given', () => {
  const inputs = {
    version: input.string({ description: 'what to release', pattern: '^\\d' }),
    color: input.oneOf(['blue', 'green']),
    token: input.secret({ prompt: 'Deploy token', confirm: true }),
  }
  const person = (answers: readonly string[]) => {
    const left = [...answers]
    const asked: [string, boolean][] = []
    const said: string[] = []
    const terminal = {
      ask: async (question: string, { echo }: { echo: boolean }) => {
        asked.push([question, echo])
        return left.shift() ?? ''
      },
      say: (line: string) => void said.push(line),
    }
    return { terminal, asked, said }
  }
  test('is refused where nobody can be asked, with the words to give it by', async () => {
    const { summary, detail, fix } = await failure(take(inputs, []))
    expect(summary).toBe("playbook 'release' needs inputs that are not given")
    expect(detail).toMatch(/^version: what to release, \/.*take\.test\.ts:\d+:\d+\ncolor, .*\ntoken, /)
    expect(fix).toBe(
      'Give them:\n-e version=… -e color=blue|green\nGive token by a file (JSON or YAML; age and Ansible Vault may encrypt it), or have it asked for at a terminal:\n-e @secrets.yaml',
    )
  })
  test('is asked for at a terminal, again where it does not fit; a secret without an echo', async () => {
    const { terminal, asked, said } = person(['x', '1.2', 'gren', 'green', 'hidden value', 'other value', 'hidden value', 'hidden value'])
    let waited = false
    const beforeAsking = Promise.resolve().then(() => {
      waited = asked.length === 0
    })
    const taken = await take(inputs, [], { terminal, beforeAsking })
    expect(waited).toBe(true)
    expect([taken.inputs.version, taken.inputs.color, (taken.inputs.token as Secret).reveal()]).toEqual(['1.2', 'green', 'hidden value'])
    expect(taken.given.map(({ value, from }) => [value, from])).toEqual([
      ['1.2', 'asked'],
      ['green', 'asked'],
      ['[secret]', 'asked'],
    ])
    expect(asked).toEqual([
      ['what to release (version)', true],
      ['what to release (version)', true],
      ['color', true],
      ['color', true],
      ['Deploy token', false],
      ['The same again', false],
      ['Deploy token', false],
      ['The same again', false],
    ])
    expect(said).toEqual([expect.stringContaining('must match'), expect.stringContaining("did you mean 'green'?"), 'the two differ'])
  })
  test('three wrong answers are enough', async () => {
    const { terminal, asked } = person(['x', 'y', 'z'])
    expect((await failure(take(inputs, ['color=blue'], { terminal }))).summary).toBe('An input is wrong')
    expect(asked).toHaveLength(3)
  })
  test('has a stand-in where nothing runs: text and secrets, and nothing that decides what there is', async () => {
    const { version, token } = inputs
    const taken = await take({ version, token }, [], { standIns: true })
    expect(taken.inputs).toMatchObject({ version: '<version>', token: expect.any(Secret) })
    expect(() => (taken.inputs.token as Secret).reveal()).toThrow('not given')
    expect(taken.given.map(({ name, value, from }) => [name, value, from])).toEqual([
      ['version', '<version>', 'not given'],
      ['token', '[secret]', 'not given'],
    ])
    const { detail, fix } = await failure(take(inputs, [], { standIns: true }))
    expect(detail).toMatch(/^color, [\s\S]*\nwhat there is to show hangs on it$/)
    expect(fix).toBe('Give it:\n-e color=blue|green')
  })
})
