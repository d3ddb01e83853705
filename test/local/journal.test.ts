import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CliRun, eventsOf, outcomes, rollcall, startRollcall, taskOf } from '../helpers/cli.ts'
import { folderEach } from '../helpers/folder.ts'
import { tempProject } from '../helpers/project.ts'

const scratch = folderEach()
const { at } = scratch

/** Both hosts are this machine, each with a folder of its own. */
const inventory = `import { defineInventory, local } from 'rollcall'
export const inventory = defineInventory({
  groups: { web: {} },
  hosts: { alpha: { groups: ['web'], connection: local() }, beta: { groups: ['web'], connection: local() } },
})
`
const playbook = (tasks: string, options = '') => `import { inventory } from '#inventory'
import { assert, command, copy, debug, definePlaybook, secretFromEnv, fail, sh, shell } from 'rollcall'
import { existsSync } from 'node:fs'
void [assert, command, copy, debug, secretFromEnv, fail, sh, shell, existsSync]
const folder = process.env.FOLDER!
export default definePlaybook('site', inventory, (play) => {
  play('all', { hosts: 'web', facts: { families: [] }, ${options} }, ({ task, block, handler }) => {
    void [task, block, handler]
    ${tasks}
  })
})
`
function project(tasks: string, options = '', settings: object = {}) {
  const { root, write } = tempProject({ 'inventory/lab.ts': inventory, 'playbooks/site.ts': playbook(tasks, options) })
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as object
  write('package.json', JSON.stringify({ ...manifest, rollcall: settings }))
  const env = { FOLDER: scratch.path, XDG_STATE_HOME: at('state') }
  const cli = (...args: readonly string[]) => rollcall(args, { cwd: root, env })
  return {
    root,
    env,
    cli,
    rewrite: (text: string) => write('playbooks/site.ts', playbook(text, options)),
    run: async (...args: readonly string[]) => {
      const done = await cli('run', 'site', '--format', 'json', ...args)
      expect(done.code, done.stderr).not.toBe(1)
      return done
    },
    runs: async () => JSON.parse((await cli('runs', '--json')).stdout) as { readonly [key: string]: any }[],
  }
}
const journals = () => {
  const all = at('state/rollcall/runs')
  return existsSync(all) ? readdirSync(all).flatMap((id) => readdirSync(join(all, id)).map((name) => join(all, id, name))) : []
}
const counted = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8').split('\n').length - 1 : 0)
const warnings = ({ events }: CliRun) => events.flatMap((event) => (event.event === 'warning' ? [event.message] : []))

/** Fails on beta until a file is there. */
const failsOnce = `const asked = task('ask', shell({ script: sh\`echo x >>\${folder}/asked; echo answer\` }))
    task('state', ({ host }) => copy({ dest: folder + '/state-' + host.name, content: 'x' }))
    task('gate', ({ host }) => shell({ script: sh\`echo x >>\${folder}/gate-\${host.name}; test \${host.name} = alpha || test -e \${folder}/open\` }))
    task('behind', ({ result, host }) => copy({ dest: folder + '/behind-' + host.name, content: result(asked).stdout }))`

describe('the journal', () => {
  test('of each run is one file that nobody else reads, and is shown again as it was', async () => {
    const { run, cli, runs } = project(failsOnce)
    const done = await run()
    expect(done.code).toBe(2)
    const [path] = journals() as [string]
    expect([statSync(path).mode & 0o777, statSync(join(path, '..')).mode & 0o777]).toEqual([0o600, 0o700])
    const [first] = await runs()
    expect(first).toMatchObject({
      playbook: 'site',
      inventory: 'inventory/lab.ts',
      check: false,
      outcome: 'failed',
      exitCode: 2,
      targets: ['alpha', 'beta'],
      hosts: { done: 1, failed: 1, unreachable: 0, unfinished: 0 },
      counts: { changed: 6, failed: 1 },
    })
    const again = await cli('runs', 'show', 'last', '--format', 'json')
    expect([again.code, again.events]).toEqual([0, done.events])
    expect((await cli('runs', 'show', first!.id.slice(-4))).stdout).toMatch(/beta +gate \(shell\): failed[\s\S]*failed after/)
    expect((await cli('runs')).stdout).toMatch(/site on inventory\/lab\.ts +failed, 6 changed, 1 host failed/)
    expect(await cli('runs', 'show', 'nope')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no such run') })
  })
  test('a run that is killed has left what it did', async () => {
    const { root, env, run, runs, cli } = project(`task('first', command({ argv: ['true'] }))
    task('long', shell({ script: sh\`touch \${folder}/begun; until [ -e \${folder}/end ]; do sleep 0.1; done\` }))`)
    const child = await startRollcall(['run', 'site'], { cwd: root, env })
    await expect.poll(() => existsSync(at('begun')), { timeout: 60_000 }).toBe(true)
    expect((await runs())[0]).toMatchObject({ outcome: 'running' })
    expect(await cli('run', 'site', '--resume')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The last run is still going on'),
    })
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))
    expect((await runs())[0]).toMatchObject({ outcome: 'cut off', counts: { changed: 2 }, hosts: { unfinished: 2 } })
    expect((await cli('runs', 'show', 'last')).stdout).toMatch(/first \(command\): changed[\s\S]*interrupted after/)
    // Its step goes on, on a machine that other tests have as host as well: a run here hears of its end, lest one of theirs does. Where
    // one has, it is not waited for.
    writeFileSync(at('end'), '')
    for (let told = 0, tries = 0; told < 2 && tries < 15; tries++)
      told += warnings(await run('--limit', 'alpha', '--wait-for-lock', '60')).filter((text) => text.includes("lost: task 'long'")).length
  })
  test('one that cannot be written is a warning, and the run goes on', async () => {
    const { run } = project(`task('first', command({ argv: ['true'] }))`)
    await run()
    rmSync(at('state/rollcall/runs'), { recursive: true })
    writeFileSync(at('state/rollcall/runs'), '')
    const done = await run()
    expect([done.code, warnings(done)]).toEqual([0, [expect.stringContaining('The journal of this run cannot be written')]])
  })
  test('old ones go, as package.json says, and cleanup knows them', async () => {
    const { run, cli } = project(`task('first', command({ argv: ['true'] }))`, '', { runs: { keep: 2 } })
    for (let time = 0; time < 4; time++) await run()
    expect(journals().length).toBe(2)
    const kept = JSON.parse((await cli('cleanup', '--controller-only', '--only', 'runs', '--json')).stdout)
    expect(kept.kept).toMatchObject([{ kind: 'runs', about: 'what happened in 2 runs of this project' }])
    await cli('cleanup', '--controller-only', '--only', 'runs', '--remove', '--yes')
    expect(journals()).toEqual([])
  })
  test.each([[{ runs: { keep: 0 } }], [{ runs: 5 }], [{ runs: { weeks: 2 } }]])('%j in package.json is refused', async (settings) => {
    const { cli } = project('', '', settings)
    expect(await cli('run', 'site')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("package.json's rollcall.runs cannot be used"),
    })
  })
  test('holds no secret', async () => {
    const { root, env } = project(`task('tell', shell({ script: sh\`echo \${secretFromEnv('TOKEN')}\` }))`)
    await rollcall(['run', 'site'], { cwd: root, env: { ...env, TOKEN: 'open-sesame-17' } })
    expect(readFileSync(journals()[0]!, 'utf8')).not.toContain('open-sesame')
  })
})

describe('--retry-failed', () => {
  test('runs on the hosts that failed, and says so', async () => {
    const { run, cli, runs } = project(failsOnce)
    await run()
    writeFileSync(at('open'), '')
    const done = await run('--retry-failed')
    expect([done.code, eventsOf(done, 'run')[0]]).toMatchObject([
      0,
      { targets: ['beta'], continues: { by: 'retryFailed', leftOut: ['alpha'] } },
    ])
    expect(counted('asked')).toBe(3)
    expect((await runs())[0]).toMatchObject({ continues: { by: 'retryFailed' }, outcome: 'done' })
    expect(await cli('run', 'site', '--retry-failed')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No host has failed in the last run'),
    })
  })
  test('with --limit both must hold', async () => {
    const { run, cli } = project(failsOnce)
    await run()
    const refused = await cli('run', 'site', '--retry-failed', '--limit', 'alpha')
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("--retry-failed goes on with beta, and --limit 'alpha' leaves none of them"),
    ])
    expect((await cli('run', 'site', '--retry-failed', '--limit', 'beta')).stdout).toMatch(
      /only hosts that failed in the run of .*, without alpha/,
    )
  })
  test('needs an earlier run, and check mode is none', async () => {
    const { run, cli } = project(failsOnce)
    await run('--check')
    expect(await cli('run', 'site', '--retry-failed')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no earlier run'),
    })
    expect(await cli('run', 'site', '--retry-failed', '--resume')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exclude each other'),
    })
  })
})

describe('--resume', () => {
  test('goes on at the failed task: actions are not repeated, their results are there, states are looked at', async () => {
    const { run, cli } = project(failsOnce)
    expect((await run()).code).toBe(2)
    writeFileSync(at('open'), '')
    rmSync(at('state-beta'))
    const done = await run('--resume')
    expect([done.code, outcomes(done, 'alpha'), outcomes(done, 'beta')]).toEqual([
      0,
      [],
      ['ask: skipped', 'state: changed', 'gate: changed', 'behind: changed'],
    ])
    expect(taskOf(done, 'beta', 'ask').reason).toMatch(/^done by the run of \d{4}-/)
    expect([counted('asked'), counted('gate-alpha'), counted('gate-beta'), readFileSync(at('behind-beta'), 'utf8')]).toEqual([
      2,
      1,
      2,
      'answer',
    ])
    expect(await cli('run', 'site', '--resume')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The last run has left nothing to go on with'),
    })
  })
  test('again and again, with tags of the first time', async () => {
    const { run, cli } = project(`${failsOnce}
    task('other', command({ argv: ['touch', folder + '/other'] }), { tags: ['other'] })`)
    await run('--skip-tags', 'other')
    expect((await run('--resume')).code).toBe(2)
    writeFileSync(at('open'), '')
    const done = await run('--resume')
    expect([done.code, outcomes(done, 'beta')]).toEqual([0, ['ask: skipped', 'state: ok', 'gate: changed', 'behind: changed']])
    expect([counted('asked'), existsSync(at('other'))]).toEqual([2, false])
    expect(await cli('run', 'site', '--resume', '--tags', 'other')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--tags other'),
    })
  })
  test('with the task that it began with', async () => {
    const { run } = project(`task('first', command({ argv: ['touch', folder + '/first'] }))
    task('second', shell({ script: sh\`test -e \${folder}/open\` }))`)
    await run('--limit', 'alpha', '--start-at-task', 'second')
    writeFileSync(at('open'), '')
    expect([outcomes(await run('--resume'), 'alpha'), existsSync(at('first'))]).toEqual([['second: changed'], false])
  })
  test('what has changed then is changed to what comes behind', async () => {
    const { run } = project(`const state = task('state', copy({ dest: folder + '/s', content: 'x' }))
    task('gate', shell({ script: sh\`test -e \${folder}/open\` }))
    task('follow', command({ argv: ['touch', folder + '/followed'] }), { when: ({ result }) => result(state).changed })`)
    await run('--limit', 'alpha')
    expect((await run('--resume')).code).toBe(2)
    writeFileSync(at('open'), '')
    const done = await run('--resume')
    expect(outcomes(done, 'alpha')).toEqual(['state: ok', 'gate: changed', 'follow: changed'])
  })
  test('a block that something failed in is begun anew where it undoes', async () => {
    const { run } = project(`block('mount', ({ task }) => {
      task('up', shell({ script: sh\`echo x >>\${folder}/up\` }))
      task('work', shell({ script: sh\`test -e \${folder}/open\` }))
    }, { always: ({ task }) => task('down', shell({ script: sh\`echo x >>\${folder}/down\` })) })
    block('plain', ({ task }) => {
      task('once', shell({ script: sh\`echo x >>\${folder}/once\` }))
      task('second', shell({ script: sh\`test -e \${folder}/open2\` }))
    })`)
    await run('--limit', 'alpha')
    writeFileSync(at('open'), '')
    expect((await run('--resume')).code).toBe(2)
    writeFileSync(at('open2'), '')
    const done = await run('--resume')
    expect(outcomes(done, 'alpha')).toEqual(['up: skipped', 'work: skipped', 'down: skipped', 'once: skipped', 'second: changed'])
    expect([done.code, counted('up'), counted('down'), counted('once')]).toEqual([0, 2, 2, 1])
  })
  test('runOnce counts for all hosts, whichever did it', async () => {
    const { run } = project(`task('once', shell({ script: sh\`echo x >>\${folder}/once\` }), { runOnce: true })
    task('gate', ({ host }) => shell({ script: sh\`test \${host.name} = alpha || test -e \${folder}/open\` }))`)
    await run()
    writeFileSync(at('open'), '')
    const done = await run('--resume')
    expect([done.code, counted('once')]).toEqual([0, 1])
  })
  test('an action whose result held a secret runs again and says so; edited tasks are named', async () => {
    const body = `task('tell', shell({ script: sh\`echo x >>\${folder}/told; echo \${secretFromEnv('TOKEN')}\` }))
    task('gate', shell({ script: sh\`test -e \${folder}/open\` }))`
    const { root, env, rewrite } = project(body)
    const run = (...args: readonly string[]) =>
      rollcall(['run', 'site', '--format', 'json', '--limit', 'alpha', ...args], { cwd: root, env: { ...env, TOKEN: 'open-sesame-17' } })
    await run()
    rewrite(`${body.replace(`'gate'`, `'door'`)}`)
    writeFileSync(at('open'), '')
    const done = await run('--resume')
    expect([done.code, counted('told')]).toEqual([0, 2])
    expect(warnings(done)).toEqual([
      expect.stringContaining("new are 'all / door'; gone are 'all / gate'"),
      expect.stringContaining("'tell' went well in the run that is resumed, and runs again"),
    ])
  })
  test('hosts of batches that had not begun come too', async () => {
    const { run } = project(
      `task('gate', ({ host }) => shell({ script: sh\`echo x >>\${folder}/\${host.name}; test -e \${folder}/open\` }))`,
      'serial: 1',
    )
    expect((await run()).code).toBe(2)
    writeFileSync(at('open'), '')
    const done = await run('--resume')
    expect([done.code, counted('alpha'), counted('beta')]).toEqual([0, 2, 1])
  })
})
