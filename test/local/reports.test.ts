import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { eventsOf, rollcall, taskOf } from '../helpers/cli.ts'
import { countingPort } from '../helpers/local-cli.ts'
import { tempProject } from '../helpers/project.ts'

const counted = countingPort()
const folder = mkdtempSync(join(tmpdir(), 'rollcall-reports-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `here` is this machine, `down` never answers. */
function project(plays: string) {
  const { root } = tempProject({
    'inventory/lab.ts': `import { defineInventory, Secret, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { web: {} },
  hosts: {
    here: { groups: ['web'], connection: 'local' },
    down: { groups: [], connection: ssh({ address: '127.0.0.1', port: ${counted.port}, password: new Secret('x'), connectTimeoutSeconds: 1 }) },
  },
})
`,
    'playbooks/site.ts': `import { inventory } from '#inventory'
import { copy, debug, definePlaybook, file, sh, shell } from 'rollcall'
const folder = process.env.FOLDER!
export default definePlaybook('site', inventory, (play) => {
${plays}
})
void [copy, debug, sh, shell, folder]
`,
  })
  return (...args: readonly string[]) => rollcall(args, { cwd: root, env: { FOLDER: folder, XDG_STATE_HOME: join(root, 'state') } })
}

test(`a run that ifDown: 'fail' ends has a recap that says why, and the error on standard error`, async () => {
  const run = project(`play('all or none', { hosts: 'web', facts: { of: 'all', ifDown: 'fail' } }, ({ task }) => {
    task('never', copy({ dest: folder + '/never', content: 'x' }))
  })`)
  const done = await run('run', 'site', '--format', 'json')
  expect(done.code).toBe(4)
  const summary = `Play 'all or none' needs facts of every host of its scope, and not every one answers`
  expect(done.stderr).toContain(summary)
  expect(done.events.map(({ event }) => event)).toEqual(['run', 'facts', 'recap'])
  expect(eventsOf(done, 'recap')).toMatchObject([
    { exitCode: 4, error: { summary }, hosts: { here: { ok: 0, failed: 0, unreachable: 0 } } },
  ])
  const human = await run('run', 'site')
  expect(human.stdout).toMatch(/failed after [^:]*\(exit code 4\)\n$/)
  expect(human.stderr).toContain(summary)
})

test('a host that nobody asked is told from one that did not answer', async () => {
  const run = project(`play('facts', { hosts: 'all', facts: { families: ['hardware'] } }, ({ task }) => {
    task('say', debug({ msg: 'x' }))
  })`)
  const factsOf = async (...args: readonly string[]) => eventsOf(await run('run', 'site', '--format', 'json', ...args), 'facts')[0]?.hosts
  expect(await factsOf()).toMatchObject([
    { host: 'here', origin: 'live', contact: 'answered' },
    { host: 'down', origin: 'none', contact: 'failed' },
  ])
  expect(await factsOf('--limit', 'down')).toMatchObject([
    { host: 'here', origin: 'cached', contact: 'notAsked' },
    { host: 'down', origin: 'none', contact: 'failed' },
  ])
  const cached = JSON.parse((await run('facts', '--cached', '--format', 'json')).stdout)
  expect(cached).toMatchObject([
    { host: 'here', contact: 'notAsked' },
    { host: 'down', contact: 'notAsked' },
  ])
})

test(`explain shows scripts as text, and words a host's own unknown fact as what it is`, async () => {
  const run = project(`play('facts', { hosts: 'web', facts: { of: 'web' } }, ({ task }) => {
    task('script', shell({ script: sh\`echo \${'a b'}\`, creates: '/x' }))
    task('own fact', ({ facts }) => debug({ msg: facts.os.distribution }))
  })`)
  const { code, stdout } = await run('explain', 'site')
  expect(code).toBe(0)
  expect(stdout).toContain(`shell script="echo 'a b'" creates=/x`)
  expect(stdout).toContain('A fact of a host is not known: os.distribution of here: no host is asked here')
})

test('a refused validate says what to do, and shows its check', async () => {
  const run = project(`play('validate', { hosts: 'web', facts: { of: 'web', families: [] } }, ({ task }) => {
    task('refused', copy({ dest: folder + '/conf', content: 'bad', validate: (path) => sh\`grep -q good \${path}\` }))
  })`)
  const { error } = taskOf(await run('run', 'site', '--format', 'json'), 'here', 'refused')
  expect(error?.detail).toContain('its new content was refused by validate (exit code 1); nothing was changed')
  expect(error?.fix).toBe(`Correct what is to be written, or the check. To try the check on the host:\ngrep -q good ${folder}/conf`)
})

test.for([
  [
    'none',
    'the directory FOLDER/none does not exist',
    `Make it by a task before this one:\nfile({ path: 'FOLDER/none', state: 'directory' })`,
  ],
  [
    "it's",
    "the directory FOLDER/it's does not exist",
    `Make it by a task before this one:\nfile({ path: 'FOLDER/it\\'s', state: 'directory' })`,
  ],
  ['file', 'FOLDER/file is no directory', 'Correct the path, or make sure that FOLDER/file is a directory.'],
] as const)('a file that has no directory to lie in says what to do: %s', async ([name, detail, fix]) => {
  const run = project(`play('write', { hosts: 'web', facts: { of: 'web', families: [] } }, ({ task }) => {
    task('file', copy({ dest: folder + '/file', content: 'x' }))
    task('below', copy({ dest: folder + ${JSON.stringify(`/${name}/below`)}, content: 'x' }))
  })`)
  const { error } = taskOf(await run('run', 'site', '--format', 'json'), 'here', 'below')
  const told = (text = '') => text.replaceAll(folder, 'FOLDER')
  expect([told(error?.detail), told(error?.fix)]).toEqual([expect.stringContaining(detail), fix])
})

test('nor can an empty file be made without one', async () => {
  const run = project(`play('touch', { hosts: 'web', facts: { of: 'web', families: [] } }, ({ task }) => {
    task('empty', file({ path: folder + '/none/a', state: 'touch' }))
  })`)
  const { error } = taskOf(await run('run', 'site', '--format', 'json'), 'here', 'empty')
  expect(error?.detail).toBe(
    `: >> ${folder}/none/a\nexit code 1\ncannot write ${folder}/none/a: the directory ${folder}/none does not exist`,
  )
  expect(error?.fix).toBe(`Make it by a task before this one:\nfile({ path: '${folder}/none', state: 'directory' })`)
})

test('the recap says of each host what was sent and where the time went, --timing shows it', async () => {
  const run = project(`play('files', { hosts: 'all', facts: { of: 'web' } }, ({ task }) => {
    task('one', copy({ dest: folder + '/timed', content: 'x'.repeat(5000) }))
  })`)
  const recapOf = async (...more: readonly string[]) => eventsOf(await run('run', 'site', '--format', 'json', ...more), 'recap')[0]!.hosts
  const first = await recapOf()
  expect(first).toMatchObject({
    here: { changed: 1, readMs: expect.any(Number), bytesReceived: expect.any(Number) },
    // Nothing was said to it; the time until it was given up is told all the same.
    down: { unreachable: 1, exchanges: 0, bytesSent: 0, bytesReceived: 0, factsMs: 0, readMs: 0, applyMs: 0 },
  })
  expect(first.down!.connectMs).toBeGreaterThan(0)
  expect(first.here!.bytesSent).toBeGreaterThan(5000)
  const second = await recapOf('--limit', 'here')
  expect(second.here).toMatchObject({ ok: 1, exchanges: 2, applyMs: 0 })
  expect(second.here!.bytesSent).toBeLessThan(first.here!.bytesSent - 5000)

  const human = await run('run', 'site', '--limit', 'here', '--timing')
  expect(human.stdout).toMatch(
    /^timing {2}exchanges +sent +received +connect +facts +read +apply\nhere +2 +\S+ k?B +\S+ k?B( +\S+ m?s){3} +0 ms\ndone in/m,
  )
  expect((await run('run', 'site', '--limit', 'here')).stdout).not.toContain('timing')
})

test('exec and do tell the same of a host', async () => {
  const run = project('')
  const [line] = (await run('exec', 'here', '--format', 'json', '--', 'echo', 'hello')).stdout.split('\n')
  expect(JSON.parse(line!)).toMatchObject({ host: 'here', timing: { exchanges: 1, bytesSent: expect.any(Number), factsMs: 0, readMs: 0 } })
  const done = await run('do', 'here', 'stat', `path=${folder}`, '--timing', '--format', 'json')
  expect(
    done.stdout
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each)),
  ).toMatchObject([
    { event: 'result', host: 'here' },
    { event: 'timing', host: 'here', exchanges: 1, factsMs: 0, applyMs: 0 },
  ])
})
