import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { factFormat } from '../../src/model/fact-cache.ts'
import { eventsOf, rollcall } from '../helpers/cli.ts'
import { tempProject } from '../helpers/project.ts'

const size = 1000

/** A port of this machine that counts who comes: it closes each connection at once, or says nothing. */
function door(closes: boolean) {
  let server: Server
  const sockets = new Set<Socket>()
  const counts = { connections: 0, most: 0 }
  beforeAll(async () => {
    server = createServer((socket) => {
      counts.connections += 1
      sockets.add(socket)
      counts.most = Math.max(counts.most, sockets.size)
      socket.on('error', () => undefined)
      socket.once('close', () => sockets.delete(socket))
      // Only when something was read is the end no reset.
      if (closes) socket.once('data', () => socket.end())
      else socket.resume()
    })
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve))
  })
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    counts,
    get port() {
      return (server.address() as { port: number }).port
    },
    /** How many came since it was last asked. */
    came: () => {
      const { connections } = counts
      counts.connections = 0
      return connections
    },
  }
}
const closing = door(true)
const mute = door(false)

/** `here` is this machine, the others are all behind one port. */
function project(others: number, port: number, facts: string, cache?: string) {
  const { root } = tempProject({
    'inventory/lab.ts': `import { defineInventory, Secret, ssh } from 'rollcall'
const way = ssh({ address: '127.0.0.1', port: ${port}, user: 'admin', password: new Secret('x'), hostKeyPolicy: 'strict', connectTimeoutSeconds: 2 } as never)
const others = Object.fromEntries(Array.from({ length: ${others} }, (_, index) => ['node' + index, { groups: ['web'] as const, privateIp: '10.0.' + (index >> 8) + '.' + (index & 255), connection: way }]))
export const inventory = defineInventory({
  groups: { web: {}, edge: {} },
  hosts: { here: { groups: ['web', 'edge'] as const, privateIp: '10.1.0.1', connection: 'local' as const }, ...others },
})
`,
    'playbooks/site.ts': `import { inventory } from '#inventory'
import { debug, definePlaybook } from 'rollcall'
export default definePlaybook('site', inventory, (play) => {
  play('all', { hosts: 'web', facts: ${facts} }, ({ task }) => {
    task('say', ({ fleet }) => debug({ msg: String(fleet.group('web').map((node) => node.privateIp).length) }))
  })
})
`,
    ...(cache !== undefined && { 'fact-cache.ts': cache }),
    'package.json': JSON.stringify({
      name: 'fixture',
      type: 'module',
      dependencies: { rollcall: '*' },
      imports: { '#inventory': './inventory/lab.ts' },
      ...(cache !== undefined && { rollcall: { factCache: './fact-cache.ts' } }),
    }),
  })
  const run = (...args: readonly string[]) => rollcall(args, { cwd: root, env: { XDG_STATE_HOME: `${root}/state` } })
  /** The hosts that were silent were so just now, however long ago that is on a machine that has much to do. */
  const silentNow = () => {
    const folder = `${root}/state/rollcall/facts`
    const path = `${folder}/${readdirSync(folder)[0]}/silent.json`
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/"askedAt":\d+/g, `"askedAt":${Date.now()}`))
  }
  return Object.assign(run, { silentNow })
}
const limited = ['run', 'site', '--limit', 'here'] as const
const headerOf = (stdout: string) => stdout.slice(0, stdout.indexOf('\n\n')).split('\n')

describe(`${size} other hosts`, () => {
  test('that all refuse are asked once each, so many at a time, and told in one line', async () => {
    const run = project(size, closing.port, "{ of: 'web', families: ['os'], timeout: 120 }")
    const { code, stdout, stderr } = await run(...limited, '--forks', '20')
    expect([code, stderr]).toEqual([0, ''])
    expect(closing.came()).toBe(size)
    // The places of hosts that say nothing for a second are lent three times at most.
    expect(closing.counts.most).toBeLessThanOrEqual(80)
    expect(headerOf(stdout)).toEqual([
      `inventory ${size + 1} hosts · facts from 1 of ${size + 1} (1 live, ${size} unknown) · targets 1 (here)`,
      expect.stringMatching(
        /^node0, node1, .*, node7 and 992 more {2}unknown: waiting for the SSH server's greeting: Connection lost before handshake$/,
      ),
    ])
    expect(stdout).toContain(`\n    ${size + 1}\n`)
  })

  test.for([
    [
      'whose cached facts are young enough',
      "{ of: 'web', families: ['os'] }",
      60,
      / and 992 more {2}cached 1 min: its cached facts are young enough$/,
    ],
    ['of which a play wants none', '{ families: [] }', undefined, undefined],
    ['that stand outside the scope', "{ of: 'edge', families: ['os'] }", undefined, undefined],
    ['of a play that reads of its targets alone', "{ of: 'targets', families: ['os'] }", undefined, undefined],
  ] as const)('%s are not contacted', async ([, facts, age, line]) => {
    const cache = `import { defineFactCache } from 'rollcall'
export default defineFactCache({
  load: ({ hosts }) => hosts.map((host) => ({ version: ${factFormat}, host, family: 'os', gatheredAt: Date.now() - ${age ?? 0} * 1000, value: {} })),
  save: () => {},
})
`
    const { code, stdout } = await project(size, closing.port, facts, cache)(...limited)
    expect([code, closing.came()]).toEqual([0, 0])
    const [first, ...more] = headerOf(stdout)
    expect(first).toContain(` · targets 1 (here)`)
    expect(more).toEqual(line === undefined ? [] : [expect.stringMatching(line)])
    expect(stdout).toContain(`\n    ${size + 1}\n`)
  })
})

test('hosts that say nothing are waited for once, then spared; who insists asks them anyway', async () => {
  const run = project(30, mute.port, "{ of: 'web', families: ['os'] }")
  const json = async (...args: readonly string[]) => {
    const done = await run(...args, '--format', 'json')
    return { ...done, facts: eventsOf(done, 'facts')[0]?.hosts.slice(1) ?? [] }
  }
  const first = await json(...limited, '--facts-timeout', '3')
  expect([first.code, mute.came(), new Set(first.facts.map(({ contact }) => contact))]).toEqual([0, 30, new Set(['failed'])])

  run.silentNow()
  const again = await json(...limited)
  expect([again.code, mute.came(), new Set(again.facts.map(({ contact }) => contact))]).toEqual([0, 0, new Set(['spared'])])
  expect(again.facts[0]?.reason).toMatch(/^not asked again: \d+ s ago it did not answer \(.*\)$/)
  run.silentNow()
  expect(headerOf((await run(...limited)).stdout)[1]).toMatch(
    / and 22 more {2}unknown: not asked again: less than a minute ago they did not answer$/,
  )

  run.silentNow()
  const shown = await run('facts', 'node0,node1', '--format', 'json')
  expect([shown.code, mute.came(), (JSON.parse(shown.stdout) as { contact: string }[]).map(({ contact }) => contact)]).toEqual([
    0,
    0,
    ['spared', 'spared'],
  ])
  run.silentNow()
  const refreshed = await run('facts', 'node0,node1', '--refresh', '--format', 'json')
  expect([refreshed.code, mute.came()]).toEqual([4, 2])
  run.silentNow()
  const target = await json('run', 'site', '--limit', 'node0')
  expect([target.code, mute.came(), target.events.find(({ event }) => event === 'facts')]).toMatchObject([4, 1, {}])
})

test("where a play says ifDown: 'fail', a host is asked, however lately it was silent, and ends the run", async () => {
  const run = project(1, mute.port, "{ of: 'web', families: ['os'], ifDown: 'fail' }")
  for (const _ of [1, 2]) {
    const { code, stderr } = await run(...limited, '--facts-timeout', '3')
    expect([code, mute.came(), stderr]).toEqual([4, 1, expect.stringContaining('needs facts of every host of its scope')])
  }
})
