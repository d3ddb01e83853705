import { readFileSync } from 'node:fs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dial, sshFiles } from '../../src/lab/index.ts'
import { knownHostLine } from '../../src/transport/known-hosts.ts'
import { eventsOf, outcomes, recapOf, scratchFile } from '../helpers/cli.ts'
import { type CountingProxy, countingProxy } from '../helpers/counting-proxy.ts'
import { useJobLab } from './job-setup.ts'
import { panda, viper } from './lab-setup.ts'

const { lab, run, forgetFacts } = useJobLab('traffic')
let proxies: { readonly [host: string]: CountingProxy } = {}

/** Both hosts behind servers that count, in an inventory of the same shape as the lab's. */
async function throughProxies(): Promise<string> {
  const { identityFile } = sshFiles(lab)
  const upstream = (address: string) => ({ dial: () => dial(lab, address, 22), privateKey: readFileSync(identityFile, 'utf8') })
  proxies = { [viper.name]: await countingProxy(upstream(viper.address)), [panda.name]: await countingProxy(upstream(panda.address)) }
  const known = Object.values(proxies).map(({ port, hostKey }) => `${knownHostLine(`[127.0.0.1]:${port}`, hostKey.publicKey)}\n`)
  const knownHosts = scratchFile('known_hosts', known.join(''))
  const host = ({ name, address }: typeof viper) =>
    `'${name}': { groups: ['cluster'], privateIp: '${address}', connection: ssh({ address: '127.0.0.1', port: ${proxies[name]!.port}, user: 'admin', identityFile: ${JSON.stringify(identityFile)}, knownHostsFiles: [${JSON.stringify(knownHosts)}] }) }`
  return scratchFile(
    'counted.ts',
    `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'dynia.test' } }, cluster: { vars: { appPort: 8080 } } },
  hosts: { ${host(viper)}, ${host(panda)} },
})
`,
  )
}

afterEach(async () => {
  for (const proxy of Object.values(proxies)) await proxy.close()
  proxies = {}
})

/** What each host's server saw: connections, its channels by user, and what the client asked of it in turns. */
const seen = () =>
  Object.fromEntries(
    Object.entries(proxies).map(([host, { connections, traffic }]) => [
      host,
      {
        connections,
        channels: traffic.channels.map(({ kind }) => kind),
        turns: traffic.channels.reduce((sum, { turns }) => sum + turns, 0),
      },
    ]),
  )

describe("a converged run, counted on the hosts' side of the connection", () => {
  beforeAll(async () => {
    expect((await run('prepare.ts')).code).toBe(0)
  })

  it('costs one connection, one channel, and at most three exchanges a host, of which the first comes with the command', async () => {
    const done = await run('prepare.ts', '-i', await throughProxies())
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(recapOf(done)).toEqual({
      [viper.name]: 'changed 0, failed 0, unreachable 0',
      [panda.name]: 'changed 0, failed 0, unreachable 0',
    })
    for (const host of [viper.name, panda.name]) {
      expect(outcomes(done, host).length).toBe(13)
      const { connections, channels, turns } = seen()[host]!
      expect({ connections, channels }).toEqual({ connections: 1, channels: ['become'] })
      expect(turns).toBeLessThanOrEqual(2)
      // And what we say of ourselves is what the server saw.
      expect(eventsOf(done, 'recap')[0]?.hosts[host]?.exchanges).toBe(1 + turns)
    }
  })

  it('asks a host outside the limit once, as the login user, and with young facts not at all', async () => {
    forgetFacts()
    const inventory = await throughProxies()
    expect((await run('prepare.ts', '-i', inventory, '--limit', viper.name)).code).toBe(0)
    expect(seen()[panda.name]).toEqual({ connections: 1, channels: ['login'], turns: 0 })
    expect((await run('prepare.ts', '-i', inventory, '--limit', viper.name)).code).toBe(0)
    expect(seen()[panda.name]).toEqual({ connections: 1, channels: ['login'], turns: 0 })
  })

  it('sends no password, no key and no file content where nothing has changed', async () => {
    const done = await run('prepare.ts', '-i', await throughProxies())
    expect(done.code).toBe(0)
    for (const { traffic } of Object.values(proxies))
      for (const { bytesFromClient, command } of traffic.channels) {
        expect(command.length).toBeLessThan(8192)
        expect(bytesFromClient).toBeLessThan(32 * 1024)
      }
  })
})
