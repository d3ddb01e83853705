import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { generateSshKey } from '../../../src/lab/keys.ts'
import type { Command } from '../measure.ts'
import type { Rollcall } from '../rollcall.ts'
import type { Summary } from '../summary.ts'
import { floor, type Job, lastWords } from '../tool.ts'
import type { Place, Workload } from '../workload.ts'

const node = `${floor}: node -e 0`
const beforeConnection = 'run, to its first connection'

function nodeJob({ scratch }: Place): Job {
  const command = { argv: [process.execPath, '-e', '0'], cwd: scratch.folder, env: { PATH: process.env.PATH } }
  return { tool: node, command, problem: (ran) => (ran.code === 0 ? undefined : lastWords(ran)) }
}

const play = `import { command, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('startup', inventory, (play) => {
  play('anything', { hosts: 'bench' }, ({ task }) => {
    task('anything', command({ argv: ['true'] }))
  })
})
`

/** A run whose host is a port of this program: it is over when that is connected to. */
async function firstConnection(rollcall: Rollcall, { scratch }: Place): Promise<Job> {
  let ended = false
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (!ended) socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scratch.undo(() => server.close())
  const { port } = server.address() as AddressInfo
  const [identity, knownHosts] = ['startup-key', 'startup-known-hosts'].map((name) => join(scratch.folder, name)) as [string, string]
  const key = generateSshKey('bench')
  writeFileSync(identity, key.privateKey, { mode: 0o600 })
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${key.publicKey}\n`)
  const files = `identityFile: ${JSON.stringify(identity)}, knownHostsFiles: [${JSON.stringify(knownHosts)}]`
  rollcall.write(
    'inventory/port.ts',
    `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { bench: {} },
  hosts: { port: { groups: ['bench'], connection: ssh({ address: '127.0.0.1', port: ${port}, user: 'admin', ${files} }) } },
})
`,
  )
  rollcall.write('playbooks/startup.ts', play)
  const command = rollcall.command(['run', 'startup', '-i', 'port'])
  // What a run keeps for the next one it keeps when it ends, so one must end.
  await runToItsEnd(command)
  ended = true
  let reached = false
  const until = async () => {
    reached = false
    await once(server, 'connection')
    reached = true
  }
  return {
    tool: rollcall.tool,
    command: { ...command, until },
    problem: (ran) => (reached ? undefined : `it never connected: ${lastWords(ran)}`),
  }
}

function runToItsEnd({ argv, cwd, env }: Command): Promise<void> {
  return new Promise((resolve) => execFile(argv[0]!, argv.slice(1), { cwd, env }, () => resolve()))
}

/** What starting costs, without any host. */
export const startup: Workload = {
  name: 'startup',
  summary: 'rollcall --version, and rollcall run up to its first connection, beside node -e 0',
  defaults: { hosts: [], rtt: [] },
  async *comparisons(place) {
    const version = place.rollcalls.map(
      (rollcall): Job => ({
        tool: rollcall.tool,
        command: rollcall.command(['--version']),
        problem: (ran) => (ran.code === 0 && /^\d+\./.test(ran.stdout) ? undefined : lastWords(ran)),
      }),
    )
    yield { part: '--version', hosts: [], jobs: [...version, nodeJob(place)] }
    const connecting = await Promise.all(place.rollcalls.map((rollcall) => firstConnection(rollcall, place)))
    yield { part: beforeConnection, hosts: [], jobs: [...connecting, nodeJob(place)] }
  },
  conclude(summaries: readonly Summary[]) {
    return summaries
      .filter(({ tool }) => tool.startsWith('rollcall'))
      .map(({ tool, part, toFloor }) => {
        const adds = part === beforeConnection ? `, so it adds ${(toFloor!.cpu - 1).toFixed(2)} of them` : ''
        return `${tool}, ${part}: ${toFloor!.cpu.toFixed(2)} times the CPU of node -e 0${adds}; ${toFloor!.wall.toFixed(2)} times its wall time.`
      })
  },
}
