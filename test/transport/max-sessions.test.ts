import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openHost } from '../../src/connect.ts'
import { ssh } from '../../src/dsl/connection.ts'
import type { HostRecord } from '../../src/model/inventory.ts'
import { connectOpenssh } from '../../src/transport/openssh.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { startSshServer } from '../helpers/ssh-server.ts'
import { startSshd } from '../helpers/sshd.ts'
import { writeSudo } from '../helpers/sudo.ts'

const transports = ['ssh2', 'openssh'] as const

test.each(transports)('%s: a server that gives each connection one channel gets a second connection for root', async (transport) => {
  const programs = join(testFolder(), 'bin')
  mkdirSync(programs)
  writeSudo(programs)
  const env = { PATH: `${programs}:/usr/bin:/bin`, SUDO_KIND: 'password', SUDO_LOG: '/dev/null', SUDO_PASSWORD: 'letmein' }
  const server = await startSshServer({ env, maxChannels: 1 })
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
      becomePassword: new Secret('letmein'),
    }),
  }
  const access = await openHost(host, { check: true })
  const job = { script: sh`printf %s "$BECAME"` }
  for (let round = 0; round < 2; round++) {
    const replies = [await access.reader.read('login', [job]), await access.reader.read('become', [job])]
    expect(replies.map(([reply]) => Buffer.from(reply?.stdout ?? []).toString())).toEqual(['', 'root'])
  }
  await access.close()
  expect(server.connections).toBe(2)
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
