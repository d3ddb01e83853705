import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encrypt } from '../../src/secrets/age.ts'
import { makeIdentity } from '../../src/secrets/identities.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { eventsOf, onTerminal, rollcall } from '../helpers/cli.ts'

let root = ''
const path = (name: string) => join(root, name)
const put = (name: string, text: string) => {
  mkdirSync(dirname(path(name)), { recursive: true })
  writeFileSync(path(name), text)
}
/** An inventory whose one host is this machine; `secrets` is what it exports of that name. */
const inventory = (secrets: string) => `import { defineInventory, defineSecrets, local, Secret, secretFromEnv } from 'rollcall'
export const secrets = ${secrets}
export const inventory = defineInventory({ groups: { all: {} }, hosts: { here: { groups: [], connection: local() } } })
void [defineSecrets, Secret, secretFromEnv]
`
const site = `import { definePlaybook, query, sh } from 'rollcall'
import { inventory, secrets } from '#inventory'
export default definePlaybook('site', inventory, (play) => {
  play('p', { hosts: 'all' }, ({ task }) => void task('uses it', query({ script: sh\`printf %s \${secrets.password} | wc -c\` })))
})
`
const identity = () => path('identity.txt')
const run = (inventoryName: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  rollcall([...args, '-i', `inventory/${inventoryName}.ts`], { cwd: root, env: { ROLLCALL_AGE_IDENTITY: identity(), ...env } })

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'unlock-'))
  put(
    'package.json',
    JSON.stringify({ name: 'site', type: 'module', dependencies: { rollcall: '*' }, imports: { '#inventory': './inventory/lab.ts' } }),
  )
  mkdirSync(path('node_modules'))
  symlinkSync(ownRoot(), path('node_modules/rollcall'))
  const recipient = await makeIdentity(identity())
  put('secrets/lab.age', await encrypt('{"password": "hunter two", "other": "more text"}', { kind: 'recipients', recipients: [recipient] }))
  put('playbooks/site.ts', site)
  put('inventory/lab.ts', inventory("defineSecrets({ file: 'secrets/lab.age', names: ['password'] })"))
  put(
    'inventory/url.ts',
    inventory("defineSecrets({ file: new URL('../secrets/lab.age', import.meta.url), names: ['other', 'password'] })"),
  )
  for (const name of ['whole.yml', 'key.pem']) copyFileSync(new URL(`../secrets/vaults/${name}`, import.meta.url), path(name))
  put('vault-password', 'correct horse battery\n')
  put('wrong-password', 'something else\n')
  put(
    'inventory/vault.ts',
    inventory("{ password: defineSecrets({ file: 'whole.yml', names: ['db_password', 'smtp.password'] })['smtp.password'] }"),
  )
  put('inventory/vaulttypo.ts', inventory("{ password: defineSecrets({ file: 'whole.yml', names: ['smtp'] }).smtp }"))
  put('inventory/env.ts', inventory("{ password: secretFromEnv('SITE_PASSWORD') }"))
  put('inventory/typo.ts', inventory("defineSecrets({ file: 'secrets/lab.age', names: ['pasword', 'password'] })"))
  put('inventory/unknown.ts', inventory("defineSecrets({ file: 'secrets/lab.age', names: ['password', 'zzz'] })"))
  put('inventory/nofile.ts', inventory("defineSecrets({ file: 'secrets/none.age', names: ['password'] })"))
  put(
    'inventory/early.ts',
    inventory("{ password: new Secret(defineSecrets({ file: 'secrets/lab.age', names: ['password'] }).password.reveal()) }"),
  )
  put('inventory/unset.ts', inventory('{ password: new Secret(process.env.SITE_UNSET!) }'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

test.each<[string, NodeJS.ProcessEnv, string]>([
  ['lab', {}, '10\n'],
  ['url', {}, '10\n'],
  ['env', { SITE_PASSWORD: 'from outside', ROLLCALL_AGE_IDENTITY: '' }, '12\n'],
])('the secrets of inventory %s are unlocked before its hosts are asked', async (name, env, stdout) => {
  const done = await run(name, ['run', 'site', '--format', 'json'], env)
  expect([done.code, done.stderr]).toEqual([0, ''])
  expect(eventsOf(done, 'task')[0]).toMatchObject({ task: 'uses it', result: { stdout } })
})

test.each<[string, string, NodeJS.ProcessEnv, RegExp]>([
  [
    'a name with a slip',
    'typo',
    {},
    /There is no such secret\n {2}'pasword' in secrets\/lab\.age\n.*inventory\/typo\.ts:2.*\n {2}Did you mean 'password'\?/,
  ],
  ['a name nothing is like', 'unknown', {}, /no such secret[\s\S]*rollcall secret set secrets\/lab\.age zzz/],
  [
    'a file that is not there',
    'nofile',
    {},
    /does not exist\n {2}secrets\/none\.age\n.*inventory\/nofile\.ts:2[\s\S]*rollcall secret create/,
  ],
  ['no identity', 'lab', { ROLLCALL_AGE_IDENTITY: '' }, /There is no identity[\s\S]*rollcall secret keygen/],
  [
    'a variable that is not set',
    'env',
    {},
    /A variable that holds a secret is not set\n {2}SITE_PASSWORD\n.*inventory\/env\.ts:2[\s\S]*read -rs/,
  ],
  ['a variable that is empty', 'env', { SITE_PASSWORD: '' }, /A variable that holds a secret is not set/],
  [
    'a secret that is revealed while the code is loaded',
    'early',
    {},
    /revealed before it was unlocked[\s\S]*'password' of secrets\/lab\.age[\s\S]*inventory\/early\.ts:2/,
  ],
  ['a Secret of a variable that is not set', 'unset', {}, /a Secret holds text, and was given undefined[\s\S]*secretFromEnv/],
])('%s ends a run with exit code 1, and no host was asked', async (_, name, env, says) => {
  const done = await run(name, ['run', 'site', '--format', 'json'], env)
  expect([done.code, done.stdout]).toEqual([1, ''])
  expect(done.stderr).toMatch(says)
  expect(done.stderr).not.toMatch(/hunter two|more text/)
})

describe('a file that ansible-vault wrote, in place of one of age', () => {
  const asked = ['run', 'site', '--format', 'json']
  test.each<[string, readonly string[], NodeJS.ProcessEnv]>([
    ['the option that Ansible has', ['--vault-password-file', 'vault-password'], {}],
    ['one of several passwords', ['--vault-password-file', 'wrong-password', '--vault-id', 'x@vault-password'], {}],
    ["Ansible's variable", [], { ANSIBLE_VAULT_PASSWORD_FILE: 'vault-password' }],
  ])('is opened with %s', async (_, more, env) => {
    const done = await run('vault', [...asked, ...more], env)
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(eventsOf(done, 'task')[0]).toMatchObject({ result: { stdout: `${`pass: 'word' "x" #1`.length}\n` } })
  })
  test.each<[string, string, readonly string[], RegExp]>([
    ['no password, and no terminal', 'vault', [], /The password of a vault is needed[\s\S]*whole\.yml[\s\S]*--vault-password-file ~/],
    [
      'a wrong one',
      'vault',
      ['--vault-password-file', 'wrong-password'],
      /does not open\n {2}whole\.yml: the password does not fit[\s\S]*inventory\/vault\.ts:2/,
    ],
    [
      'a name it does not hold',
      'vaulttypo',
      ['--vault-password-file', 'vault-password'],
      /no such secret\n {2}'smtp' in whole\.yml[\s\S]*Did you mean 'smtp\.\w+'/,
    ],
    [
      'an id without a source',
      'vault',
      ['--vault-id', 'prod'],
      /--vault-id needs a label and a source\n {2}'prod'\n {2}--vault-id prod@prompt/,
    ],
  ])('%s ends a run with exit code 1', async (_, name, more, says) => {
    const done = await run(name, [...asked, ...more])
    expect([done.code, done.stdout]).toEqual([1, ''])
    expect(done.stderr).toMatch(says)
  })
  test('is asked for at a terminal, without an echo', async () => {
    const command = ['run', 'site', '-i', 'inventory/vault.ts', '--ask-vault-pass']
    const done = await onTerminal(command, [['Vault password: ', 'correct horse battery\r']], { cwd: root })
    expect([done.code, done.shown]).toEqual([0, expect.stringContaining('1 task ok')])
    expect(done.shown).not.toContain('correct horse')
  })
})

test.each([
  [['run', 'site', '--list-tasks']],
  [['run', 'site', '--list-hosts']],
  [['explain', 'site']],
  [['inventory', 'list']],
  [['inventory', 'host', 'here']],
])('%j needs neither identity nor variable', async (args) => {
  for (const name of ['lab', 'env', 'vault']) {
    const done = await run(name, args, { ROLLCALL_AGE_IDENTITY: '' })
    expect([done.code, done.stderr]).toEqual([0, ''])
  }
})

test('other commands that contact hosts unlock first, too', async () => {
  const without = { ROLLCALL_AGE_IDENTITY: '' }
  for (const args of [
    ['facts', '--refresh'],
    ['exec', 'all'],
  ]) {
    const done = await rollcall([...args, '-i', 'inventory/lab.ts', ...(args[0] === 'exec' ? ['--', 'true'] : [])], {
      cwd: root,
      env: without,
    })
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining('There is no identity')])
  }
})

test.each([
  ['lab', 'hunter two'],
  ['env', 'from outside'],
])('exec does not repeat a secret of inventory %s that a host says', async (name, value) => {
  const command = ['exec', 'all', '-i', `inventory/${name}.ts`, '--format', 'json', '--', 'echo', `it is ${value}`]
  const done = await rollcall(command, { cwd: root, env: { ROLLCALL_AGE_IDENTITY: identity(), SITE_PASSWORD: 'from outside' } })
  expect([done.code, JSON.parse(done.stdout)]).toMatchObject([0, { host: 'here', stdout: 'it is [secret]\n' }])
})
