import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { dial, sshFiles } from '../../src/lab/index.ts'
import { recapOf, rollcall, scratchFile } from '../helpers/cli.ts'
import { type CountingProxy, countingProxy } from '../helpers/counting-proxy.ts'
import { useJobLab } from './job-setup.ts'
import { panda, viper } from './lab-setup.ts'

const { lab, cli, factsFolder, forgetFacts } = useJobLab('server-side')
const proxies: CountingProxy[] = []
afterAll(async () => {
  for (const proxy of proxies) await proxy.close()
})

/** An SSH server in front of each host, and an inventory that knows the hosts by these. */
async function behindProxies() {
  const { identityFile } = sshFiles(lab)
  const open = (address: string) => countingProxy({ dial: () => dial(lab, address, 22), privateKey: readFileSync(identityFile, 'utf8') })
  const [first, second] = [await open(viper.address), await open(panda.address)]
  proxies.push(first, second)
  const known = join(factsFolder(), '..', `proxies-${proxies.length}.known_hosts`)
  writeFileSync(
    known,
    [first, second]
      .map(({ port, hostKey }) => `[127.0.0.1]:${port} ${hostKey.publicText}`)
      .join('\n')
      .concat('\n'),
  )
  const host = (proxy: CountingProxy, address: string) =>
    `{ groups: ['cluster'], privateIp: '${address}', connection: ssh({ address: '127.0.0.1', port: ${proxy.port}, user: 'admin', identityFile: ${JSON.stringify(identityFile)}, knownHostsFiles: [${JSON.stringify(known)}] }) }`
  const inventory = scratchFile(
    'proxies.ts',
    `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'dynia.test' } }, cluster: { vars: { appPort: 8080 } } },
  hosts: { 'honor-viper': ${host(first, viper.address)}, 'crystal-panda': ${host(second, panda.address)} },
})
`,
  )
  return { first, second, inventory }
}

it('a converged run costs, as the servers see it, one connection, one channel a user and at most three exchanges a host', async () => {
  expect((await cli(['run', 'prepare.ts'])).code).toBe(0)
  const { first, second, inventory } = await behindProxies()
  const run = await rollcall(['run', 'prepare.ts', '-i', inventory, '--format', 'json'])
  expect([run.code, run.stderr]).toEqual([0, ''])
  expect(recapOf(run)).toEqual({
    'honor-viper': 'changed 0, failed 0, unreachable 0',
    'crystal-panda': 'changed 0, failed 0, unreachable 0',
  })
  for (const { connections, traffic } of [first, second]) {
    expect(connections).toBe(1)
    expect(traffic.channels.map(({ user, kind }) => `${user} ${kind}`).toSorted()).toEqual(['admin become', 'admin login'])
    expect(traffic.channels.reduce((sum, { turns }) => sum + turns, 0)).toBeLessThanOrEqual(3)
  }
})

it('with --limit the other host is only asked for its facts, as its login user, and not even that while they are young', async () => {
  const { first, second, inventory } = await behindProxies()
  forgetFacts()
  const limited = ['run', 'prepare.ts', '-i', inventory, '--limit', 'honor-viper', '--format', 'json']
  expect((await rollcall(limited)).code).toBe(0)
  expect(first.connections).toBe(1)
  expect(second.traffic.channels.map(({ user, kind, turns }) => ({ user, kind, turns }))).toEqual([
    { user: 'admin', kind: 'login', turns: 1 },
  ])
  expect((await rollcall(limited)).code).toBe(0)
  expect([first.connections, second.connections]).toEqual([2, 1])
})
