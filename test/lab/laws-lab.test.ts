import { afterAll, beforeAll, test } from 'vitest'
import { dial, sshFiles, up } from '../../src/lab/index.ts'
import { laws } from '../../src/testing/index.ts'
import type { Connection } from '../../src/transport/connection.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Session } from '../../src/transport/session-types.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { caseFiles } from '../modules/case-files.ts'
import { render } from '../modules/case-helpers.ts'
import { testLab, useLabs, viper } from './lab-setup.ts'
import { hostShells, sharedHost } from './shared-host.ts'

const lab = testLab('laws')
useLabs([lab])
let connection: Connection
let session: Session

beforeAll(async () => {
  await up(lab, [viper])
  const { identityFile, knownHostsFile } = sshFiles(lab)
  connection = await connectSsh2({
    host: viper.name,
    address: viper.address,
    port: 22,
    user: 'admin',
    identityFiles: [identityFile],
    knownHosts: { files: [knownHostsFile], policy: 'strict' },
    connectTimeoutMs: 10_000,
    keepaliveMs: 15_000,
    dial: (address, port) => dial(lab, address, port),
  })
  session = await openSession(connection, { host: viper.name, user: 'admin', become: { method: 'sudo', user: 'root' } })
})
afterAll(async () => {
  await session?.close()
  await connection?.close()
})

const hosts = Object.entries(hostShells).map(([name, shell]) => sharedHost(name, shell, () => session))
const all = [...(await caseFiles()).values()].flatMap(({ labCases = [] }) => labCases)

test.each(laws(all, { hosts, render }))('$name', ({ check }) => check())
