import { connectLocal } from '../../src/transport/local.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { startSshServer } from '../helpers/ssh-server.ts'
import { connectionContract } from './connection.ts'

connectionContract('local', { link: false }, async () => ({ connect: async () => connectLocal() }))

connectionContract('ssh2', { link: true }, async () => {
  const server = await startSshServer()
  return { connect: () => connectSsh2(server.target()), cut: () => server.cut(), stop: () => server.close() }
})
