import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { ShownConnection } from '../../src/connections.ts'
import { reset, startHost, stopHost } from '../../src/lab/index.ts'
import { outcomes, recapOf, rollcall, scratchFile } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab } = useJobLab('kept')
// The lab's own state folder is too long for sockets.
const runtime = mkdtempSync(join(tmpdir(), 'rt-'))
const env = { ROLLCALL_LAB: lab.name, XDG_RUNTIME_DIR: runtime }
const cli = (...args: readonly string[]) => rollcall(args, { env })
afterAll(async () => {
  await cli('connections', 'close', '--all', '--force')
  rmSync(runtime, { recursive: true })
})
const listed = async () => JSON.parse((await cli('connections', '--json')).stdout) as readonly ShownConnection[]

const inventory = scratchFile(
  'kept.ts',
  `import { defineInventory, lab } from 'rollcall'
export const inventory = defineInventory({
  groups: {
    all: { vars: { domain: 'dynia.test' }, connection: lab({ controlPersistSeconds: 300 }) },
    cluster: { vars: { appPort: 8080 } },
  },
  hosts: {
    'honor-viper': { groups: ['cluster'], privateIp: '${viper.address}' },
    'crystal-panda': { groups: ['cluster'], privateIp: '${panda.address}' },
  },
})
`,
)
const playbook = (name: string, body: string) =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { copy, definePlaybook, query, reboot, sh } from 'rollcall'
void [copy, query, reboot, sh]
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'cluster', become: true }, ({ task }) => {
    ${body}
  })
})
`,
  )
const book = playbook(
  'twice',
  `task('file', copy({ dest: '/etc/kept', content: 'kept\\n' }))\n    task('who', query({ script: sh\`id -un\` }))`,
)
const run = (...more: readonly string[]) => cli('run', book, '-i', inventory, ...more, '--format', 'json')
/** How often somebody has logged in since the host has booted. */
const logins = async (host: typeof viper) =>
  Number(await inside(lab, host, `journalctl -b -u ssh --no-pager | grep -c 'Accepted publickey for admin' || :`))

const fine = { 'honor-viper': 'changed 0, failed 0, unreachable 0', 'crystal-panda': 'changed 0, failed 0, unreachable 0' }

it('a second run logs in nowhere; sudo and check mode are as ever', async () => {
  const first = await run()
  expect([first.code, first.stderr, outcomes(first, 'honor-viper')]).toEqual([0, '', ['file: changed', 'who: ok']])
  const before = [await logins(viper), await logins(panda)]
  for (const more of [[], ['--check'], ['--check', '--diff']]) {
    const again = await run(...more)
    expect([again.code, again.stderr, recapOf(again)]).toEqual([0, '', fine])
  }
  expect([await logins(viper), await logins(panda)]).toEqual(before)
  expect((await listed()).map(({ host, user, lab: of, usedBy }) => [host, user, of, usedBy]).sort()).toEqual([
    ['crystal-panda', 'admin', lab.name, undefined],
    ['honor-viper', 'admin', lab.name, undefined],
  ])
})

it('a host that reboots in a run comes back over a new connection, which is kept', async () => {
  const reboots = playbook(
    'reboots',
    `task('reboot', reboot({}), { when: ({ host }) => host.name === 'honor-viper' })\n    task('after', query({ script: sh\`id -un\` }))`,
  )
  const old = (await listed()).find(({ host }) => host === 'honor-viper')
  const done = await cli('run', reboots, '-i', inventory, '--format', 'json')
  expect([done.code, done.stderr]).toEqual([0, ''])
  expect(outcomes(done, 'honor-viper')).toEqual(['reboot: changed', 'after: ok'])
  const now = (await listed()).filter(({ host }) => host === 'honor-viper')
  expect(now.map(({ pid }) => pid)).not.toContain(old?.pid)
  const before = await logins(viper)
  expect(recapOf(await run())).toEqual(fine)
  expect(await logins(viper)).toBe(before)
})

it('a host that was away meanwhile is logged in to anew; while it is away it is unreachable', async () => {
  await run()
  await stopHost(lab, 'honor-viper')
  const away = await run('--limit', 'honor-viper')
  expect([away.code, recapOf(away)]).toEqual([4, { 'honor-viper': 'changed 0, failed 0, unreachable 1' }])
  await startHost(lab, 'honor-viper')
  await reset(lab, { hosts: ['crystal-panda'] })
  const back = await run()
  expect([back.code, back.stderr, outcomes(back, 'honor-viper'), outcomes(back, 'crystal-panda')]).toEqual([
    0,
    '',
    ['file: ok', 'who: ok'],
    ['file: changed', 'who: ok'],
  ])
  expect([await logins(viper), await logins(panda)].map((count) => count > 0)).toEqual([true, true])
})

it('"lab down" ends the connections to its hosts', async () => {
  expect(await listed()).not.toEqual([])
  expect((await cli('lab', 'down')).stdout).toBe('the lab is down\n')
  expect(await listed()).toEqual([])
})
