import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, knownHostLine } from '../../src/transport/known-hosts.ts'
import { connectOpenssh } from '../../src/transport/openssh.ts'
import type { OpensshOptions } from '../../src/transport/openssh-target.ts'
import { openSession } from '../../src/transport/session.ts'
import type { DeclaredTarget } from '../../src/transport/ssh-config.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { buildProgram } from '../helpers/built.ts'
import { testFolder } from '../helpers/folder.ts'
import { startAgent } from '../helpers/ssh-agent.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshServer, type TestSshServer } from '../helpers/ssh-server.ts'
import { startSshd, type TestSshd } from '../helpers/sshd.ts'

/** The directories of masters land here, so that a test sees whether any is left. */
let runtime = ''
const before = process.env.XDG_RUNTIME_DIR
beforeAll(() => {
  runtime = mkdtempSync(join(tmpdir(), 'rt-'))
  process.env.XDG_RUNTIME_DIR = runtime
})
afterAll(() => {
  if (before === undefined) delete process.env.XDG_RUNTIME_DIR
  else process.env.XDG_RUNTIME_DIR = before
  rmSync(runtime, { recursive: true, force: true })
})

async function says(declared: DeclaredTarget, options?: OpensshOptions): Promise<string> {
  const { connection, user } = await connectOpenssh(declared, options)
  const session = await openSession(connection, { host: declared.host, user })
  const [reply] = await session.exchange([{ script: sh`printf %s hello` }])
  await session.close()
  await connection.close()
  expect(readdirSync(runtime)).toEqual([])
  return Buffer.from(reply?.stdout ?? []).toString()
}

const failure = async (declared: DeclaredTarget, options?: OpensshOptions): Promise<unknown> =>
  says(declared, options).then(
    (text) => `it said ${text}`,
    (error: unknown) => {
      expect(readdirSync(runtime)).toEqual([])
      return error
    },
  )

const config = (text: string) => writePrivate(testFolder(), 'config', `${text}\n`)

describe('ssh_config, and the inventory over it', () => {
  let sshd: TestSshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd.close())
  const whole = () =>
    `  HostName 127.0.0.1\n  Port ${sshd.port}\n  IdentityFile ${sshd.identityFile}\n  UserKnownHostsFile ${sshd.knownHostsFile}`

  test('everything may come from the configuration', async () => {
    expect(await says({ host: 'viper' }, { configFile: config(`Host viper\n${whole()}`) })).toBe('hello')
  })

  test.each<{ readonly name: string; readonly text: () => string; readonly declared: Partial<DeclaredTarget> }>([
    { name: 'port and user', text: () => `Host viper\n  User nobody\n  Port 1\n${whole()}`, declared: {} },
    { name: 'the address', text: () => `Host viper\n  HostName 203.0.113.9\n${whole()}`, declared: {} },
    { name: 'a section for the address', text: () => `Host 127.0.*\n${whole()}`, declared: {} },
    {
      name: 'the name, where the fallback address is not the way',
      text: () => `Host viper\n${whole()}`,
      declared: { address: undefined, fallbackAddress: '203.0.113.9' },
    },
    { name: 'files of known hosts', text: () => `Host viper\n  UserKnownHostsFile /dev/null\n${whole()}`, declared: {} },
    {
      name: 'what would make another thing of the master',
      text: () =>
        `Host viper\n  ForkAfterAuthentication yes\n  RemoteCommand sleep 1\n  RequestTTY force\n  ControlMaster auto\n  ControlPath ~/.ssh/%h\n  ControlPersist 1h\n  LocalForward 1 127.0.0.1:1\n  LocalCommand false\n${whole()}`,
      declared: {},
    },
  ])('$name', async ({ text, declared }) => {
    const declaration = sshd.declared({ host: 'viper', ...declared })
    expect(await says(declaration, { configFile: config(text()) })).toBe('hello')
  })

  test('a jump host leads there', async () => {
    const gate = await startSshd()
    const text = `Host gate\n  HostName 127.0.0.1\n  Port ${gate.port}\n  IdentityFile ${gate.identityFile}\n  UserKnownHostsFile ${gate.knownHostsFile}\nHost viper\n  ProxyJump gate\n${whole()}`
    expect(await says({ host: 'viper' }, { configFile: config(text) })).toBe('hello')
    expect(gate.connections).toBe(1)
    await gate.close()
  })

  test('a password for the host is not given to a jump host that asks for one', async () => {
    const password = 'for-viper-only'
    const gate = await startSshServer({ password }) // would let in whoever knows it
    const text = `Host gate\n  HostName 127.0.0.1\n  User jumper\n  Port ${gate.port}\n  IdentityFile none\n  UserKnownHostsFile ${gate.knownHostsFile}\nHost viper\n  ProxyJump gate\n${whole()}`
    expect(await failure({ host: 'viper', password: new Secret(password) }, { configFile: config(text) })).toMatchObject({
      name: 'UnreachableError',
      details: { host: 'viper', summary: 'A jump host refused the login', detail: expect.stringContaining('Permission denied') },
    })
    await gate.close()
  })

  test('certificates of user and host are enough, without a key that either side knows', async () => {
    const folder = testFolder()
    const sign = (name: string, publicText: string, ...args: readonly string[]) => {
      const file = writePrivate(folder, `${name}.pub`, publicText)
      execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', name, ...args, file])
      return join(folder, `${name}-cert.pub`)
    }
    const ca = makeKey()
    const authority = writePrivate(folder, 'ca', ca.privateText)
    const trusted = writePrivate(folder, 'ca.pub', ca.publicText)
    const hostCertificate = join(folder, 'host-cert.pub')
    const certified = await startSshd({
      config: [`TrustedUserCAKeys ${trusted}`, `HostCertificate ${hostCertificate}`, 'AuthorizedKeysFile none'],
    })
    sign('host', certified.hostKey.publicText, '-h', '-n', '127.0.0.1')
    const own = makeKey()
    const identityFile = writePrivate(folder, 'own', own.privateText)
    const certificate = sign('own', own.publicText, '-n', certified.user)
    const [kind, key] = ca.publicText.split(' ')
    const knownHostsFile = writePrivate(folder, 'known_hosts', `@cert-authority [127.0.0.1]:${certified.port} ${kind} ${key}\n`)
    const declared = certified.declared({ identityFile, knownHostsFiles: [knownHostsFile] })
    expect(await says(declared, { configFile: config('') })).toBe('hello')
    rmSync(certificate)
    expect(await failure(declared, { configFile: config('') })).toMatchObject({ name: 'UnreachableError' })
    await certified.close()
  })

  test.each(['openssh', 'ssh2'] as const)('an address of IPv6, by %s', async (transport) => {
    const six = createServer((socket) => {
      const on = connect(sshd.port, '127.0.0.1')
      for (const [one, other] of [[socket, on] as const, [on, socket] as const]) one.on('error', () => other.destroy()).pipe(other)
    })
    await new Promise<void>((resolve) => six.listen(0, '::1', resolve))
    const { port } = six.address() as AddressInfo
    const known = writePrivate(testFolder(), 'known_hosts', `${knownHostLine(`[::1]:${port}`, sshd.hostKey.publicKey)}\n`)
    if (transport === 'openssh')
      expect(await says(sshd.declared({ address: '::1', port, knownHostsFiles: [known] }), { configFile: config('') })).toBe('hello')
    else {
      const connection = await connectSsh2(sshd.target({ address: '::1', port, knownHosts: { files: [known], policy: 'strict' } }))
      expect(connection.description).toBe(`${sshd.user}@[::1]:${port}`)
      await connection.close()
    }
    await new Promise((resolve) => six.close(resolve))
  })

  test('a key in an agent is used', async () => {
    const agent = await startAgent()
    agent.add(sshd.identityFile)
    const text = `Host viper\n${whole()}\n  IdentityAgent ${agent.socket}\n`.replace(/ {2}IdentityFile .*\n/, '  IdentityFile none\n')
    expect(await says({ host: 'viper' }, { configFile: config(text) })).toBe('hello')
    agent.stop()
  })

  test('what ssh refuses to read is told with its own words', async () => {
    expect(await failure({ host: 'viper' }, { configFile: config('Nonsense yes') })).toMatchObject({
      name: 'RollcallError',
      details: { summary: 'ssh does not accept its configuration', detail: expect.stringContaining('nonsense'), fix: expect.any(String) },
    })
    expect(await failure({ host: 'viper' }, { program: join(testFolder(), 'ssh') })).toMatchObject({
      details: { detail: expect.stringContaining('not installed'), fix: expect.stringContaining('openssh-client') },
    })
  })
})

describe('hosts that let nobody in', () => {
  let sshd: TestSshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd.close())
  const known = (line: string) => ({ knownHostsFiles: [writePrivate(testFolder(), 'known_hosts', `${line}\n`)] })
  const name = () => `[127.0.0.1]:${sshd.port}`

  test('an unknown host key', async () => {
    expect(await failure(sshd.declared(known('# nobody')))).toMatchObject({
      name: 'RollcallError',
      details: {
        summary: "The host's key is not known",
        detail: expect.stringContaining(name()),
        host: 'honor-viper',
        fix: expect.stringMatching(/StrictHostKeyChecking=ask.* 127\.0\.0\.1 true$/),
      },
    })
  })

  test('a key that has changed, whatever the configuration says', async () => {
    const old = known(knownHostLine(name(), makeKey().publicKey))
    for (const checking of ['ask', 'no', 'accept-new'])
      expect(await failure(sshd.declared(old), { configFile: config(`StrictHostKeyChecking ${checking}`) })).toMatchObject({
        name: 'RollcallError',
        details: {
          summary: "The host's key is not the one that is known: somebody else may be answering",
          detail: expect.stringContaining(`${old.knownHostsFiles[0]}:1`),
          fix: expect.stringContaining(`ssh-keygen -f ${old.knownHostsFiles[0]} -R '${name()}'`),
        },
      })
  })

  test('a key that is revoked', async () => {
    expect(await failure(sshd.declared(known(`@revoked ${knownHostLine(name(), sshd.hostKey.publicKey)}`)))).toMatchObject({
      details: { summary: 'The host showed a key that is marked as revoked' },
    })
  })

  test('accept-new lets a new key in once', async () => {
    const file = join(testFolder(), 'known_hosts')
    const options = { configFile: config('StrictHostKeyChecking accept-new\nHashKnownHosts no') }
    expect(await says(sshd.declared({ knownHostsFiles: [file] }), options)).toBe('hello')
    expect(readFileSync(file, 'utf8')).toContain(knownHostLine(name(), sshd.hostKey.publicKey))
  })

  test('a login that is refused', async () => {
    const identityFile = writePrivate(testFolder(), 'stranger', makeKey().privateText)
    const options = { configFile: config('IdentitiesOnly yes') }
    expect(await failure(sshd.declared({ identityFile }), options)).toMatchObject({
      name: 'UnreachableError',
      details: {
        summary: `The host refused the login as '${sshd.user}'`,
        detail: expect.stringContaining('publickey'),
        host: 'honor-viper',
        fix: expect.stringContaining('ssh -v'),
      },
    })
  })

  test('a port where nothing listens, and a name that nobody knows', async () => {
    const closed = await startSshd()
    await closed.close()
    expect(await failure(closed.declared())).toMatchObject({
      name: 'UnreachableError',
      details: { summary: 'The host cannot be reached', detail: expect.stringContaining('connection refused'), host: 'honor-viper' },
    })
    expect(await failure(closed.declared({ address: 'nobody.invalid' }))).toMatchObject({
      name: 'UnreachableError',
      details: { detail: expect.stringContaining('the name is not known') },
    })
  })

  test.each(['says nothing', 'speaks no SSH'])('a port that %s', async (kind) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      if (kind === 'speaks no SSH') socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(2000))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    expect(await failure(sshd.declared({ port, connectTimeoutSeconds: 1 }))).toMatchObject({
      name: 'UnreachableError',
      details: { summary: 'The host cannot be reached', host: 'honor-viper', fix: expect.any(String) },
    })
    server.close()
  })
})

describe('a password', () => {
  const right = `p'a"ss $(x) \\ %h`
  const logIn = async (server: TestSshServer, password: string) =>
    failure({
      host: 'honor-viper',
      address: '127.0.0.1',
      port: server.port,
      user: 'admin',
      knownHostsFiles: [server.knownHostsFile],
      identityFile: '/dev/null',
      password: new Secret(password),
    })

  test.each(['password', 'keyboard-interactive'] as const)('is given to the host by %s, and shown to nobody', async (method) => {
    const server = await startSshServer({ password: right, methods: [method] })
    expect(await logIn(server, right)).toBe('it said hello')
    const error = await logIn(server, 'wrong word')
    expect(error).toMatchObject({ name: 'UnreachableError', details: { summary: "The host refused the login as 'admin'" } })
    expect(JSON.stringify(error)).not.toContain('wrong word')
    await server.close()
  })
})

test('the fingerprint that a changed key is shown with is the one of ssh2', async () => {
  const sshd = await startSshd()
  const file = writePrivate(testFolder(), 'known_hosts', `${knownHostLine(`[127.0.0.1]:${sshd.port}`, makeKey().publicKey)}\n`)
  expect(await failure(sshd.declared({ knownHostsFiles: [file] }))).toMatchObject({
    details: { detail: expect.stringContaining(fingerprint(sshd.hostKey.publicKey)) },
  })
  await sshd.close()
})

test('nothing is left when Rollcall is killed: no ssh, no directory, no connection', async () => {
  const sshd = await startSshd()
  const program = await buildProgram('test/transport/openssh-entry.ts')
  const child = spawn(process.execPath, [program.file, JSON.stringify(sshd.declared())], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  expect(readdirSync(runtime)).toHaveLength(1)
  expect(sshd.open).toBe(1)
  child.kill('SIGKILL')
  while (readdirSync(runtime).length > 0 || sshd.open > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  await sshd.close()
  program.remove()
})
