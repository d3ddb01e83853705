// One measurement of a simulated fleet, in a process of its own: node fleet-run.js <hosts> <folder> <templates> [one]. Prints one line of JSON.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openHost } from '../../src/connect.ts'
import type { Playbook } from '../../src/dsl/playbook.ts'
import { matchPattern } from '../../src/engine/limit.ts'
import { select } from '../../src/engine/select.ts'
import { copy, defineInventory, definePlaybook, defineTemplate, file, fleetGroup, ssh, template } from '../../src/index.ts'
import type { Emit } from '../../src/model/event.ts'
import { createReporter, createScreen } from '../../src/report/index.ts'
import { runOpened } from '../../src/run.ts'
import { openFakeFleet } from './fake-fleet.ts'

const size = Number(process.argv[2])
const folder = mkdtempSync(join(process.argv[3]!, 'fleet-'))
process.env.XDG_STATE_HOME = join(folder, 'state')
const target = join(folder, 'host')
mkdirSync(target)

/** CPU time: what else the machine does is not in it. */
const timings: Record<string, number> = {}
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return Math.round((user + system) / 1000)
}
async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const before = cpuMs()
  const value = await work()
  timings[`${name}CpuMs`] = cpuMs() - before
  return value
}
/** The same with the time that passes: where hosts are waited for, that is what counts. */
async function clocked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = performance.now()
  const value = await timed(name, work)
  timings[`${name}WallMs`] = Math.round(performance.now() - before)
  return value
}

const racks = Array.from({ length: 20 }, (_, rack) => `rack${rack}`)
const names = Array.from({ length: size }, (_, index) => `node-${String(index).padStart(5, '0')}`)
const addressOf = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`

const inventory = await timed('inventory', () =>
  defineInventory({
    groups: { all: { vars: { port: 8080 } }, web: {}, edge: {}, ...Object.fromEntries(racks.map((rack, at) => [rack, { vars: { at } }])) },
    hosts: Object.fromEntries(
      names.map((name, index) => [
        name,
        {
          groups: ['web', racks[index % racks.length]!, ...(index % 10 === 0 ? ['edge'] : [])],
          privateIp: addressOf(index + 1),
          connection: ssh(),
        },
      ]),
    ) as {},
  }),
)

const peers = defineTemplate({
  file: join(process.argv[4]!, 'fleet.eta'),
  input: { nodes: fleetGroup<{ facts: 'os' | 'network' }>() },
  data: ({ nodes }) => ({
    nodes: nodes.withFacts().map(({ name, privateIp, facts, vars }) => ({
      name,
      address: privateIp ?? '',
      system: facts.os.distribution,
      port: (vars as { port: number }).port,
    })),
  }),
})

const whole = definePlaybook('fleet', inventory as never, (play: any) => {
  play('everywhere', { hosts: 'web', facts: { of: 'all' } }, ({ task }: any) => {
    task('folder', file({ path: join(target, 'etc'), state: 'directory', mode: '0755' }))
    task('peers', ({ fleet }: any) => template({ src: peers({ nodes: fleet.group('web') }), dest: join(target, 'etc/peers') }))
    task('name', ({ host, facts }: any) =>
      file({ path: join(target, 'etc'), state: 'directory', mode: host.name === facts.os.hostname ? '0755' : '0700' }),
    )
    for (let index = 0; index < 3; index++)
      task(`text ${index}`, copy({ content: `text ${index}\n`, dest: join(target, `etc/text${index}`) }))
  })
}) as unknown as Playbook

await timed('patterns', () => {
  for (const pattern of ['all', 'web:!edge', 'web:&edge', 'node-0*', 'rack1:rack2:!edge', names.slice(0, 200).join(',')])
    matchPattern(pattern, whole.inventory.model)
})

const onlyFacts = definePlaybook('facts', inventory as never, (play: any) => {
  play('everywhere', { hosts: 'web', facts: { of: 'all' } }, () => {})
}) as unknown as Playbook

const run = (limit: string | undefined, open: typeof openHost, emit: Emit, playbook: Playbook = whole, inventoryPath = '/fleet') =>
  runOpened(
    {
      project: { root: '/' },
      playbook,
      inventoryPath,
      selection: select(playbook, { limit, tags: [], skipTags: [] }),
      compiled: Promise.resolve(),
      relative: (path) => path,
    },
    { check: false, forks: 50, emit, progress: () => {}, open },
  )

let bytes = 0
const count = (text: string | Uint8Array) => {
  bytes += Buffer.byteLength(text)
}
const screen = createScreen({ write: count }, { write: () => {} })
const reporter = (format: 'human' | 'json') => createReporter(format, screen, { colour: false, verbosity: 0, diff: false, cwd: '/' })
const fleet = await openFakeFleet()
// One host of all, where none of the others answers: first of all, so that the memory it takes can be told.
let asked = 0
const others = (way: (host: Parameters<typeof openHost>[0], options: Parameters<typeof openHost>[1]) => ReturnType<typeof openHost>) =>
  ((host, options) => {
    if (host.name === names[0]) return fleet.open(host, options)
    asked += 1
    return way(host, options)
  }) as typeof openHost
const one = async (name: string, open: typeof openHost, inventoryPath: string) => {
  asked = 0
  await clocked(name, () => run(names[0], open, () => {}, onlyFacts, inventoryPath))
  timings[`${name}Asked`] = asked
}
const refused = { type: 'ssh', address: '127.0.0.1', port: 9, user: 'nobody', hostKeyPolicy: 'strict' } as const
await one(
  'oneOfRefused',
  others((host, options) => openHost({ ...host, connection: refused as never }, options)),
  '/fleet-refused',
)
const mute = others(() => new Promise<never>(() => {}))
await one('oneOfMute', mute, '/fleet-mute')
await one('oneOfMuteAgain', mute, '/fleet-mute')
const peakMb = () => Math.round(process.resourceUsage().maxRSS / 1024)
timings.onePeakMb = peakMb()

// What the fleet has on its disks is made by the first run, on one host for real; all hosts are alike but for names and addresses.
const local = (host: Parameters<typeof openHost>[0], options: Parameters<typeof openHost>[1]) =>
  host.name === names[0] ? fleet.changeable(host, options) : fleet.open(host, options)
// As targets, which no deadline cuts off; the run of one host then finds them remembered.
await timed('remember', () => run(undefined, fleet.open, () => {}, onlyFacts))
// And where what is remembered of the others is young enough.
await one('oneOfCached', others(fleet.open), '/fleet')

// All that one host of many does not need.
if (process.argv[5] !== 'one') {
  const first = await timed('first', () =>
    run(names[0], local, (event) => {
      if (event.event === 'task' && event.error) throw new Error(JSON.stringify(event.error))
    }),
  )
  for (const format of ['human', 'json'] as const) {
    bytes = 0
    const report = reporter(format)
    const before = cpuMs()
    let changed = 0
    const code = await timed(format, () =>
      run(undefined, fleet.open, (event) => {
        if (event.event === 'play') timings[`${format}UntilFirstTaskCpuMs`] = cpuMs() - before
        if (event.event === 'task' && event.outcome !== 'ok') changed += 1
        report(event)
      }),
    )
    timings[`${format}Bytes`] = bytes
    if (code !== 0 || changed > 0 || first !== 0) throw new Error(`the fleet is not converged: ${first} ${code} ${changed}`)
  }
}
await fleet.close()
process.stdout.write(`${JSON.stringify({ hosts: size, ...timings, cpuMs: cpuMs(), peakMb: peakMb() })}\n`)
rmSync(folder, { recursive: true, force: true })
