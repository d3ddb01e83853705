import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type CliRun, outcomes, rollcall, taskOf } from '../helpers/cli.ts'
import { folderEach } from '../helpers/folder.ts'
import { tempProject } from '../helpers/project.ts'

const scratch = folderEach()
const { at } = scratch

const inventory = `import { defineInventory, local } from 'rollcall'
const here = local()
export const inventory = defineInventory({
  groups: { web: { vars: { port: 80 } }, db: {} },
  hosts: {
    alpha: { groups: ['web'], vars: { needs: true }, connection: here },
    beta: { groups: ['web'], vars: { needs: false }, connection: here },
    gamma: { groups: ['db'], vars: { needs: true }, connection: here },
  },
})
`
function project(plays: string, before = '') {
  const { root } = tempProject({
    'inventory/lab.ts': inventory,
    'playbooks/site.ts': `import { inventory } from '#inventory'
import { command, copy, debug, definePlaybook, dynamicGroup, fail, groupBy, intersection, nth, sh, shell, union, without } from 'rollcall'
void [command, copy, debug, dynamicGroup, fail, groupBy, intersection, nth, sh, shell, union, without]
const folder = process.env.FOLDER!
const facts = { families: [] }
${before}
export default definePlaybook('site', inventory, (play) => {
${plays}
})
`,
  })
  return (...args: readonly string[]) =>
    rollcall(['run', 'site', ...args], { cwd: root, env: { FOLDER: scratch.path, XDG_STATE_HOME: at('state') } })
}
const json = async (run: Promise<CliRun>) => {
  const done = await run
  expect(done.code, done.stderr).not.toBe(1)
  return done
}
const playsOf = ({ events }: CliRun) => events.flatMap((event) => (event.event === 'play' ? [`${event.play}: ${event.hosts.join()}`] : []))

const chosen = `const chosen = dynamicGroup('chosen', { of: 'web' })
  play('choose', { hosts: 'web', facts }, ({ task }) => {
    const look = task('look', ({ host }) => shell({ script: sh\`echo \${host.name}\` }))
    task('group', groupBy({ group: chosen }), { when: ({ result, host }) => result(look).stdout === 'alpha' && host.vars.port === 80 })
  })`

test('a later play runs on the hosts that tasks have chosen, with the vars of where they come from', async () => {
  const run = project(`${chosen}
  play('then', { hosts: chosen, facts }, ({ task }) => {
    task('write', ({ host, batch, targets }) => copy({ dest: folder + '/' + host.name, content: [host.vars.port, batch.names.join(), targets.names.join()].join(' ') }))
  })`)
  const done = await json(run('--format', 'json'))
  expect([done.code, playsOf(done)]).toEqual([0, ['choose: alpha,beta', 'then: alpha']])
  expect(outcomes(done, 'beta')).toEqual(['look: changed', 'group: skipped'])
  expect(readFileSync(at('alpha'), 'utf8')).toBe('80 alpha alpha,beta')
  expect(existsSync(at('beta'))).toBe(false)
})
test('a group that nobody is in leaves the play out, and --limit counts', async () => {
  const run = project(`${chosen}
  play('then', { hosts: chosen, facts }, ({ task }) => { task('write', command({ argv: ['true'] })) })`)
  const done = await json(run('--format', 'json', '--limit', 'beta'))
  expect([done.code, playsOf(done)]).toEqual([0, ['choose: beta', 'then: ']])
  expect((await run('--limit', 'beta')).stdout).toMatch(/play then · no targets/)
})
test('composes with groups, and only hosts of earlier plays can be in it', async () => {
  const run = project(`const needy = dynamicGroup('needy')
  play('choose', { hosts: 'all', facts }, ({ task }) => { task('group', groupBy({ group: needy }), { when: ({ host }) => (host.vars as { needs?: boolean }).needs === true }) })
  play('both', { hosts: intersection(needy, 'web'), facts }, ({ task }) => { task('say', debug({ msg: 'x' })) })
  play('any', { hosts: union('db', needy), facts }, ({ task }) => { task('say', debug({ msg: 'x' })) })`)
  expect(playsOf(await json(run('--format', 'json')))).toEqual(['choose: alpha,beta,gamma', 'both: alpha', 'any: gamma,alpha'])
})
test('of a union only its part waits to be chosen', async () => {
  const run = project(`${chosen}
  play('any', { hosts: union('db', chosen), facts }, ({ task }) => { task('say', debug({ msg: 'x' })) })`)
  expect(playsOf(await json(run('--format', 'json')))).toEqual(['choose: alpha,beta', 'any: gamma,alpha'])
})
test.each(['without("web", chosen)', 'nth(chosen, 0)'])('%s is refused at load', async (choice) => {
  const refused = await project(`${chosen}
  play('then', { hosts: ${choice}, facts }, ({ task }) => { task('say', debug({ msg: 'x' })) })`)()
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('takes places of a dynamic group, or leaves one out')])
  expect(refused.stderr).toMatch(/playbooks\/site\.ts:\d+/)
})
test('a host that the group does not take fails with a remedy', async () => {
  const done = await json(
    project(`const webs = dynamicGroup('webs', { of: 'web' })
  play('choose', { hosts: 'db', facts }, ({ task }) => { task('group', groupBy({ group: webs })) })`)('--format', 'json'),
  )
  expect(taskOf(done, 'gamma', 'group').error).toMatchObject({
    summary: "Group 'webs' does not take this host",
    fix: expect.stringContaining('It takes hosts of web'),
  })
})
test('a group of what the inventory does not have is an error of the compiler and at load', async () => {
  const refused = await project(`play('x', { hosts: dynamicGroup('x', { of: 'wbe' }), facts }, () => {})`)()
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/wbe/)])
})
test('check mode chooses as well, as far as it can tell', async () => {
  const run = project(`const needy = dynamicGroup('needy', { of: 'web' })
  play('choose', { hosts: 'web', facts }, ({ task }) => { task('group', groupBy({ group: needy }), { when: ({ host }) => host.name === 'beta' }) })
  play('then', { hosts: needy, facts }, ({ task }) => { task('write', copy({ dest: folder + '/then', content: 'x' })) })`)
  const done = await json(run('--format', 'json', '--check'))
  expect([playsOf(done), outcomes(done, 'beta')]).toEqual([
    ['choose: alpha,beta', 'then: beta'],
    ['group: ok', 'write: changed'],
  ])
})
