import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { encrypt as ageEncrypt, newIdentity, recipientOf } from '../../src/secrets/age.ts'
import { type CliRun, onTerminal, rollcall, startRollcall } from '../helpers/cli.ts'

let root = ''
let env: NodeJS.ProcessEnv = {}
const path = (name: string) => join(root, name)
const put = (name: string, text: string, mode = 0o644) => {
  writeFileSync(path(name), text)
  chmodSync(path(name), mode)
}
const secret = (...args: readonly string[]): Promise<CliRun> => rollcall(['secret', ...args], { cwd: root, env })
const piped = (stdin: string, ...args: readonly string[]): Promise<CliRun> => rollcall(['secret', ...args], { cwd: root, env, stdin })
const decrypted = (name = 'lab') =>
  execFileSync('age', ['-d', '-i', path('home/identity.txt'), path(`secrets/${name}.age`)], { encoding: 'utf8' })
const left = () => ['/dev/shm', tmpdir()].flatMap((folder) => readdirSync(folder).filter((name) => name.startsWith('rollcall-secret-')))
/** An editor that is a script: gets the file as $1. */
const editor = (script: string, name = 'editor') => {
  put(name, `#!/bin/sh\n${script}\n`, 0o755)
  return { ...env, EDITOR: path(name) }
}
const edit = (script: string) => rollcall(['secret', 'edit', 'lab'], { cwd: root, env: editor(script) })

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'secret-cli-'))
  mkdirSync(path('home'))
  env = { ROLLCALL_AGE_IDENTITY: '', XDG_CONFIG_HOME: path('home'), VISUAL: '', EDITOR: '' }
  put('package.json', JSON.stringify({ name: 'site', type: 'module', dependencies: { rollcall: '*' } }))
  const made = await secret('keygen', '--output', 'home/identity.txt')
  expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^age1[a-z0-9]{58}\n$/)])
  env = { ...env, ROLLCALL_AGE_IDENTITY: path('home/identity.txt') }
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('an identity is for its user alone; asked for once more it is shown, not made', async () => {
  expect(statSync(path('home/identity.txt')).mode & 0o777).toBe(0o600)
  const before = readFileSync(path('home/identity.txt'), 'utf8')
  const again = await secret('keygen')
  expect([again.code, before]).toEqual([0, expect.stringContaining(again.stdout.trim())])
  const over = await secret('keygen', '-o', 'home/identity.txt')
  expect([over.code, over.stderr]).toEqual([1, expect.stringContaining('There is an identity already')])
  expect(readFileSync(path('home/identity.txt'), 'utf8')).toBe(before)
})

test('without a list of recipients and without an identity there is nobody to encrypt for', async () => {
  const run = await rollcall(['secret', 'create', 'lab'], { cwd: root, env: { ...env, ROLLCALL_AGE_IDENTITY: '' } })
  expect([run.code, run.stderr]).toEqual([1, expect.stringMatching(/nobody to encrypt for.*rollcall secret keygen/s)])
  expect(existsSync(path('secrets'))).toBe(false)
})

test('the first file begins the list of recipients, with whoever makes it', async () => {
  const run = await piped('{"first": "hunter two", "second": "other text"}', 'create', 'lab')
  expect([run.code, run.stdout, run.stderr]).toEqual([
    0,
    '',
    expect.stringMatching(/recipients\.txt says who.*2 secrets, encrypted for 1 recipient/s),
  ])
  expect(decrypted()).toBe('{"first": "hunter two", "second": "other text"}')
  const [, recipient] = readFileSync(path('secrets/recipients.txt'), 'utf8').split('\n')
  expect(readFileSync(path('home/identity.txt'), 'utf8')).toContain(recipient)
  expect((await piped('{}', 'create', 'lab')).stderr).toMatch(/is there already.*secret edit secrets\/lab\.age/s)
})

test('looking: names, one value exactly, all of them', async () => {
  expect((await secret('list', 'lab')).stdout).toBe('first\nsecond\n')
  expect((await secret('list', 'secrets/lab.age', '--format', 'json')).stdout).toBe('["first","second"]\n')
  expect((await secret('get', 'lab', 'first')).stdout).toBe('hunter two')
  expect((await secret('view', 'lab', 'second')).stdout).toBe('other text\n')
  expect((await secret('view', 'lab.age')).stdout).toBe('{"first": "hunter two", "second": "other text"}\n')
})

test('setting: a line, exact bytes, and taking away', async () => {
  expect((await piped('new value\n', 'set', 'lab', 'first')).stderr).toContain('2 secrets')
  expect((await piped('a key\nof lines\n', 'encrypt', 'lab', 'key')).stderr).toContain('3 secrets')
  expect(JSON.parse(decrypted())).toEqual({ first: 'new value', second: 'other text', key: 'a key\nof lines\n' })
  expect((await secret('get', 'lab', 'key')).stdout).toBe('a key\nof lines\n')
  expect((await secret('remove', 'lab', 'key')).code).toBe(0)
  expect(Object.keys(JSON.parse(decrypted()))).toEqual(['first', 'second'])
})

test('what is as it was is not written again', async () => {
  const before = readFileSync(path('secrets/lab.age'))
  for (const run of [await piped('new value', 'set', 'lab', 'first'), await edit(':')])
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('nothing changed')])
  expect(readFileSync(path('secrets/lab.age'))).toEqual(before)
})

test('a short value is accepted, and what that means is said', async () => {
  const run = await piped('abc', 'set', 'lab', 'pin')
  expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('pin has fewer than 4 characters')])
  await secret('remove', 'lab', 'pin')
})

describe('edit', () => {
  it('gives the text to the editor in a folder of its own, in memory, and takes the folder away', async () => {
    const run = await edit(`ls -ld "$(dirname "$1")" "$1" >${path('seen')}; printf '{"first": "edited"}' >"$1"; cp "$1" "$1~"`)
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('1 secret, ')])
    expect(readFileSync(path('seen'), 'utf8')).toMatch(/^drwx------ .*\/dev\/shm\/rollcall-secret-\S+\n-rw------- /)
    expect(decrypted()).toBe('{"first": "edited"}')
    expect(left()).toEqual([])
  })
  it('takes the arguments that stand in $EDITOR, and $VISUAL first', async () => {
    const visual = { ...editor('sed -i "s/edited/$1/" "$2"', 'visual'), EDITOR: 'false', VISUAL: `${path('visual')} again` }
    expect((await rollcall(['secret', 'edit', 'lab'], { cwd: root, env: visual })).code).toBe(0)
    expect(decrypted()).toBe('{"first": "again"}')
  })
  it.each([
    ['what is no JSON', 'printf "first: hush hush" >"$1"', /The text is wrong, so nothing was saved.*line 1, column 1/s],
    ['a failing editor', 'printf "{}" >"$1"; exit 3', /The editor failed.*exit code 3/s],
    ['an editor that removes the file', 'rm "$1"', /The editor left no file/],
  ])('does not save %s', async (_, script, says) => {
    const before = readFileSync(path('secrets/lab.age'))
    const run = await edit(script)
    expect([run.code, run.stderr]).toEqual([1, expect.stringMatching(says)])
    expect(run.stderr).not.toContain('hush')
    expect(readFileSync(path('secrets/lab.age'))).toEqual(before)
    expect(left()).toEqual([])
  })
  it('an editor that is not there', async () => {
    const run = await rollcall(['secret', 'edit', 'lab'], { cwd: root, env: { ...env, EDITOR: 'no-such-editor' } })
    expect([run.code, run.stderr]).toEqual([1, expect.stringMatching(/The editor failed.*export EDITOR/s)])
  })
  it.each(['SIGTERM', 'SIGHUP'] as const)('leaves nothing behind when it is ended by %s', async (signal) => {
    const child = await startRollcall(['secret', 'edit', 'lab'], { cwd: root, env: editor(`echo >${path('open')}; exec sleep 60`) })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    while (!existsSync(path('open'))) await new Promise((resolve) => setTimeout(resolve, 20))
    rmSync(path('open'))
    child.kill(signal)
    expect(await ended).toBe(signal === 'SIGTERM' ? 143 : 129)
    expect(left()).toEqual([])
  })
  it('asks on a terminal whether to go on with what is wrong', async () => {
    const script = `if [ -e ${path('twice')} ]; then printf '{"first": "right"}' >"$1"; else touch ${path('twice')}; echo no >"$1"; fi`
    const run = await onTerminal(['secret', 'edit', 'lab'], [['Edit it again? [Y/n]', '\r']], { cwd: root, env: editor(script) })
    expect([run.code, decrypted()]).toEqual([0, '{"first": "right"}'])
  })
  it('Ctrl-C in the editor is the editor’s; when that ends by it, nothing is saved and nothing left', async () => {
    const asFile = { cwd: root, env: editor('echo no >"$1"; echo READY; exec sleep 60') }
    const run = await onTerminal(['secret', 'edit', 'lab'], [['READY', '\x03']], asFile)
    expect([run.code, run.shown]).toEqual([1, expect.stringMatching(/The editor failed[\s\S]*SIGINT/)])
    expect([decrypted(), left()]).toEqual(['{"first": "right"}', []])
  })
  it('Ctrl-C at that question saves nothing and leaves nothing', async () => {
    const run = await onTerminal(['secret', 'edit', 'lab'], [['Edit it again? [Y/n]', '\x03']], { cwd: root, env: editor('echo no >"$1"') })
    expect([run.code, decrypted(), left()]).toEqual([130, '{"first": "right"}', []])
  })
})

describe('on a terminal', () => {
  it('a value is asked for twice, and not shown', async () => {
    const answers = [
      ['Value of first: ', 'typed value\r'],
      ['The same again: ', 'typed value\r'],
    ] as const
    const run = await onTerminal(['secret', 'set', 'lab', 'first'], answers, { cwd: root, env })
    expect([run.code, decrypted()]).toEqual([0, '{\n  "first": "typed value"\n}\n'])
    expect(run.shown).not.toContain('typed')
  })
  it('two values that differ change nothing', async () => {
    const answers = [
      ['Value of first: ', 'one\r'],
      ['The same again: ', 'two\r'],
    ] as const
    const run = await onTerminal(['secret', 'set', 'lab', 'first'], answers, { cwd: root, env })
    expect([run.code, run.shown]).toEqual([1, expect.stringContaining('The two values differ')])
    expect(decrypted()).toContain('typed value')
  })
  it('a file is locked with a passphrase, and opened with it', async () => {
    const locking = [
      ['New passphrase', 'correct horse\r'],
      ['The same again: ', 'correct horse\r'],
    ] as const
    const asFile = { cwd: root, env: editor(`printf '{"one": "behind a phrase"}' >"$1"`) }
    expect((await onTerminal(['secret', 'create', 'phrase', '--passphrase'], locking, asFile)).code).toBe(0)
    expect(readFileSync(path('secrets/phrase.age'), 'latin1')).toMatch(/^-----BEGIN AGE/)
    const opened = await onTerminal(['secret', 'get', 'phrase', 'one'], [['Passphrase of', 'correct horse\r']], { cwd: root, env })
    expect([opened.code, opened.shown]).toEqual([0, expect.stringContaining('behind a phrase')])
    const wrong = await onTerminal(['secret', 'get', 'phrase', 'one'], [['Passphrase of', 'wrong one\r']], { cwd: root, env })
    expect([wrong.code, wrong.shown]).toEqual([1, expect.stringContaining('The passphrase is wrong')])
    const nobody = await secret('get', 'phrase', 'one')
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('there is no terminal to ask for it')])
  })
})

test('an identity behind a passphrase is asked for once', async () => {
  const locked = await ageEncrypt(readFileSync(path('home/identity.txt'), 'utf8'), { kind: 'passphrase', passphrase: 'five words' })
  put('locked.txt', locked, 0o600)
  const withIt = {
    cwd: root,
    env: { ...env, ...editor(`printf '{"first": "once asked"}' >"$1"`), ROLLCALL_AGE_IDENTITY: path('locked.txt') },
  }
  const run = await onTerminal(['secret', 'edit', 'lab'], [['Passphrase of', 'five words\r']], withIt)
  expect([run.code, decrypted(), run.shown.split('Passphrase of').length]).toEqual([0, '{"first": "once asked"}', 2])
  const wrong = await onTerminal(['secret', 'list', 'lab'], [['Passphrase of', 'other words\r']], withIt)
  expect([wrong.code, wrong.shown]).toEqual([1, expect.stringContaining('the passphrase is wrong')])
})

describe('rekey', () => {
  it('encrypts for those who stand in the list now, and says when you are not among them', async () => {
    const other = await newIdentity()
    const list = readFileSync(path('secrets/recipients.txt'), 'utf8')
    put('secrets/recipients.txt', `${list}${await recipientOf(other)} # a colleague\n`)
    put('other.txt', `${other}\n`)
    const asOther = () => rollcall(['secret', 'list', 'lab'], { cwd: root, env: { ...env, ROLLCALL_AGE_IDENTITY: path('other.txt') } })
    expect((await asOther()).stderr).toMatch(/Your identity does not open this file.*rollcall secret rekey secrets\/lab\.age/s)
    expect((await secret('rekey', 'lab')).stderr).toContain('2 recipients')
    expect((await asOther()).stdout).toBe('first\n')
    const away = await secret('rekey', 'lab', '-r', await recipientOf(other))
    expect([away.code, away.stderr]).toEqual([0, expect.stringContaining('you cannot open')])
    expect((await secret('list', 'lab')).code).toBe(1)
    expect(
      (await rollcall(['secret', 'rekey', 'lab'], { cwd: root, env: { ...env, ROLLCALL_AGE_IDENTITY: path('other.txt') } })).code,
    ).toBe(0)
    expect((await secret('list', 'lab')).code).toBe(0)
  })
})

test.each<[string, readonly string[], RegExp]>([
  ['a file that is not there', ['list', 'lap'], /no such file of secrets.*Did you mean 'lab'\?/s],
  ['a path that is not there', ['list', 'secrets/none.age'], /no such file of secrets/],
  ['a name that is not there', ['get', 'lab', 'frist'], /no such secret.*'frist' in secrets\/lab\.age.*Did you mean 'first'\?/s],
  ['a name to remove that is not there', ['remove', 'lab', 'zzz'], /no such secret.*It holds: first\./s],
  ['a name that cannot be one', ['set', 'lab', 'a-b'], /cannot be the name.*rollcall secret set lab a_b/s],
  ['an empty value', ['set', 'lab', 'first'], /The value is empty/],
  ['a recipient that is none', ['rekey', 'lab', '-r', 'age1nothing'], /no recipient.*age1nothing/s],
  ['two ways to lock it', ['rekey', 'lab', '--passphrase', '-r', 'age1x'], /exclude each other/],
  ['a value on the command line', ['set', 'lab', 'first', 'hush'], /a word too many/],
  ['a file that is none of age', ['list', 'package.json'], /no file of age/],
])('%s', async (_, args, says) => {
  const before = readFileSync(path('secrets/lab.age'))
  const run = await secret(...args)
  expect([run.code, run.stdout, run.stderr]).toEqual([1, '', expect.stringMatching(says)])
  expect(readFileSync(path('secrets/lab.age'))).toEqual(before)
})

describe('import from a file of Ansible Vault', () => {
  const vault = (name: string) => new URL(`../secrets/vaults/${name}`, import.meta.url).pathname
  const imported = (...args: readonly string[]) => secret('import', ...args, '--vault-password-file', path('vault-password'))
  beforeAll(() => {
    put('vault-password', 'correct horse battery\n')
    put('wrong-password', 'something else\n')
    put('clear.yml', 'a: b\n')
  })

  test('values by their names, and a key as a whole; what is there stays', async () => {
    const whole = await imported(vault('whole.yml'), 'ansible')
    expect([whole.code, whole.stdout, whole.stderr]).toEqual([
      0,
      '',
      expect.stringMatching(/smtp\.password is called smtp_password[\s\S]*ansible\.age: 8 secrets/),
    ])
    expect((await imported(vault('key.pem'), 'ansible', '--name', 'tlsKey')).stderr).toContain('9 secrets')
    expect(JSON.parse(decrypted('ansible'))).toEqual({
      db_password: 'hunter two é',
      smtp_user: 'mailer',
      smtp_password: `pass: 'word' "x" #1`,
      api_tokens_0: 'first-token',
      api_tokens_1: 'second-token',
      mode: '0644',
      enabled: 'yes',
      key: '-----BEGIN THING-----\nbGluZSBvbmUgb2YgdGhlIGtleSE=\n-----END THING-----\n',
      tlsKey: '-----BEGIN THING-----\nbGluZSBvbmUgb2YgdGhlIGtleSE=\n-----END THING-----\n',
    })
    expect((await imported(vault('whole.yml'), 'ansible')).code).toBe(0)
  })
  test('what would overwrite another value, what does not open, and what is none', async () => {
    const before = decrypted('ansible')
    await piped('another', 'set', 'ansible', 'mode')
    for (const [args, says] of [
      [[vault('whole.yml'), 'ansible'], /is there already, and is another\n {2}'mode' in secrets\/ansible\.age/],
      [[vault('key.pem'), 'ansible'], /holds no names and values[\s\S]*--name/],
      [['clear.yml', 'ansible'], /This is no file of Ansible Vault\n {2}clear\.yml/],
      [['none.yml', 'ansible'], /There is no such file\n {2}none\.yml/],
      [[vault('key.pem'), 'ansible', '--name', 'a-b'], /cannot be the name/],
    ] as const) {
      const run = await imported(...args)
      expect([run.code, run.stderr]).toEqual([1, expect.stringMatching(says)])
      expect(run.stderr).not.toMatch(/hunter|bGluZ/)
    }
    const wrong = await secret('import', vault('whole.yml'), 'ansible', '--vault-password-file', 'wrong-password')
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('does not open')])
    expect(JSON.parse(decrypted('ansible'))).toEqual({ ...JSON.parse(before), mode: 'another' })
  })
})
