import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type CliRun, outcomes, rollcall, taskOf } from '../helpers/cli.ts'
import { folderEach } from '../helpers/folder.ts'
import { tempProject } from '../helpers/project.ts'

const scratch = folderEach()
const { at } = scratch

const inventory = `import { defineInventory, local } from 'rollcall'
export const inventory = defineInventory({ groups: {}, hosts: { here: { groups: [], connection: local() } } })
`
function project(tasks: string) {
  const { root } = tempProject({
    'inventory/lab.ts': inventory,
    'playbooks/site.ts': `import { inventory } from '#inventory'
import { asyncStatus, command, debug, definePlaybook, secretFromEnv, sh, shell } from 'rollcall'
void [asyncStatus, command, debug, secretFromEnv, sh, shell]
const folder = process.env.FOLDER!
export default definePlaybook('site', inventory, (play) => {
  play('all', { hosts: 'all', facts: { families: [] } }, ({ task }) => {
    ${tasks}
  })
})
`,
  })
  return async (...args: readonly string[]): Promise<CliRun> => {
    const done = await rollcall(['run', 'site', '--format', 'json', ...args], {
      cwd: root,
      env: { FOLDER: scratch.path, XDG_STATE_HOME: at('state'), TOKEN: 'open-sesame-17' },
    })
    expect(done.code, done.stderr).not.toBe(1)
    return done
  }
}
/** Where jobs of whoever runs the tests lie. */
const jobs = process.getuid?.() === 0 ? '/var/lib/rollcall/jobs' : undefined
const name = `test-${process.pid}`
const left = () => (jobs !== undefined && existsSync(jobs) ? readdirSync(jobs) : [])
afterEach(() => {
  if (jobs !== undefined) rmSync(join(jobs, name), { recursive: true, force: true })
})

describe('a command with async', () => {
  test('is waited for by looks at it, has its own result, and leaves nothing', async () => {
    const done = await project(
      `task('job', shell({ script: sh\`cat; sleep 1; echo error >&2; echo out; exit 3\`, stdin: 'in ', async: 30, poll: 0.2, okCodes: [3], job: '${name}' }))
    task('behind', ({ result }) => debug({ msg: 'then' }))`,
    )()
    expect([done.code, taskOf(done, 'here', 'job')]).toMatchObject([
      0,
      { outcome: 'changed', result: { rc: 3, stdout: 'in out', stderr: 'error', ran: true } },
    ])
    expect(left()).not.toContain(name)
  })
  test('that fails, fails its task with what it said', async () => {
    const done = await project(`task('job', shell({ script: sh\`echo why >&2; exit 4\`, async: 30, poll: 0.2 }))`)()
    expect([done.code, taskOf(done, 'here', 'job')]).toMatchObject([
      2,
      { outcome: 'failed', error: { detail: expect.stringContaining('exit code 4\nwhy') }, result: { rc: 4 } },
    ])
  })
  test('is ended with all that it started when its time is over', async () => {
    const done = await project(`task('job', shell({ script: sh\`sleep 60 & echo $! >\${folder}/child; wait\`, async: 1, poll: 0.5 }))`)()
    expect(taskOf(done, 'here', 'job')).toMatchObject({
      outcome: 'failed',
      error: { summary: expect.stringContaining('it was ended after 1 seconds') },
    })
    const child = Number(readFileSync(at('child'), 'utf8'))
    // Nobody may have taken note of its end yet.
    const state = existsSync(`/proc/${child}/stat`) ? readFileSync(`/proc/${child}/stat`, 'utf8').split(' ')[2] : 'gone'
    expect(['gone', 'Z']).toContain(state)
  })
  test('check mode starts nothing', async () => {
    const done = await project(`task('job', shell({ script: sh\`touch \${folder}/ran\`, async: 30, poll: 0.2 }))`)('--check')
    expect([outcomes(done, 'here'), existsSync(at('ran'))]).toEqual([['job: changed'], false])
  })
  test('poll alone is refused', async () => {
    const refused = await rollcall(['do', 'all', 'command', 'cmd=true', 'poll=3'], {
      cwd: tempProject({ 'inventory/lab.ts': inventory }).root,
      env: { XDG_STATE_HOME: at('state') },
    })
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('poll is for a command with async')])
  })
})

describe('a command that is left alone', () => {
  test('is found by what its task left', async () => {
    const done = await project(`const start = task('start', shell({ script: sh\`sleep 1; echo ready\`, async: 30, poll: 0 }))
    task('busy', ({ result }) => asyncStatus({ job: result(start).job }))
    const end = task('end', ({ result }) => asyncStatus({ job: result(start).job }), { until: ({ result }) => result.finished, retries: 20, delay: 0.3 })
    task('say', ({ result }) => debug({ msg: result(end).stdout }))`)()
    const { job } = taskOf(done, 'here', 'start').result as { job: string }
    if (jobs !== undefined) rmSync(join(jobs, job), { recursive: true })
    expect([taskOf(done, 'here', 'busy').result, taskOf(done, 'here', 'say').message]).toMatchObject([{ finished: false }, 'ready\n'])
  })
  test('by name, also in a later run; a name is taken while it runs', async () => {
    const start = project(
      `task('start', shell({ script: sh\`while [ ! -e \${folder}/go ]; do sleep 0.1; done; echo \${secretFromEnv('TOKEN')}\`, async: 60, poll: 0, job: '${name}' }))`,
    )
    expect((await start()).code).toBe(0)
    const second = await start()
    expect([second.code, taskOf(second, 'here', 'start').error?.detail]).toEqual([
      2,
      expect.stringContaining('another job of this name is still running on the host'),
    ])
    const files = jobs === undefined ? [] : readdirSync(join(jobs, name))
    expect(files).not.toContain('script')
    writeFileSync(at('go'), '')
    const look = project(
      `void secretFromEnv('TOKEN')
    task('end', asyncStatus({ job: '${name}' }), { until: ({ result }) => result.finished, retries: 20, delay: 0.3 })`,
    )
    expect(taskOf(await look(), 'here', 'end')).toMatchObject({ outcome: 'ok', result: { finished: true, stdout: '[secret]\n' } })
    if (jobs !== undefined) rmSync(join(jobs, name), { recursive: true })
    expect(taskOf(await look(), 'here', 'end').error?.summary).toMatch(/there is no job/)
  })
})
