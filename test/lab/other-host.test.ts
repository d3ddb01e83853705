import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dial, sshFiles, startHost, stopHost } from '../../src/lab/index.ts'
import { scratchFile } from '../helpers/cli.ts'
import { type CountingProxy, countingProxy } from '../helpers/counting-proxy.ts'
import { testFolder } from '../helpers/folder.ts'
import { makeKey } from '../helpers/ssh-keys.ts'
import { startSshServer, type TestSshServer } from '../helpers/ssh-server.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli, factsFolder, forgetFacts } = useJobLab('other-host')

/** A port that takes connections and never says a word. */
let mute: Server
const sockets = new Set<Socket>()
/** An SSH server whose login shell is none. */
let garbage: TestSshServer
/** The way to crystal-panda, by a server with another key than the one that is known. */
let stranger: CountingProxy
beforeAll(async () => {
  mute = createServer((socket) => sockets.add(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const shell = join(testFolder(), 'nonsense')
  writeFileSync(shell, "#!/bin/sh\nwhile read -r line; do printf '\\001%%garbage\\0%s\\n' 1 2 3; done\n")
  chmodSync(shell, 0o755)
  garbage = await startSshServer({ shell })
  stranger = await countingProxy({ dial: () => dial(lab, panda.address, 22), privateKey: readFileSync(sshFiles(lab).identityFile, 'utf8') })
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  mute.close()
  await garbage.close()
  await stranger.close()
})

/** honor-viper as it is, and crystal-panda by some way. */
function inventoryOf(name: string, way: string): string {
  return scratchFile(
    `${name}.ts`,
    `import { defineInventory, lab, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: {}, cluster: {} },
  hosts: {
    'honor-viper': { groups: ['cluster'], privateIp: '${viper.address}', connection: lab() },
    'crystal-panda': { groups: ['cluster'], privateIp: '${panda.address}', connection: ${way} },
  },
})
void ssh
`,
  )
}
const bySsh = (name: string, port: number, key: { readonly publicText: string }, identityFile: string) => {
  const known = join(testFolder(), 'known_hosts')
  writeFileSync(known, `[127.0.0.1]:${port} ${key.publicText}\n`)
  const settings = { address: '127.0.0.1', port, user: 'admin', identityFile, knownHostsFiles: [known] }
  return inventoryOf(name, `ssh(${JSON.stringify(settings)})`)
}
const ways = {
  lab: () => inventoryOf('others-lab', 'lab()'),
  mute: () => bySsh('others-mute', (mute.address() as { port: number }).port, makeKey(), sshFiles(lab).identityFile),
  garbage: () => bySsh('others-garbage', garbage.port, garbage.hostKey, garbage.target().identityFiles![0]!),
  stranger: () => bySsh('others-stranger', stranger.port, makeKey(), sshFiles(lab).identityFile),
}

const playbook = () =>
  scratchFile(
    'others.ts',
    `import { inventory } from '#inventory'
import { copy, definePlaybook, file } from 'rollcall'
export default definePlaybook('others', inventory, (play) => {
  play('cluster', { hosts: 'cluster', facts: { of: 'cluster', families: ['os'], maxAge: 0 }, become: true }, ({ task }) => {
    task('folder', file({ path: '/etc/others', state: 'directory' }))
    task('addresses', ({ fleet }) => copy({ dest: '/etc/others/addresses', content: fleet.map((node) => \`\${node.name} \${node.privateIp}\\n\`).join('') }))
    task('systems', ({ fleet }) =>
      copy({ dest: '/etc/others/systems', content: fleet.withFacts().map((node) => \`\${node.name} \${node.facts.os.distribution}\\n\`).join('') }), { tags: ['systems'] })
  })
})
`,
  )

const files = async (host: typeof viper) =>
  await inside(lab, host, 'for f in addresses systems; do [ ! -e /etc/others/$f ] || { echo "$f:"; cat /etc/others/$f; }; done')
const addresses = `addresses:\nhonor-viper ${viper.address}\ncrystal-panda ${panda.address}`
const systems = (other: string) => `${addresses}\nsystems:\nhonor-viper debian\ncrystal-panda ${other}`

/** What is remembered says of crystal-panda what it would not say itself, and is so many seconds old. */
function alter(ageSeconds: number): void {
  for (const file of readdirSync(factsFolder(), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /crystal-panda\.os\.json$/.test(name),
  )) {
    const path = join(factsFolder(), file)
    const { value, ...entry } = JSON.parse(readFileSync(path, 'utf8')) as { value: object }
    writeFileSync(
      path,
      JSON.stringify({ ...entry, gatheredAt: Date.now() - ageSeconds * 1000, value: { ...value, distribution: 'remembered' } }),
    )
  }
}

interface Cell {
  readonly code: number
  /** The first line: from where facts are. */
  readonly facts: RegExp
  /** What the header says of crystal-panda. */
  readonly other?: RegExp
  /** What the target's files hold. */
  readonly viper: string
  /** What the report says besides. */
  readonly says?: readonly RegExp[]
  /** What crystal-panda's files hold; `none` where it is as it was, undefined where it is stopped and cannot tell. */
  readonly panda?: string
}
interface Row {
  readonly name: string
  readonly way: keyof typeof ways
  readonly args?: readonly string[]
  readonly up: boolean
  /** Age of what is remembered; undefined for nothing. */
  readonly remembered?: number
  /** With --limit honor-viper. */
  readonly outside: Cell
  /** Without. */
  readonly within: Cell
}

const unknownFact = [/A fact of a host is not known/, /os\.distribution of crystal-panda: the host is down/]
const gone = /10\.108\.0\.3 port 22: /
const rows: readonly Row[] = [
  {
    name: 'alive',
    way: 'lab',
    up: true,
    outside: { code: 0, facts: /facts from 2 \(2 live\) · targets 1 \(honor-viper\)/, viper: systems('debian'), panda: 'none' },
    within: { code: 0, facts: /facts from 2 \(2 live\) · targets 2/, viper: systems('debian'), panda: systems('debian') },
  },
  {
    name: 'down, remembered from a moment ago',
    way: 'lab',
    up: false,
    remembered: 60,
    outside: { code: 0, facts: /facts from 2 \(1 live, 1 cached 1 min\)/, other: gone, viper: systems('remembered') },
    within: {
      code: 4,
      facts: /facts from 2 \(1 live, 1 cached 1 min\)/,
      other: gone,
      viper: systems('remembered'),
      says: [/crystal-panda.*unreachable/],
    },
  },
  {
    name: 'down, remembered from three days ago',
    way: 'lab',
    up: false,
    remembered: 3 * 86_400,
    outside: {
      code: 0,
      facts: /facts from 2 \(1 live, 1 cached 3 d\)/,
      other: /cached 3 d: 10\.108\.0\.3 port 22: /,
      viper: systems('remembered'),
    },
    within: { code: 4, facts: /facts from 2 \(1 live, 1 cached 3 d\)/, other: gone, viper: systems('remembered') },
  },
  {
    name: 'down and never seen, where only its declared address is needed',
    way: 'lab',
    args: ['--skip-tags', 'systems'],
    up: false,
    outside: { code: 0, facts: /facts from 1 of 2 \(1 live, 1 unknown\)/, other: gone, viper: addresses },
    within: { code: 4, facts: /facts from 1 of 2 \(1 live, 1 unknown\)/, other: gone, viper: addresses },
  },
  {
    name: 'down and never seen, and needed',
    way: 'lab',
    up: false,
    outside: { code: 2, facts: /facts from 1 of 2 \(1 live, 1 unknown\)/, other: gone, viper: addresses, says: unknownFact },
    within: { code: 2, facts: /facts from 1 of 2 \(1 live, 1 unknown\)/, other: gone, viper: addresses, says: unknownFact },
  },
  {
    name: 'silent after it took the connection',
    way: 'mute',
    args: ['--facts-timeout', '3'],
    up: true,
    outside: {
      code: 2,
      facts: /facts from 1 of 2/,
      other: /unknown: no facts within 3 s/,
      viper: addresses,
      says: unknownFact,
      panda: 'none',
    },
    // A target has the time that its connection gives it.
    within: {
      code: 2,
      facts: /facts from 1 of 2/,
      other: /unknown: .*no answer within 10 s/,
      viper: addresses,
      says: unknownFact,
      panda: 'none',
    },
  },
  {
    name: 'answering nonsense',
    way: 'garbage',
    args: ['--facts-timeout', '3'],
    up: true,
    outside: {
      code: 2,
      facts: /facts from 1 of 2/,
      other: /unknown: no facts within 3 s/,
      viper: addresses,
      says: unknownFact,
      panda: 'none',
    },
    within: { code: 2, facts: /facts from 1 of 2/, other: /unknown: /, viper: addresses, says: unknownFact, panda: 'none' },
  },
  {
    name: 'of another key than the one that is known',
    way: 'stranger',
    up: true,
    outside: { code: 2, facts: /facts from 1 of 2/, other: /unknown: .*SHA256:/s, viper: addresses, says: unknownFact, panda: 'none' },
    within: { code: 2, facts: /facts from 1 of 2/, other: /unknown: .*SHA256:/s, viper: addresses, says: unknownFact, panda: 'none' },
  },
]

let isUp = true
describe.for(rows)('the other host is $name', ({ way, args = [], up, remembered, outside, within }) => {
  it.for([
    ['outside the limit', ['--limit', viper.name], outside],
    ['inside the limit', [], within],
  ] as const)('%s', async ([, limit, cell]) => {
    if (!isUp) await startHost(lab, panda.name)
    for (const host of [viper, panda]) await inside(lab, host, 'rm -rf /etc/others')
    const inventory = ways[way]()
    forgetFacts()
    if (remembered !== undefined) {
      expect((await cli(['facts', '--refresh', '-i', inventory])).code).toBe(0)
      alter(remembered)
    }
    if (!up) await stopHost(lab, panda.name)
    isUp = up
    const { code, stdout, stderr } = await cli(['run', playbook(), '-i', inventory, ...limit, ...args])
    const [first, ...rest] = stdout.split('\n')
    const header = rest.slice(0, rest.indexOf('')).join('\n')
    expect([code, stderr], stdout).toEqual([cell.code, ''])
    expect(first).toMatch(cell.facts)
    if (cell.other) expect(header).toMatch(cell.other)
    else expect(header).toBe('')
    expect(header.replace(/^crystal-panda /, '')).not.toMatch(/honor-viper|warning/)
    expect(await files(viper), stdout).toBe(cell.viper)
    for (const words of cell.says ?? []) expect(stdout).toMatch(words)
    if (cell.panda !== undefined) expect((await files(panda)) || 'none').toBe(cell.panda)
    // Where the other host is a target it is counted, and never as failed.
    if (limit.length === 0 && cell.code !== 0) expect(stdout).toMatch(/\ncrystal-panda +0 +0 +0 +0 +1 /)
  })
})
