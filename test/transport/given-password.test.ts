import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openHost } from '../../src/connect.ts'
import { closeConnections, connectionsFolder } from '../../src/connections.ts'
import { ssh } from '../../src/dsl/connection.ts'
import type { HostRecord, SshSettings } from '../../src/model/inventory.ts'
import { useLoginSettings } from '../../src/util/login-settings.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { type PasswordMethod, sshdPassword as right, startPasswordSshd } from '../helpers/password-sshd.ts'
import { startAgent } from '../helpers/ssh-agent.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshServer } from '../helpers/ssh-server.ts'
import { startSshd, type TestSshd } from '../helpers/sshd.ts'

const root = process.getuid?.() === 0

afterEach(() => useLoginSettings({}))

const give = (word: string, from = '--ask-pass') => useLoginSettings({ password: { value: new Secret(word), from } })

/** A key that no server knows. */
const stranger = () => writePrivate(testFolder(), 'id', makeKey().privateText)

interface Server {
  readonly port: number
  readonly knownHostsFile: string
}
const hostOf = ({ port, knownHostsFile }: Server, settings: Partial<SshSettings>, more: Partial<HostRecord> = {}): HostRecord => ({
  name: 'honor-viper',
  groups: [],
  vars: {},
  connection: ssh({ address: '127.0.0.1', port, knownHostsFiles: [knownHostsFile], identityFile: stranger(), ...settings }),
  ...more,
})

/** What a login leads to: the words of a script there, or the error. */
async function logIn(host: HostRecord): Promise<unknown> {
  try {
    const access = await openHost(host, { check: true })
    const [reply] = await access.reader.read('login', [{ script: sh`echo in` }])
    await access.close()
    return Buffer.from(reply?.stdout ?? []).toString()
  } catch (error) {
    return (error as { details?: unknown }).details ?? error
  }
}
const ways = (['ssh2', 'openssh'] as const).flatMap((transport) =>
  (['password', 'keyboard-interactive'] as const).map((method) => ({ transport, method })),
)

describe.runIf(root).each(ways)('sshd asks by $method, transport $transport', ({ transport, method }) => {
  const start = (config?: readonly string[]) => startPasswordSshd(method as PasswordMethod, config)

  test('the password of the command line logs in where no key does', async () => {
    const sshd = await start()
    give(right)
    expect(await logIn(hostOf(sshd, { user: sshd.user, transport }))).toBe('in\n')
    await sshd.close()
  })

  test('a wrong one is told of by its option, with what was tried and what to do', async () => {
    const sshd = await start()
    give('another word', '--connection-password-file')
    const refused = await logIn(hostOf(sshd, { user: sshd.user, transport, connectRetries: 0 }))
    expect(refused).toMatchObject({
      summary: `The host refused the login as '${sshd.user}'`,
      detail: expect.stringMatching(
        transport === 'ssh2'
          ? /^tried: .*SHA256:.*, (keyboard-interactive with the )?password of --connection-password-file\nit accepts: /
          : /the password of --connection-password-file was at hand/,
      ),
      fix: expect.stringMatching(/^Check the user and the password given by --connection-password-file.*\nssh -v /s),
    })
    expect(JSON.stringify(refused)).not.toContain('another word')
    expect(sshd.connections).toBe(1)
    await sshd.close()
  })

  test('what the inventory declares comes first', async () => {
    const sshd = await start()
    give('another word')
    expect(await logIn(hostOf(sshd, { user: sshd.user, transport, password: new Secret(right) }))).toBe('in\n')
    give(right)
    expect(
      await logIn(hostOf(sshd, { user: sshd.user, transport, password: new Secret('another word'), connectRetries: 0 })),
    ).toMatchObject({
      fix: expect.stringContaining('Check the user and its password in the inventory'),
    })
    await sshd.close()
  })

  test('without one the error names the option', async () => {
    const sshd = await start()
    expect(await logIn(hostOf(sshd, { user: sshd.user, transport, connectRetries: 0 }))).toMatchObject({
      fix: expect.stringContaining('or give a password: --ask-pass (-k)'),
    })
    await sshd.close()
  })
})

describe.each(['ssh2', 'openssh'] as const)('transport %s', (transport) => {
  test('a host that takes the key never hears the password', async () => {
    const heard: string[] = []
    const server = await startSshServer({ password: right, heard: (word) => heard.push(word) })
    give(right)
    const { identityFiles: [key] = [], user } = server.target()
    expect(await logIn(hostOf(server, { transport, identityFile: key!, user }))).toBe('in\n')
    expect(heard).toEqual([])
    expect(await logIn(hostOf(server, { transport, user }))).toBe('in\n')
    expect(heard).toEqual([right])
    await server.close()
  })

  test('a host that takes no password is told of as one', async () => {
    const sshd = await startSshd()
    give(right)
    expect(await logIn(hostOf(sshd, { user: sshd.user, transport, connectRetries: 0 }))).toMatchObject({
      fix: expect.stringMatching(/^The host takes no password from this user .*needs a key/),
    })
    await sshd.close()
  })

  test('a jump host never hears it', async () => {
    const heard: string[] = []
    const gate = await startSshServer({ password: right, methods: ['password', 'keyboard-interactive'], heard: (word) => heard.push(word) })
    const far = await startSshServer({ password: right })
    give(right)
    const jump = hostOf(gate, { user: 'door' }, { name: 'gate' })
    const host = hostOf(far, { transport, user: 'admin', proxyJump: 'gate', connectRetries: 0 }, { jumpHosts: new Map([['gate', jump]]) })
    expect(await logIn(host)).toMatchObject({
      summary: expect.stringMatching(/jump host refused the login/i),
      fix: expect.not.stringContaining('--ask-pass'),
    })
    expect([heard, far.connections]).toEqual([[], 0])
    await gate.close()
    await far.close()
  })

  test('of a kept connection it stands in no file, and the next run finds the connection by it', async () => {
    const before = process.env.XDG_STATE_HOME
    process.env.XDG_STATE_HOME = testFolder()
    const server = await startSshServer({ password: right })
    const host = hostOf(server, { transport, user: 'admin', controlPersistSeconds: 60, connectRetries: 0 })
    for (let round = 0; round < 2; round++) {
      give(right)
      expect(await logIn(host)).toBe('in\n')
    }
    expect(server.connections).toBe(1)
    expect(spawnSync('grep', ['-rlaF', right, process.env.XDG_STATE_HOME, connectionsFolder()!]).stdout.toString()).toBe('')
    give('another word')
    expect(await logIn(host)).toMatchObject({ detail: expect.stringContaining('--ask-pass') })
    await closeConnections({ force: true })
    await server.close()
    if (before === undefined) delete process.env.XDG_STATE_HOME
    else process.env.XDG_STATE_HOME = before
  })
})

test('an agent that is full of keys leaves the password no turn, and the error says how it gets one', async () => {
  const agent = await startAgent()
  for (let at = 0; at < 4; at++) agent.add(writePrivate(testFolder(), `key${at}`, makeKey().privateText))
  const before = process.env.SSH_AUTH_SOCK
  process.env.SSH_AUTH_SOCK = agent.socket
  const sshd: TestSshd = await startSshd({ config: ['MaxAuthTries 2', 'PasswordAuthentication yes'] })
  give(right)
  expect(await logIn(hostOf(sshd, { user: sshd.user }))).toMatchObject({
    detail: expect.stringMatching(/too many/i),
    fix: expect.stringContaining('PreferredAuthentications keyboard-interactive,password'),
  })
  if (before === undefined) delete process.env.SSH_AUTH_SOCK
  else process.env.SSH_AUTH_SOCK = before
  agent.stop()
  await sshd.close()
})

test('an encrypted key that nobody opens is not what to mend where the password was wrong', async () => {
  const file = join(testFolder(), 'id')
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', file])
  const server = await startSshServer({ password: right })
  give('another word')
  expect(await logIn(hostOf(server, { user: 'admin', identityFile: file }))).toMatchObject({
    detail: expect.stringContaining(`${file}: encrypted`),
    fix: expect.stringContaining('the password given by --ask-pass'),
  })
  await server.close()
})
