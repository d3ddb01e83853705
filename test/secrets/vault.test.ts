import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openFile, readSecrets } from '../../src/secrets/secret-file.ts'
import { decryptVault, isVault, parseVault } from '../../src/secrets/vault.ts'
import { isVaultFile, openVault } from '../../src/secrets/vault-file.ts'
import { useVaultSources } from '../../src/secrets/vault-passwords.ts'
import { testFolder } from '../helpers/folder.ts'

const fixture = (name: string) => new URL(`vaults/${name}`, import.meta.url).pathname
const textOf = (name: string) => readFileSync(fixture(name), 'utf8')
const folder = testFolder()
const put = (name: string, text: string, mode = 0o600) => {
  writeFileSync(join(folder, name), text)
  chmodSync(join(folder, name), mode)
  return join(folder, name)
}
const usual = 'correct horse battery'
const usualFile = put('usual', `${usual}\n`)
const prodFile = put('prod', 'another password\n')
const wrongFile = put('wrong', 'something else\n')
const place = { shown: (path: string) => path.split('/').at(-1)!, env: {} }
const sources = (more: { passwordFiles?: readonly string[]; ids?: readonly string[]; ask?: boolean } = {}) =>
  useVaultSources({ passwordFiles: [], ids: [], ask: false, cwd: folder, ...more })
const failure = async (work: Promise<unknown>): Promise<{ summary: string; detail?: string; fix?: string; exitCode?: number }> =>
  work.then(
    () => ({ summary: 'it did not fail' }),
    (error) => error.details ?? { summary: String(error) },
  )
afterEach(() => sources())

const contents = {
  db_password: 'hunter two é',
  'smtp.user': 'mailer',
  'smtp.password': `pass: 'word' "x" #1`,
  'api_tokens.0': 'first-token',
  'api_tokens.1': 'second-token',
  mode: '0644',
  enabled: 'yes',
  key: '-----BEGIN THING-----\nbGluZSBvbmUgb2YgdGhlIGtleSE=\n-----END THING-----\n',
}

describe('what ansible-vault wrote', () => {
  test.each([['whole.yml'], ['labelled.yml']])('%s: names joined by dots, and texts as they are written', async (name) => {
    sources({ passwordFiles: [usualFile], ids: [`prod@${prodFile}`] })
    expect(Object.fromEntries(await readSecrets(fixture(name), place))).toEqual(contents)
  })
  test('values that are encrypted in a file in clear, each with its own password', async () => {
    sources({ passwordFiles: [usualFile], ids: [`prod@${prodFile}`] })
    expect(Object.fromEntries(await readSecrets(fixture('inline.yml'), place))).toEqual({
      app_port: '8080',
      api_token: 'api.token value',
      'nested.inner': 'deep secret',
    })
  })
  test('a text as a whole', async () => {
    sources({ passwordFiles: [usualFile] })
    expect((await openVault(textOf('key.pem'), 'key.pem', place)).toString()).toBe(contents.key)
  })
  test('Windows line breaks and space around it do no harm', () => {
    const vault = parseVault(`\n${textOf('key.pem').replaceAll('\n', '\r\n')}\n`)
    expect('problem' in vault ? vault : decryptVault(vault, usual)?.toString()).toBe(contents.key)
  })
})

describe('where the password comes from', () => {
  const key = () => openVault(textOf('key.pem'), 'key.pem', place).then((plain) => plain.toString())
  test('a program that prints it', async () => {
    sources({ passwordFiles: [put('program', `#!/bin/sh\nprintf '%s\\n' '${usual}'\n`, 0o700)] })
    expect(await key()).toBe(contents.key)
  })
  test('a client is told the label', async () => {
    const client = put('keyring-client.sh', `#!/bin/sh\n[ "$1 $2" = '--vault-id dev' ] && echo '${usual}'\n`, 0o700)
    sources({ ids: [`dev@${client}`] })
    expect(await key()).toBe(contents.key)
  })
  test('the variables that Ansible reads', async () => {
    for (const env of [{ ANSIBLE_VAULT_PASSWORD_FILE: usualFile }, { ANSIBLE_VAULT_IDENTITY_LIST: `a@${wrongFile}, b@${usualFile}` }]) {
      sources()
      expect((await openVault(textOf('key.pem'), 'key.pem', { env })).toString()).toBe(contents.key)
    }
  })
  test.each([
    ['a file that is not there', { passwordFiles: ['none'] }, /--vault-password-file: .*none does not exist/],
    ['a folder', { passwordFiles: ['.'] }, /is no file/],
    ['an empty file', { passwordFiles: [put('empty', '\n')] }, /empty is empty/],
    [
      'a program that fails',
      { ids: [`x@${put('fails', '#!/bin/sh\necho no keyring >&2; exit 3\n', 0o700)}`] },
      /--vault-id: [\s\S]*exit code 3\nno keyring/,
    ],
    ['a question without a terminal', { ask: true }, /--ask-vault-pass: there is no terminal/],
  ])('%s', async (_, given, says) => {
    sources(given)
    expect(await failure(key())).toMatchObject({
      summary: 'The password of a vault cannot be had',
      detail: expect.stringMatching(says),
      exitCode: 1,
    })
  })
  test('nowhere: the options are named', async () => {
    sources()
    expect(await failure(key())).toMatchObject({ detail: 'key.pem', fix: expect.stringContaining('--vault-password-file'), exitCode: 1 })
  })
})

describe('what does not open', () => {
  const spoilt = (change: (text: string) => string) => put('spoilt.yml', change(textOf('whole.yml')))
  test('a wrong password, and more than one', async () => {
    sources({ passwordFiles: [wrongFile] })
    expect(await failure(readSecrets(fixture('whole.yml'), place))).toMatchObject({
      summary: 'A file of Ansible Vault does not open',
      detail: 'whole.yml: the password does not fit, or it was changed since it was encrypted',
      fix: expect.stringContaining('ansible-vault view whole.yml'),
      exitCode: 1,
    })
    sources({ passwordFiles: [wrongFile, usualFile] })
    expect((await failure(readSecrets(fixture('labelled.yml'), place))).detail).toContain('(label prod): none of the 2 passwords fits')
    expect((await failure(readSecrets(fixture('inline.yml'), place))).detail).toMatch(/^inline\.yml:10 \(label prod\)/)
  })
  test.each<[string, (text: string) => string, RegExp]>([
    [
      'a digit that was changed',
      (text) => `${text.slice(0, -3)}${text.at(-3) === '0' ? '1' : '0'}${text.slice(-2)}`,
      /does not fit|cut off/,
    ],
    ['a line that is missing', (text) => text.split('\n').toSpliced(3, 1).join('\n'), /cut off, or a line|does not fit/],
    ['a header alone', (text) => text.split('\n')[0]!, /cut off/],
    ['no hexadecimal digits', (text) => `${text.split('\n')[0]}\nhello`, /cut off/],
    ['another cipher', (text) => text.replace('AES256', 'AES'), /AES256 is/],
    ['an older version', (text) => text.replace('1.1', '1.0'), /version 1\.0/],
  ])('%s', async (_, change, says) => {
    sources({ passwordFiles: [usualFile] })
    const { summary, detail, exitCode } = await failure(readSecrets(spoilt(change), place))
    expect([summary, exitCode]).toEqual([expect.stringContaining('A file of Ansible Vault'), 1])
    expect(detail).toMatch(says)
  })
  test('a key has no names: how to import it is told, and nothing of it', async () => {
    sources({ passwordFiles: [usualFile] })
    const { summary, detail, fix } = await failure(readSecrets(fixture('key.pem'), place))
    expect([summary, fix]).toEqual(['A file of Ansible Vault holds no names and values', expect.stringContaining('rollcall secret import')])
    expect(`${detail}${fix}`).not.toContain('bGluZ')
  })
  test('the commands that write files of age say what it is', async () => {
    expect(await failure(openFile(fixture('whole.yml'), place))).toMatchObject({
      fix: expect.stringContaining('rollcall secret import whole.yml'),
    })
  })
})

test('what is a vault is told by its beginning, and by the tag', () => {
  expect(['$ANSIBLE_VAULT;1.1;AES256\n00', 'a: 1', '# !vaulted'].map(isVault)).toEqual([true, false, false])
  expect(['a: !vault |\n  x', 'a: !vaulted x', 'a: x!vault'].map(isVaultFile)).toEqual([true, false, false])
})
