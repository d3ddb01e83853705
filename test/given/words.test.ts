import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readGiven } from '../../src/given-words.ts'
import { encrypt } from '../../src/secrets/age.ts'
import { makeIdentity } from '../../src/secrets/identities.ts'
import { useVaultSources } from '../../src/secrets/vault-passwords.ts'
import { testFolder } from '../helpers/folder.ts'

const folder = testFolder()
const put = (name: string, text: string) => writeFileSync(join(folder, name), text)
const read = (...words: readonly string[]) => readGiven(words, folder)
const values = async (...words: readonly string[]) => (await read(...words)).map(({ name, value, from }) => [name, value, from])
const failure = async (...words: readonly string[]): Promise<{ summary: string; detail: string; fix: string }> =>
  read(...words).then(
    () => ({ summary: 'it did not fail', detail: '', fix: '' }),
    (error) => error.details ?? { summary: String(error) },
  )

describe('words', () => {
  test.each<[string, string, string]>([
    ['version=1.2.3', 'version', '1.2.3'],
    ['version=', 'version', ''],
    ['a=b=c d', 'a', 'b=c d'],
    ['list=["a", "b"]', 'list', '["a", "b"]'],
    ['text=two\nlines', 'text', 'two\nlines'],
  ])('%j is text', async (word, name, value) => {
    expect(await read(word)).toEqual([{ name, value, isText: true, from: '-e' }])
  })
  test('JSON on the command line keeps its types', async () => {
    expect(await read('{"port": 80, "on": true, "list": ["a"]}')).toEqual([
      { name: 'port', value: 80, isText: false, from: '-e' },
      { name: 'on', value: true, isText: false, from: '-e' },
      { name: 'list', value: ['a'], isText: false, from: '-e' },
    ])
  })
  test.each([
    ['version', /^'version'$/, '-e version=…'],
    ['app-port=80', /^'app-port' cannot be a name$/, '-e app_port=…'],
    ['a b=hidden value', /^'a b' cannot be a name$/, '-e version=1.2.3'],
    ['1=2', /'1' cannot/, '-e version'],
    ['[1]', /\[1\]/, '-e @values.yaml'],
  ])('%j is refused without its value', async (word, detail, fix) => {
    const details = await failure(word)
    expect(details).toMatchObject({
      summary: '-e takes name=value, or @file',
      detail: expect.stringMatching(detail),
      fix: expect.stringContaining(fix),
    })
    expect(JSON.stringify(details)).not.toContain('hidden value')
  })
})

describe('files', () => {
  test('YAML and JSON, with the place of each value', async () => {
    put('values.yaml', '# for the release\nversion: "1.10"\nreplicas: 3\nhosts:\n  - a\n  - b\n')
    put('values.json', '{\n\t"version": "2",\n\t"deep": { "a": 1 }\n}\n')
    expect(await values('@values.yaml', 'version=3', '@values.json')).toEqual([
      ['version', '1.10', 'values.yaml:2:10'],
      ['replicas', 3, 'values.yaml:3:11'],
      ['hosts', ['a', 'b'], 'values.yaml:5:3'],
      ['version', '3', '-e'],
      ['version', '2', 'values.json:2:13'],
      ['deep', { a: 1 }, 'values.json:3:10'],
    ])
  })
  test('anchors, and an empty file', async () => {
    put('anchors.yaml', 'one: &a { x: 1 }\ntwo: *a\n')
    put('empty.yaml', '# nothing\n')
    expect(await values('@anchors.yaml', '@empty.yaml')).toMatchObject([
      ['one', { x: 1 }, 'anchors.yaml:1:9'],
      ['two', { x: 1 }, 'anchors.yaml:2:6'],
    ])
  })
  test('of age and of Ansible Vault, whole and with single values', async () => {
    process.env.ROLLCALL_AGE_IDENTITY = join(folder, 'identity.txt')
    const recipient = await makeIdentity(join(folder, 'identity.txt'))
    put('release.age', await encrypt('{\n  "token": "in age"\n}\n', { kind: 'recipients', recipients: [recipient] }))
    put('password', 'correct horse battery')
    put('prod', 'another password')
    useVaultSources({ passwordFiles: ['password'], ids: ['prod@prod'], ask: false, cwd: folder })
    const vaults = new URL('../secrets/vaults/', import.meta.url).pathname
    const read = await values('@release.age', `@${vaults}whole.yml`, `@${vaults}inline.yml`)
    expect(read).toContainEqual(['token', 'in age', 'release.age:2:12'])
    expect(read).toContainEqual(['db_password', 'hunter two é', expect.stringContaining('whole.yml:2:14')])
    expect(read).toContainEqual(['api_token', 'api.token value', expect.stringContaining('inline.yml:2:')])
    delete process.env.ROLLCALL_AGE_IDENTITY
  })
  test.each([
    ['an unclosed quote', 'a: "hidden value\nb: 1\n', /bad\.yaml:\d+:\d+: a quote, a bracket/],
    ['a name twice', 'a: 1\na: hidden value\n', /bad\.yaml:2:1: this name is there twice/],
    ['a colon in a text', 'a: hidden: value\n', /bad\.yaml:1:\d+: a second colon/],
    ['a list', '- hidden value\n', /bad\.yaml:1:1: names with values/],
    ['a text', 'hidden value\n', /names with values/],
    ['tabs', 'a:\n\tb: hidden value\n', /a tab is no indentation/],
    ['a tag of somebody', 'a: !secret hidden\n', /bad\.yaml:1:4: this tag is not known/],
    ['an alias of nothing', 'a: *hidden\n', /an alias must name/],
    ['a number for a name', '1: hidden value\n', /bad\.yaml:1:1: a name must be text/],
    ['two documents', 'a: 1\n---\nb: 2\n', /several documents/],
  ])('%s is refused at its place, without what stands there', async (_, text, detail) => {
    put('bad.yaml', text)
    const details = await failure('@bad.yaml')
    expect(details).toMatchObject({
      summary: 'A file of values is neither JSON nor YAML with names and values',
      detail: expect.stringMatching(detail),
      exitCode: 1,
    })
    expect(JSON.stringify(details)).not.toContain('hidden')
  })
  test.each([
    ['@none.yaml', /-e @none\.yaml: there is no such file/],
    ['@.', /-e @\.: EISDIR/],
  ])('%s is refused', async (word, detail) => {
    expect(await failure(word)).toMatchObject({ summary: 'A file of values cannot be read', detail: expect.stringMatching(detail) })
  })
})
