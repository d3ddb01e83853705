import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { checkRecipient, decrypt, encrypt, lockKindOf, newIdentity, recipientOf } from '../../src/secrets/age.ts'
import { findIdentities, makeIdentity } from '../../src/secrets/identities.ts'
import { readRecipients, recipientsFile } from '../../src/secrets/recipients.ts'
import { lockOf, openFile, saveFile } from '../../src/secrets/secret-file.ts'
import { testFolder } from '../helpers/folder.ts'

const folder = testFolder()
const path = (name: string) => join(folder, name)
const identityFile = path('identity.txt')
const recipient = await makeIdentity(identityFile)
const other = await newIdentity()
const place = { shown: (of: string) => of.slice(folder.length + 1), env: { ROLLCALL_AGE_IDENTITY: identityFile } }
const lock = { kind: 'recipients', recipients: [recipient] } as const
const document = '{\n  "password": "hunter two é"\n}\n'

const failure = async (work: Promise<unknown>): Promise<{ summary: string; detail?: string; fix?: string; exitCode?: number }> =>
  work.then(
    () => ({ summary: 'it did not fail' }),
    (error) => error.details ?? { summary: String(error) },
  )

test('a file that is saved is opened again, and its folder is made', async () => {
  const file = path('new/folder/lab.age')
  await saveFile(file, document, lock)
  expect(await openFile(file, place)).toMatchObject({ text: document, values: new Map([['password', 'hunter two é']]) })
  expect([lockKindOf(readFileSync(file)), statSync(file).mode & 0o777]).toEqual(['recipients', 0o644])
  expect(readFileSync(file, 'utf8')).not.toContain('hunter')
})

describe('the program age', () => {
  it('opens what Rollcall wrote', async () => {
    writeFileSync(path('ours.age'), await encrypt(document, lock))
    expect(execFileSync('age', ['-d', '-i', identityFile, path('ours.age')], { encoding: 'utf8' })).toBe(document)
  })
  it.each([[[]], [['-a']]])('writes what Rollcall opens (%j)', async (options) => {
    execFileSync('age', [...options, '-r', recipient, '-o', path('theirs.age')], { input: document })
    expect((await openFile(path('theirs.age'), place)).text).toBe(document)
  })
  it('makes identities that Rollcall uses', async () => {
    const file = path('keygen.txt')
    execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' })
    const { identities } = (await findIdentities({ ROLLCALL_AGE_IDENTITY: file }))!
    expect(readFileSync(file, 'utf8')).toContain(await recipientOf(identities[0]!))
    expect(execFileSync('age-keygen', ['-y', identityFile], { encoding: 'utf8' }).trim()).toBe(recipient)
  })
  it('reads the list of recipients', async () => {
    writeFileSync(path('recipients.txt'), `# all of us\n\n${recipient} # me, at home\n${await recipientOf(other)}\n`)
    expect(await readRecipients(path('recipients.txt'))).toEqual([recipient, await recipientOf(other)])
  })
})

test('a passphrase', async () => {
  const bytes = Buffer.from(await encrypt(document, { kind: 'passphrase', passphrase: 'correct horse' }))
  expect(lockKindOf(bytes)).toBe('passphrase')
  expect(await decrypt(bytes, { kind: 'passphrase', passphrase: 'correct horse' })).toEqual({ text: document })
  expect(await decrypt(bytes, { kind: 'passphrase', passphrase: 'wrong' })).toMatchObject({ failure: 'noMatch' })
})

describe('what cannot be opened says why, and shows nothing of what is inside', () => {
  const whole = async () => encrypt(document, lock)
  const cases: readonly [name: string, make: () => Promise<string | Buffer | undefined>, env: object, says: RegExp][] = [
    ['no file', async () => undefined, {}, /does not exist.*rollcall secret create/s],
    [
      'both sides of a merge',
      async () => `<<<<<<< HEAD\n${await whole()}=======\n${await whole()}>>>>>>> other\n`,
      {},
      /both sides of a merge.*git checkout --ours/s,
    ],
    ['another file', async () => '{"password": "hunter two"}', {}, /no file of age.*in clear/s],
    ['no identity', whole, { ROLLCALL_AGE_IDENTITY: '', XDG_CONFIG_HOME: path('nobody') }, /no identity.*ROLLCALL_AGE_IDENTITY=/s],
    [
      'an identity file that is not there',
      whole,
      { ROLLCALL_AGE_IDENTITY: path('none') },
      /does not exist.*named by ROLLCALL_AGE_IDENTITY/s,
    ],
    ['a key in place of a file', whole, { ROLLCALL_AGE_IDENTITY: other }, /holds a key, and must name a file/],
    [
      'a file for others',
      async () => encrypt(document, { kind: 'recipients', recipients: [await recipientOf(other)] }),
      {},
      /does not open.*rekey/s,
    ],
    ['a broken header', async () => (await whole()).replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA'), {}, /no file of age|damaged/],
    [
      'a changed byte',
      async () => change(Buffer.from(execFileSync('age', ['-r', recipient], { input: document }))),
      {},
      /damaged.*git log/s,
    ],
    [
      'a file cut off',
      async () => Buffer.from(execFileSync('age', ['-r', recipient], { input: document })).subarray(0, -20),
      {},
      /damaged/,
    ],
    ['armor cut off', async () => (await whole()).slice(0, -60), {}, /damaged/],
    ['no JSON inside', async () => encrypt('password: hunter two\n', lock), {}, /names and texts.*line 1, column 1.*secret edit/s],
    ['bytes inside', async () => encrypt(new Uint8Array([0xff, 0xfe]), lock), {}, /damaged/],
    ['a passphrase, and no terminal', async () => encrypt(document, { kind: 'passphrase', passphrase: 'x' }), {}, /no terminal/],
  ]
  it.each(cases)('%s', async (name, make, env, says) => {
    const file = path(`case ${name}.age`)
    const content = await make()
    if (content !== undefined) writeFileSync(file, content)
    const details = await failure(openFile(file, { ...place, env: { ...place.env, ...env } }))
    expect([details.summary, details.detail, details.fix].join('\n')).toMatch(says)
    expect(details.exitCode).toBe(1)
    expect(JSON.stringify(details)).not.toMatch(/hunter|AGE-SECRET-KEY-1/i)
  })
})

function change(bytes: Buffer): Buffer {
  bytes[bytes.length - 3]! ^= 1
  return bytes
}

describe('identities', () => {
  it.each([
    ['an SSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter\n', /SSH key.*not supported/s],
    ['a key with a slip', `# mine\n${other.slice(0, -3)}\n`, /line 2 is neither/],
    ['nothing', '# only a comment\n', /is empty/],
  ])('%s', async (name, text, says) => {
    writeFileSync(path(`identity ${name}`), text)
    const details = await failure(findIdentities({ ROLLCALL_AGE_IDENTITY: path(`identity ${name}`) }))
    expect(`${details.detail} ${details.fix}`).toMatch(says)
    expect(JSON.stringify(details)).not.toMatch(/hunter|AGE-SECRET-KEY-1[A-Z0-9]/)
  })
  it('are for their user alone, and never written over', async () => {
    const file = path('config/rollcall/identity.txt')
    await makeIdentity(file)
    const before = readFileSync(file, 'utf8')
    expect([statSync(file).mode & 0o777, statSync(join(file, '..')).mode & 0o777]).toEqual([0o600, 0o700])
    expect((await failure(makeIdentity(file))).summary).toBe('There is an identity already')
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect((await findIdentities({ XDG_CONFIG_HOME: path('config') }))?.file).toBe(file)
  })
})

describe('recipients', () => {
  it.each([
    ['a secret key', other, /it is a secret key/],
    ['an SSH key', 'ssh-ed25519 AAAA me@example.test', /SSH key.*not supported/],
    ['a key cut off', recipient.slice(0, -4), /cut off/],
  ])('%s is none', async (_, text, says) => {
    const details = await failure(checkRecipient(text, 'recipients.txt:3'))
    expect(`${details.detail} ${details.fix}`).toMatch(says)
    expect(JSON.stringify(details)).not.toContain('AGE-SECRET-KEY-1')
  })
  it('of a file of its own come before those of its folder', async () => {
    mkdirSync(path('two'))
    expect(recipientsFile(path('two/prod.age'))).toBe(path('two/recipients.txt'))
    writeFileSync(path('two/prod.recipients.txt'), `${recipient}\n`)
    expect(recipientsFile(path('two/prod.age'))).toBe(path('two/prod.recipients.txt'))
    expect(await lockOf({ path: path('two/prod.age') }, place)).toEqual(lock)
    expect(await failure(lockOf({ path: path('two/lab.age') }, place))).toMatchObject({ summary: 'There is nobody to encrypt for' })
  })
})

test('nothing is left beside a file that was saved', async () => {
  await saveFile(path('again/lab.age'), document, lock)
  await saveFile(path('again/lab.age'), document, lock)
  expect(existsSync(path('again/lab.age'))).toBe(true)
  expect(execFileSync('ls', ['-A', path('again')], { encoding: 'utf8' })).toBe('lab.age\n')
})
