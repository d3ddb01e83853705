import { expect } from 'vitest'
import { connectLocal } from '../../src/transport/local.ts'
import { connectOpenssh } from '../../src/transport/openssh.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { keptConnections } from '../helpers/kept.ts'
import { startSshServer } from '../helpers/ssh-server.ts'
import { startSshd } from '../helpers/sshd.ts'
import { connectionContract } from './connection.ts'

connectionContract('local', { link: false, signals: true, pty: true, bothOutputs: true, unreadInput: true }, async (host) => ({
  connect: async () => connectLocal({ env: { ...process.env, ...host } }),
}))

connectionContract(
  'ssh2, to the server of the tests',
  { link: true, signals: true, pty: false, bothOutputs: false, unreadInput: true },
  async (host) => {
    const server = await startSshServer({ env: { ...process.env, ...host } })
    return { connect: () => connectSsh2(server.target()), cut: () => server.cut(), stop: () => server.close() }
  },
)

connectionContract('ssh2, to sshd', { link: true, signals: true, pty: true, bothOutputs: true, unreadInput: true }, async (host) => {
  const sshd = await startSshd({ env: host })
  return { connect: () => connectSsh2(sshd.target()), cut: () => sshd.cut(), stop: () => sshd.close() }
})

connectionContract(
  "the system's ssh, to sshd",
  { link: true, signals: false, pty: true, bothOutputs: true, unreadInput: true },
  async (host) => {
    const sshd = await startSshd({ env: host })
    return {
      connect: async () => (await connectOpenssh(sshd.declared())).connection,
      cut: () => sshd.cut(),
      stop: () => sshd.close(),
    }
  },
)

connectionContract(
  'a kept one, to sshd, opened again and again',
  { link: true, signals: true, pty: true, bothOutputs: true, unreadInput: true },
  async (host) => {
    const sshd = await startSshd({ env: host })
    const kept = keptConnections()
    return {
      connect: () => kept.connect(sshd.target()),
      cut: () => sshd.cut(),
      stop: async () => {
        // One test needs two at a time; all others found one that an earlier one had left.
        expect(sshd.connections).toBe(2)
        await kept.stop()
        await sshd.close()
      },
    }
  },
)
