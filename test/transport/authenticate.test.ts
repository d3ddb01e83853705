import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterEach, describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/transport/known-hosts.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { useLoginSettings } from '../../src/util/login-settings.ts'
import { Secret } from '../../src/util/secret.ts'
import { testFolder } from '../helpers/folder.ts'
import { startAgent } from '../helpers/ssh-agent.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshd } from '../helpers/sshd.ts'

afterEach(() => {
  useLoginSettings({})
  for (const name of ['SSH_ASKPASS', 'SSH_ASKPASS_REQUIRE']) delete process.env[name]
})

const failure = async (target: SshTarget) =>
  connectSsh2(target).then(
    async (connection) => connection.close().then(() => undefined),
    (error: unknown) => error,
  )
const detailOf = (error: unknown) => (error as { details: { detail: string } }).details.detail

/** A key that ssh-keygen has encrypted, and its line for authorized_keys. */
function encryptedKey(passphrase: string, ...words: readonly string[]): { readonly file: string; readonly line: string } {
  const file = join(testFolder(), 'id')
  const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', file, ...words], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr)
  return { file, line: readFileSync(`${file}.pub`, 'utf8') }
}

/** Somebody at a terminal who types these, one after the other. */
function person(...typed: readonly string[]): { readonly asked: string[] } {
  const asked: string[] = []
  useLoginSettings({
    ask: async (question) => {
      asked.push(question)
      const answer = typed[asked.length - 1]
      if (answer === undefined) throw new Error(`nobody expected '${question}'`)
      return answer
    },
  })
  return { asked }
}

describe('an encrypted key', () => {
  test('is asked for once, however many hosts want it, and only where the host would take it', async () => {
    const sshd = await startSshd()
    const other = await startSshd()
    const { file, line } = encryptedKey('open sesame')
    for (const one of [sshd, other]) writeFileSync(join(one.folder, 'authorized_keys'), line)
    const { asked } = person('wrong', 'open sesame')
    const targets = [sshd, other, sshd].map((one) => one.target({ identityFiles: [file] }))
    expect(await Promise.all(targets.map(failure))).toEqual([undefined, undefined, undefined])
    expect(asked).toEqual([`passphrase of the key ${file}`, `that does not open it; passphrase of the key ${file}`])
    const stranger = encryptedKey('open sesame')
    expect(await failure(sshd.target({ identityFiles: [stranger.file, file] }))).toBeUndefined()
    expect(asked).toHaveLength(2)
    for (const one of [sshd, other]) await one.close()
  })

  test('is opened by the passphrase of the inventory, and by the program that SSH_ASKPASS names', async () => {
    const sshd = await startSshd()
    for (const how of ['inventory', 'program'] as const) {
      const { file, line } = encryptedKey("it's open")
      writeFileSync(join(sshd.folder, 'authorized_keys'), line)
      if (how === 'program') {
        const program = join(testFolder(), 'askpass')
        writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$1" >>${program}.asked\necho "it's open"\n`)
        chmodSync(program, 0o755)
        Object.assign(process.env, { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force' })
        expect(await failure(sshd.target({ identityFiles: [file] }))).toBeUndefined()
        expect(readFileSync(`${program}.asked`, 'utf8')).toBe(`passphrase of the key ${file}: \n`)
      } else expect(await failure(sshd.target({ identityFiles: [file], passphrase: new Secret("it's open") }))).toBeUndefined()
    }
    await sshd.close()
  })

  test('that nobody opens is said by name, with ssh-add', async () => {
    const sshd = await startSshd()
    const { file } = encryptedKey('open sesame')
    expect(await failure(sshd.target({ identityFiles: [file] }))).toMatchObject({
      details: { summary: /encrypted/, detail: expect.stringContaining(file), fix: expect.stringContaining(`ssh-add ${file}`) },
    })
    const refused = await failure(sshd.target({ identityFiles: [file], batch: true, password: new Secret('no') }))
    expect(detailOf(refused)).toContain(`${file}: encrypted`)
    writeFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${file}.pub`))
    expect(await failure(sshd.target({ identityFiles: [file], passphrase: new Secret('wrong one') }))).toMatchObject({
      details: { detail: expect.stringContaining('does not open it'), fix: expect.stringContaining(`ssh-add ${file}`) },
    })
    await sshd.close()
  })

  test('of an older format is asked for when its turn comes', async () => {
    const sshd = await startSshd()
    const file = join(testFolder(), 'id')
    spawnSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'open sesame', '-f', file])
    writeFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${file}.pub`))
    writeFileSync(`${file}.pub`, '')
    const { asked } = person('open sesame')
    expect(await failure(sshd.target({ identityFiles: [file] }))).toBeUndefined()
    expect(asked).toHaveLength(1)
    await sshd.close()
  })
})

describe('the order of an agent and of files', () => {
  test('is that of OpenSSH, but a key that the inventory names goes first', async () => {
    const sshd = await startSshd()
    const agent = await startAgent()
    const keys = Array.from({ length: 3 }, () => makeKey())
    const [other, named, alone] = keys.map(({ privateText }, at) => writePrivate(testFolder(), `key${at}`, privateText))
    agent.add(other!)
    agent.add(named!)
    const target = sshd.target({ agent: agent.socket, identityFiles: [alone!, named!] })
    const order = (error: unknown) =>
      [
        ...detailOf(error)
          .split('\n')[0]!
          .matchAll(/SHA256:[^)]+/g),
      ].map(([print]) => print)
    const [otherPrint, namedPrint, alonePrint] = keys.map(({ publicKey }) => fingerprint(publicKey))
    expect(order(await failure(target))).toEqual([namedPrint, otherPrint, alonePrint])
    expect(order(await failure({ ...target, identitiesOnly: true }))).toEqual([namedPrint, alonePrint])
    expect(order(await failure({ ...target, identityFirst: true }))).toEqual([namedPrint, alonePrint, otherPrint])
    agent.stop()
    await sshd.close()
  })

  test('an agent that holds too many keys is told of with what to do', async () => {
    const sshd = await startSshd({ config: ['MaxAuthTries 2'] })
    const agent = await startAgent()
    for (let at = 0; at < 4; at++) agent.add(writePrivate(testFolder(), `key${at}`, makeKey().privateText))
    expect(await failure(sshd.target({ agent: agent.socket, identityFiles: [] }))).toMatchObject({
      name: 'UnreachableError',
      details: {
        summary: /refused the login/,
        detail: expect.stringMatching(/too many/i),
        fix: expect.stringContaining('IdentitiesOnly yes'),
      },
    })
    agent.stop()
    await sshd.close()
  })

  test('a dead agent does not keep anybody out', async () => {
    const sshd = await startSshd()
    expect(await failure(sshd.target({ agent: join(testFolder(), 'none') }))).toBeUndefined()
    await sshd.close()
  })
})

interface Question {
  readonly prompt: string
  readonly echo: boolean
}

/** A server that wants a key or not, and then asks these rounds of questions. */
async function asking(rounds: readonly (readonly Question[])[], answers: readonly string[], options: { readonly key?: Buffer } = {}) {
  const hostKey = makeKey()
  const given: string[] = []
  const server = new ssh2.Server({ hostKeys: [hostKey.privateText] }, (client) => {
    let keyed = options.key === undefined
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      if (!keyed) {
        if (context.method !== 'publickey' || !options.key?.equals(context.key.data)) return context.reject(['publickey'])
        if (context.signature === undefined) return context.accept()
        keyed = true
        return context.reject(['keyboard-interactive'], true)
      }
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      const round = (at: number) => {
        const questions = rounds[at]
        if (questions === undefined) return given.join() === answers.join() ? context.accept() : context.reject(['keyboard-interactive'])
        context.prompt([...questions], (said) => {
          if (said.length !== questions.length) return context.reject(['keyboard-interactive'])
          given.push(...said)
          round(at + 1)
        })
      }
      round(0)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const known = writePrivate(testFolder(), 'known_hosts', `[127.0.0.1]:${port} ${hostKey.publicText}\n`)
  const target: SshTarget = { host: 'viper', address: '127.0.0.1', port, user: 'admin', knownHosts: { files: [known], policy: 'strict' } }
  return { target, given, close: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

const [passwordFirst, code] = [
  { prompt: 'Password: ', echo: false },
  { prompt: 'Verification code: ', echo: false },
]

describe('keyboard-interactive', () => {
  test.each([
    { name: 'in one round', rounds: [[passwordFirst, code]] },
    { name: 'in two rounds', rounds: [[passwordFirst], [code]] },
    { name: 'the other way round', rounds: [[code], [passwordFirst]], answers: ['123456', 'letmein'] },
  ])('two questions $name: the password is known, the code a person types', async ({ rounds, answers = ['letmein', '123456'] }) => {
    const server = await asking(rounds, answers)
    const { asked } = person('123456')
    expect(await failure({ ...server.target, password: new Secret('letmein') })).toBeUndefined()
    expect(asked).toEqual(['admin@viper: Verification code'])
    await server.close()
  })

  test('a question that nobody answers is named', async () => {
    const server = await asking([[passwordFirst], [code]], ['letmein', '123456'])
    const error = await failure({ ...server.target, password: new Secret('letmein') })
    expect(error).toMatchObject({ name: 'UnreachableError' })
    expect(detailOf(error)).toContain("it asked 'Verification code', and there is nobody to answer")
    await server.close()
  })

  test.each(['file', 'agent'] as const)('a second factor behind a key of a %s is asked for', async (from) => {
    const key = makeKey()
    const file = writePrivate(testFolder(), 'id', key.privateText)
    const agent = await startAgent()
    agent.add(file)
    const server = await asking([[code]], ['123456'], { key: key.publicKey })
    const target = { ...server.target, ...(from === 'file' ? { identityFiles: [file] } : { agent: agent.socket }) }
    const { asked } = person('123456')
    expect(await failure(target)).toBeUndefined()
    expect(asked).toHaveLength(1)
    useLoginSettings({})
    expect(detailOf(await failure(target))).toContain('wants another method besides')
    agent.stop()
    await server.close()
  })

  test('methods that the configuration leaves out are not tried', async () => {
    const server = await asking([[passwordFirst]], ['letmein'])
    const error = await failure({ ...server.target, password: new Secret('letmein'), methods: ['publickey', 'password'] })
    expect(detailOf(error)).toContain('keyboard-interactive: not tried, the ssh configuration does not allow it')
    expect(server.given).toEqual([])
    await server.close()
  })
})

test('nothing that was typed is left in what is shown', async () => {
  const sshd = await startSshd()
  const { file } = encryptedKey('a long passphrase')
  writeFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${file}.pub`))
  person('not the passphrase', 'also not this', 'nor this one')
  const error = await failure(sshd.target({ identityFiles: [file] }))
  expect(JSON.stringify(error)).not.toMatch(/not the passphrase|also not this|nor this one/)
  expect(detailOf(error)).toContain('none of 3 passphrases opened it')
  expect(existsSync(file)).toBe(true)
  await sshd.close()
})
