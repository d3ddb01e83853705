import { readFileSync } from 'node:fs'
import { connectSsh2 } from '../../src/transport/ssh2.ts'

/** Hosts to connect to, and by which files. */
export interface HandshakeRequest {
  readonly hosts: readonly { readonly name: string; readonly address: string; readonly port: number }[]
  readonly identityFile: string
  readonly knownHostsFile: string
}

// A program that logs in on hosts as Rollcall does, all at once, and does nothing there: what of a run is SSH's own.
const { hosts, identityFile, knownHostsFile } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as HandshakeRequest
const connections = await Promise.all(
  hosts.map(({ name, address, port }) =>
    connectSsh2({
      host: name,
      address,
      port,
      user: 'admin',
      identityFiles: [identityFile],
      knownHosts: { files: [knownHostsFile], policy: 'strict' },
      connectTimeoutMs: 60_000,
      keepaliveMs: 15_000,
    }),
  ),
)
process.stdout.write(`connected ${connections.length}\n`)
await Promise.all(connections.map((connection) => connection.close()))
