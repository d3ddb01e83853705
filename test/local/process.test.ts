import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { program } from '../helpers/cli.ts'
import { folderOfNobody, nobody, startInGroup, sudoIn } from '../helpers/local-cli.ts'
import { tempProject } from '../helpers/project.ts'

const folder = folderOfNobody()
const at = (name: string) => join(folder, name)
let cli: string
beforeAll(async () => {
  cli = await program()
  mkdirSync(at('tmp'))
  chmodSync(at('tmp'), 0o1777)
})

/** Rollcall with a home and a folder for temporary files of its own. */
function start(args: readonly string[], env: NodeJS.ProcessEnv, user: typeof nobody, cwd = folder) {
  const own = { HOME: folder, TMPDIR: at('tmp'), PATH: process.env.PATH, NO_COLOR: '1', ...env }
  const child = startInGroup(process.execPath, [cli, ...args], { cwd, env: own, ...user })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  return { child, text }
}
async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { child, text } = start(args, env, nobody)
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...text }
}
const arrives = (name: string) => expect.poll(() => existsSync(at(name)), { timeout: 20_000 }).toBe(true)

describe('by a user without rights', () => {
  test('tasks are the own, and with become they are the ones of root, through sudo', async () => {
    const env = sudoIn(folder)
    const own = await run(['do', 'localhost', 'shell', 'script=id -u; env | grep ^BECAME= || :'], env)
    expect(own).toEqual({ code: 0, stdout: `localhost  changed\n  ${nobody.uid ?? process.getuid?.()}\n`, stderr: '' })
    const become = await run(['do', 'localhost', 'shell', 'script=env | grep ^BECAME=', '-b'], env)
    expect(become).toEqual({ code: 0, stdout: 'localhost  changed\n  BECAME=root\n', stderr: '' })
    expect(readFileSync(env.SUDO_LOG, 'utf8')).toBe('root\n')
    expect(readdirSync(at('tmp'))).toEqual([])
  })
  test('without sudo a task that becomes root fails in a sentence', async () => {
    const env = noSudo()
    const done = await run(['do', 'localhost', 'debug', 'msg=x'], env)
    expect(done.code).toBe(0)
    const failed = await run(['do', 'localhost', 'stat', 'path=/', '-b'], env)
    expect(failed.code).toBe(2)
    expect(failed.stdout).toContain('sudo')
    expect(failed.stdout).toContain('localhost  failed\n')
  })
  test('a file that it may not write fails that task', async () => {
    const done = await run(['do', 'localhost', 'copy', 'dest=/rollcall-test', 'content=x'])
    expect([done.code, existsSync('/rollcall-test')]).toEqual([2, false])
    expect(done.stdout).toContain('no temporary file can be made in /')
  })
})

/** The usual programs without sudo, wherever the machine has it. */
function noSudo(): { readonly PATH: string } {
  const bin = at('usual')
  mkdirSync(bin, { recursive: true })
  for (const name of ['sh', 'env', 'head', 'mktemp', 'mkdir', 'rm', 'cp', 'wc', 'cat', 'tail', 'id', 'stat', 'readlink', 'tr'])
    writeFileSync(join(bin, name), `#!/bin/sh\nexec /usr/bin/${name} "$@"\n`, { mode: 0o755 })
  return { PATH: bin }
}

/** A project whose playbook waits for a file. */
function slowProject(): string {
  const { root } = tempProject({
    'inventory/lab.ts': `import { defineInventory } from 'rollcall'
export const inventory = defineInventory({ groups: {}, hosts: { here: { groups: [], connection: 'local' } } })
`,
    'playbooks/site.ts': `import { inventory } from '#inventory'
import { definePlaybook, sh, shell } from 'rollcall'
const folder = process.env.FOLDER!
export default definePlaybook('site', inventory, (play) => {
  play('slow', { hosts: 'here' }, ({ task }) => {
    task('slow', shell({ script: sh\`: >\${folder}/begun; until [ -e \${folder}/go ]; do sleep 0.1; done; : >\${folder}/ended\` }))
    task('next', shell({ script: sh\`: >\${folder}/next\` }))
  })
})
`,
  })
  return root
}
const interrupt = (child: { readonly pid?: number | undefined }) => process.kill(-child.pid!, 'SIGINT') // As a terminal does: the whole group.
const says = (text: { readonly stderr: string }, what: string) => expect.poll(() => text.stderr, { timeout: 20_000 }).toContain(what)
const nothingLeft = () => expect.poll(() => readdirSync(at('tmp')), { timeout: 20_000 }).toEqual([])

/** What a step leaves behind whose answer nobody takes any more; no other test shall be told of it. */
function forgetLost(): void {
  const folder = process.getuid?.() === 0 ? '/var/lib/rollcall/lost' : join(process.env.HOME!, '.local/state/rollcall/lost')
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (readFileSync(join(folder, name), 'utf8').includes("task 'slow' of playbook 'site'")) rmSync(join(folder, name))
}
afterAll(forgetLost)

describe('Ctrl-C', () => {
  beforeEach(() => {
    for (const name of ['begun', 'go', 'ended', 'next']) rmSync(at(name), { force: true })
  })
  test('once: what runs goes on to its end, nothing follows, and the recap is told', async () => {
    const root = slowProject()
    const { child, text } = start(['run', 'site'], { FOLDER: folder, HOME: root }, {}, root)
    await arrives('begun')
    interrupt(child)
    await says(text, 'interrupted: no further task begins; waiting for here: slow\nCtrl-C again ends what runs on the hosts\n')
    const halted = () =>
      readdirSync(at('tmp')).some((session) => readdirSync(at(`tmp/${session}`)).some((name) => name.startsWith('0next')))
    await expect.poll(halted, { timeout: 20_000 }).toBe(true)
    writeFileSync(at('go'), '')
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(130)
    expect(text.stdout).toMatch(/play slow ends here, and the run with it: Ctrl-C[\s\S]*interrupted after .*\(exit code 130\)\n$/)
    expect([existsSync(at('ended')), existsSync(at('next'))]).toEqual([true, false])
    await nothingLeft()
  })
  test('twice: what runs is ended', async () => {
    const root = slowProject()
    const { child, text } = start(['run', 'site'], { FOLDER: folder, HOME: root }, {}, root)
    await arrives('begun')
    interrupt(child)
    await says(text, 'Ctrl-C again')
    interrupt(child)
    const [code] = (await once(child, 'close')) as [number]
    expect([code, text.stdout]).toEqual([130, expect.stringContaining('The task was ended: Ctrl-C, twice')])
    writeFileSync(at('go'), '')
    await nothingLeft()
    expect([existsSync(at('ended')), existsSync(at('next'))]).toEqual([false, false])
  })
  test('three times: Rollcall leaves at once, and nothing is left behind', async () => {
    const root = slowProject()
    const { child, text } = start(['run', 'site'], { FOLDER: folder, HOME: root }, {}, root)
    await arrives('begun')
    for (const said of ['Ctrl-C again', 'Ctrl-C once more']) {
      interrupt(child)
      await says(text, said)
    }
    interrupt(child)
    expect(await once(child, 'close')).toEqual([130, null])
    writeFileSync(at('go'), '')
    await nothingLeft()
    expect(existsSync(at('next'))).toBe(false)
  })
})
test('--timeout ends what runs, and fails', async () => {
  const root = slowProject()
  rmSync(at('go'), { force: true })
  const { child, text } = start(['run', 'site', '--timeout', '4'], { FOLDER: folder, HOME: root }, {}, root)
  const [code] = (await once(child, 'close')) as [number]
  expect([code, text.stdout]).toEqual([2, expect.stringContaining('it took longer than --timeout 4')])
  await nothingLeft()
})
