import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { rollcall } from '../helpers/cli.ts'
import { countingPort, sudoIn } from '../helpers/local-cli.ts'
import { tempProject } from '../helpers/project.ts'

const folder = mkdtempSync(join(tmpdir(), 'rollcall-no-project-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)
const counted = countingPort()

const here = (...words: readonly string[]) => rollcall(['do', 'localhost', ...words], { cwd: folder })
const results = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

describe('localhost, in a folder that is no project', () => {
  test('a query', async () => {
    writeFileSync(at('there'), 'x')
    const done = await here('stat', `path=${at('there')}`, '--format', 'json')
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(results(done.stdout)).toMatchObject([
      { event: 'result', host: 'localhost', module: 'stat', changed: false, failed: false, result: { stat: { exists: true, size: 1 } } },
    ])
  })
  test('a module: check says what it would do, and a second run has nothing to do', async () => {
    writeFileSync(at('source'), 'from here\n')
    const words = ['copy', 'src=source', `dest=${at('copied')}`, 'mode=0640']
    const checked = await here(...words, '--check', '--diff', '--detailed-exit-code')
    expect([checked.code, checked.stderr]).toEqual([3, ''])
    expect(checked.stdout).toContain('localhost  would change\n')
    expect(checked.stdout).toContain('  +from here\n')
    expect(existsSync(at('copied'))).toBe(false)
    expect((await here(...words, '--detailed-exit-code')).code).toBe(3)
    expect(readFileSync(at('copied'), 'utf8')).toBe('from here\n')
    expect(await here(...words, '--detailed-exit-code')).toMatchObject({ code: 0, stdout: 'localhost  ok\n' })
  })
  test.each<readonly [words: readonly string[], code: number, stdout: string]>([
    [['command', 'argv=["printf","%s\\n","a b"]'], 0, 'localhost  changed\n  a b\n'],
    [['shell', 'script=echo "$((1 + 1))"; echo odd >&2'], 0, 'localhost  changed\n  2\n  odd\n'],
    [['shell', 'script=echo no', '--check'], 0, 'localhost  would run\n'],
    [['command', 'argv=["false"]', 'creates=/etc'], 0, 'localhost  ok (/etc is there)\n'],
    [['debug', 'msg=hello'], 0, 'localhost  ok\n  hello\n'],
    [['query', 'script=echo $((6 * 7))'], 0, 'localhost  ok\n  42\n'],
  ])('%j', async (words, code, stdout) => expect(await here(...words)).toMatchObject({ code, stdout, stderr: '' }))

  test('a command that fails leaves its exit code and output, for programs too', async () => {
    const done = await here('shell', 'script=echo said; echo complained >&2; exit 7', '--format', 'json')
    expect(done.code).toBe(2)
    expect(results(done.stdout)).toMatchObject([
      { failed: true, changed: true, result: { ran: true, rc: 7, stdout: 'said', stderr: 'complained' }, error: { host: 'localhost' } },
    ])
  })
  test('a module that refuses fails that host', async () => {
    const done = await here('file', `path=${at('no-such')}`)
    expect(done.code).toBe(2)
    expect(done.stdout).toContain('localhost  failed\n')
    expect(done.stdout).toContain(`state 'file' makes none`)
  })
  test('parameters from a file, and from standard input', async () => {
    writeFileSync(at('params.json'), JSON.stringify({ dest: at('from-json'), content: 'x' }))
    expect((await here('copy', '@params.json')).code).toBe(0)
    expect(readFileSync(at('from-json'), 'utf8')).toBe('x')
    const options = { cwd: folder, stdin: JSON.stringify({ script: 'echo "$0" | tr a-z A-Z' }) }
    expect(await rollcall(['do', 'localhost', 'shell', '-'], options)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('changed'),
    })
  })
  test('become goes through sudo, unless we are root already', async () => {
    const env = sudoIn(folder)
    const done = await rollcall(['do', 'localhost', 'shell', 'script=env | grep ^BECAME= || echo none', '-b'], { cwd: folder, env })
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(done.stdout).toBe(`localhost  changed\n  ${process.getuid?.() === 0 ? 'none' : 'BECAME=root'}\n`)
  })
  test('a home that cannot be written to does not matter', async () => {
    const done = await rollcall(['do', 'localhost', 'stat', 'path=/'], { cwd: folder, env: { HOME: '/proc/none', XDG_STATE_HOME: '' } })
    expect([done.code, done.stderr]).toEqual([0, ''])
  })
  test('exec knows it too', async () =>
    expect(await rollcall(['exec', 'localhost', '--', 'printf', '%s', 'a b'], { cwd: folder })).toMatchObject({
      code: 0,
      stdout: 'localhost: ok\n  a b\n',
      stderr: '',
    }))
  test('any other pattern needs a project', async () => {
    const done = await rollcall(['do', 'web', 'stat', 'path=/'], { cwd: folder })
    expect([done.code, done.stdout]).toEqual([1, ''])
    expect(done.stderr).toContain('This folder is not part of a Rollcall project')
  })
})

describe('in a project', () => {
  const inventory = (hosts: string) => `import { defineInventory, Secret, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { web: { connection: 'local' } },
  hosts: { ${hosts} },
})
void [ssh, Secret]
`
  const hostsOf = (stdout: string) =>
    results(stdout)
      .map(({ host }) => host)
      .sort()
  const words = ['stat', 'path=/', '--format', 'json']
  /** A host that hears who connects. */
  const watched = () => {
    const settings = `address: '127.0.0.1', port: ${counted.port}, password: new Secret('x'), connectTimeoutSeconds: 1`
    return tempProject({ 'inventory/lab.ts': inventory(`watch: { groups: [], connection: ssh({ ${settings} }) }`) })
  }

  test.each([
    ['localhost', ['localhost']],
    ['localhost,alpha', ['alpha', 'localhost']],
    ['all', ['alpha', 'beta']],
    ['all:!localhost', ['alpha', 'beta']],
    ['web:&beta', ['beta']],
  ])('the pattern %s', async (pattern, hosts) => {
    const { root } = tempProject({ 'inventory/lab.ts': inventory(`alpha: { groups: ['web'] }, beta: { groups: ['web'] }`) })
    const done = await rollcall(['do', pattern, ...words], { cwd: root })
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(hostsOf(done.stdout)).toEqual(hosts)
  })
  test('a localhost of the inventory is the one that is meant', async () => {
    const dead = `localhost: { groups: [], connection: ssh({ address: '127.0.0.1', port: 1, knownHostsFiles: ['/dev/null'] }) }`
    const { root } = tempProject({ 'inventory/lab.ts': inventory(dead) })
    const done = await rollcall(['do', 'localhost', ...words], { cwd: root })
    expect(done.code).toBe(4)
    expect(results(done.stdout)).toMatchObject([{ host: 'localhost', unreachable: true, failed: false, result: {} }])
  })
  test('a project without an inventory has localhost', async () => {
    const { root } = tempProject({})
    expect((await rollcall(['do', 'localhost', ...words], { cwd: root })).code).toBe(0)
  })
  test.each<readonly [what: string, words: readonly string[], says: string]>([
    ['module', ['watch', 'aptt', 'name=x'], `Did you mean 'apt'?`],
    ['parameter', ['watch', 'apt', 'update_cache=true'], `did you mean 'updateCache'?`],
    ['value', ['watch', 'service', 'name=x', 'state=startd'], `did you mean 'started'?`],
    ['pattern of a value', ['watch', 'stat', 'path=relative'], 'stat path is "relative"'],
    ['missing parameter', ['watch', 'group'], `group needs the parameter 'name'`],
    ['host', ['wtch', 'stat', 'path=/'], `Did you mean 'watch'?`],
    ['file of the controller', ['watch', 'copy', 'src=nowhere', 'dest=/x'], 'A relative path begins in the folder you stand in.'],
    ['file of parameters', ['watch', 'copy', '@nowhere'], 'nowhere: ENOENT'],
    ['contradiction', ['watch', 'copy', 'dest=/x'], 'copy takes either src or content'],
    ['contradiction in what is read', ['watch', 'waitFor', 'timeout=1'], 'waitFor takes either port or path'],
    ['contradiction of states', ['watch', 'file', 'path=/x', 'state=link'], 'the link /x needs src'],
    ['module for playbooks', ['watch', 'template', 'dest=/x'], 'This module is for playbooks'],
  ])('a wrong %s ends before anything is contacted', async (_, line, says) => {
    const before = counted.connections()
    const done = await rollcall(['do', ...line], { cwd: watched().root })
    expect([done.code, done.stdout, counted.connections() - before]).toEqual([1, '', 0])
    expect(done.stderr).toContain(says)
  })
  test('with all in order the host is contacted', async () => {
    const before = counted.connections()
    expect((await rollcall(['do', 'watch', ...words], { cwd: watched().root })).code).toBe(4)
    expect(counted.connections() - before).toBe(1)
  })
})
