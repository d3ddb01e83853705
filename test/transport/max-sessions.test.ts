import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openHost } from '../../src/connect.ts'
import { ssh } from '../../src/dsl/connection.ts'
import type { HostRecord } from '../../src/model/inventory.ts'
import { connectOpenssh } from '../../src/transport/openssh.ts'
import type { Reply } from '../../src/transport/session-types.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { startSshServer } from '../helpers/ssh-server.ts'
import { startSshd } from '../helpers/sshd.ts'
import { writeSudo } from '../helpers/sudo.ts'

const transports = ['ssh2', 'openssh'] as const

/** A server with a `sudo`, and the host that it is. */
async function hostWithSudo(transport: (typeof transports)[number], maxChannels: number, becomePassword: string) {
  const programs = join(testFolder(), 'bin')
  mkdirSync(programs)
  writeSudo(programs)
  const env = { PATH: `${programs}:/usr/bin:/bin`, SUDO_KIND: 'password', SUDO_LOG: '/dev/null', SUDO_PASSWORD: 'letmein' }
  const server = await startSshServer({ env, maxChannels })
  const { address, port, user, identityFiles } = server.target()
  const host: HostRecord = {
    name: 'honor-viper',
    groups: [],
    vars: {},
    connection: ssh({
      transport,
      address,
      port,
      user,
      identityFile: identityFiles?.[0] ?? '',
      knownHostsFiles: [server.knownHostsFile],
      becomePassword: new Secret(becomePassword),
    }),
  }
  return { server, host }
}

const who = sh`printf %s "$BECAME"`
const said = (replies: readonly (readonly Reply[])[]) => replies.map(([reply]) => Buffer.from(reply?.stdout ?? []).toString())

test.each(transports.flatMap((transport) => [false, true].map((becomes) => ({ transport, becomes }))))(
  '$transport: a server that gives each connection one channel gets a second connection for root (at once: $becomes)',
  async ({ transport, becomes }) => {
    const { server, host } = await hostWithSudo(transport, 1, 'letmein')
    const access = await openHost(host, { check: true, becomes: { wanted: becomes } })
    const job = { script: who }
    for (let round = 0; round < 2; round++) {
      const replies = [await access.reader.read('login', [job]), await access.reader.read('sudo root', [job])]
      expect(said(replies)).toEqual(['', 'root'])
    }
    await access.close()
    expect(server.connections).toBe(2)
    await server.close()
  },
)

test('each user has a session, where need be over a connection of its own', async () => {
  const { server, host } = await hostWithSudo('ssh2', 1, 'letmein')
  const access = await openHost(host, { check: true })
  const users = [{}, { wanted: true }, { wanted: true, user: 'deploy' }, { wanted: true }, { wanted: true, user: 'deploy' }].map(access.as)
  expect(users.map(access.userOf)).toEqual(['admin', 'root', 'deploy', 'root', 'deploy'])
  const replies: (readonly Reply[])[] = []
  for (const as of users) replies.push(await access.reader.read(as, [{ script: who }]))
  expect(said(replies)).toEqual(['', 'root', 'deploy', 'root', 'deploy'])
  await access.close()
  expect(server.connections).toBe(3)
  await server.close()
})

test.each(transports)("%s: root's session opens in the process that answers the login user's first reads", async (transport) => {
  const { server, host } = await hostWithSudo(transport, 1, 'letmein')
  const access = await openHost(host, { check: true, becomes: { wanted: true } })
  const read = { script: sh`printf '%s-%s' "$BECAME" ${`it's \\ ! "$x"\n`}`, own: true, open: true }
  expect(said([await access.reader.read('login', [read])])).toEqual([`-it's \\ ! "$x"\n`])
  expect(said([await access.reader.read('sudo root', [read])])).toEqual([`root-it's \\ ! "$x"\n`])
  expect(access.stats().exchanges).toBe(2)
  // The password, and then the program with the exchange.
  expect(server.traffic.channels.map(({ kind, turns }) => ({ kind, turns }))).toEqual([{ kind: 'become', turns: 2 }])
  expect(server.connections).toBe(1)
  expect(said([await access.reader.read('login', [{ script: who }])])).toEqual([''])
  await access.close()
  await server.close()
})

test("first reads that fail are asked for again, in the login user's own session", async () => {
  const { server, host } = await hostWithSudo('ssh2', 10, 'letmein')
  const access = await openHost(host, { check: true, becomes: { wanted: true } })
  const [reply] = await access.reader.read('login', [{ script: sh`echo why >&2; exit 3`, own: true, open: true }])
  expect([reply?.code, Buffer.from(reply?.stderr ?? []).toString()]).toEqual([3, 'why\n'])
  expect(said([await access.reader.read('sudo root', [{ script: who }])])).toEqual(['root'])
  await access.close()
  await server.close()
})

test("what refuses root's session is heard by who needs it, and by nobody else", async () => {
  const { server, host } = await hostWithSudo('ssh2', 10, 'wrong')
  const access = await openHost(host, { check: true, becomes: { wanted: true } })
  const read = { script: who, own: true, open: true }
  expect(said([await access.reader.read('login', [read])])).toEqual([''])
  const refused = { details: { summary: 'sudo did not accept the password' } }
  await expect(access.reader.read('sudo root', [read])).rejects.toMatchObject(refused)
  await expect(access.reader.read('sudo root', [read])).rejects.toMatchObject(refused)
  expect(said([await access.reader.read('login', [read])])).toEqual([''])
  await access.close()
  expect(server.traffic.channels.filter(({ kind }) => kind === 'become')).toHaveLength(1)
  await server.close()
})

test.each(transports)('%s: sshd with MaxSessions 1 carries one process at a time, and says so of a second', async (transport) => {
  const sshd = await startSshd({ config: ['MaxSessions 1'] })
  const connection = transport === 'ssh2' ? await connectSsh2(sshd.target()) : (await connectOpenssh(sshd.declared())).connection
  const first = await connection.start(sh`echo up; read line; exit 5`)
  await new Promise((resolve) => first.stdout.once('data', resolve)) // Its channel is open.
  const refused = async () => {
    const second = await connection.start(sh`true`)
    await second.exit
  }
  await expect(refused()).rejects.toMatchObject({
    name: 'RollcallError',
    details: { summary: 'The SSH server opened no channel', host: 'honor-viper', fix: expect.stringContaining('MaxSessions') },
  })
  first.stdin.end('\n')
  expect(await first.exit).toEqual({ code: 5, signal: null })
  await connection.close()
  await sshd.close()
})
