import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventsOf, outcomes, recapOf, rollcall, taskOf } from '../helpers/cli.ts'
import { countingPort, sudoIn } from '../helpers/local-cli.ts'
import { tempProject } from '../helpers/project.ts'

const counted = countingPort()
let folder: string
const at = (name: string) => join(folder, name)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-plays-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Hosts that nobody answers for: a play that contacts them is heard on the port. */
const silent = (names: readonly string[]) => `import { defineInventory, local, Secret, ssh } from 'rollcall'
const down = () => ssh({ password: new Secret('x'), address: '127.0.0.1', port: ${counted.port}, connectTimeoutSeconds: 1 })
export const inventory = defineInventory({
  groups: { all: { vars: { size: 1 } }, web: {} },
  hosts: { ${names.map((name, index) => `'${name}': { groups: ['web'], vars: { size: ${index} }, connection: down() }`).join(', ')}, here: { groups: [], connection: 'local' } },
})
void local
`
const playbook = (plays: string) => `import { inventory } from '#inventory'
import { command, copy, debug, definePlaybook, file, local, query, sh, shell } from 'rollcall'
const folder = process.env.FOLDER!
export default definePlaybook('site', inventory, (play) => {
${plays}
})
void [command, copy, debug, file, local, query, sh, shell]
`
function project(plays: string, names: readonly string[] = ['alpha', 'beta']) {
  const { root } = tempProject({ 'inventory/lab.ts': silent(names), 'playbooks/site.ts': playbook(plays) })
  return (args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
    rollcall(['run', 'site', '--format', 'json', ...args], { cwd: root, env: { FOLDER: folder, XDG_STATE_HOME: at('state'), ...env } })
}
/** How often the port was connected to while something was done. */
async function connectionsOf<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const before = counted.connections()
  const done = await work()
  return [done, counted.connections() - before]
}

describe(`a play with connection: 'local'`, () => {
  test('runs on this machine once for each host, with its vars, and contacts none', async () => {
    const run = project(`play('here', { hosts: 'web', connection: 'local' }, ({ task }) => {
      task('folder', file({ path: folder + '/out', state: 'directory' }))
      task('of its own', ({ host }) => copy({ dest: \`\${folder}/out/\${host.name}\`, content: \`size \${host.vars.size}\` }))
      task('of others', ({ host, fleet }) => debug({ msg: \`\${host.name} of \${fleet.names.join()}\` }))
    })`)
    const [checked, first] = await connectionsOf(() => run(['--check']))
    expect([checked.code, checked.stderr, first]).toEqual([0, '', 0])
    expect(existsSync(at('out'))).toBe(false)
    const [done, second] = await connectionsOf(run)
    expect([done.code, done.stderr, second]).toEqual([0, '', 0])
    expect(readdirSync(at('out')).sort()).toEqual(['alpha', 'beta'])
    expect(readFileSync(at('out/beta'), 'utf8')).toBe('size 1')
    expect(taskOf(done, 'beta', 'of others').message).toBe('beta of alpha,beta,here')
    expect(eventsOf(done, 'run')[0]).toMatchObject({ targets: ['alpha', 'beta'], factsScope: [] })
    expect(eventsOf(done, 'facts')[0]?.hosts).toEqual([])
    expect(done.events.find((event) => event.event === 'play')).toMatchObject({ connection: 'local', hosts: ['alpha', 'beta'] })
    // One machine: what the first host made, or in check mode would make, is there for the others.
    for (const each of [checked, done]) {
      const folders = ['alpha', 'beta'].map((host) => taskOf(each, host, 'folder'))
      expect(folders.map(({ outcome }) => outcome).sort()).toEqual(['changed', 'ok'])
      expect(folders.map(({ confidence }) => confidence)).toEqual(['certain', 'certain'])
    }
    expect(recapOf(await run(['--limit', 'alpha']))).toEqual({ alpha: 'changed 0, failed 0, unreachable 0' })
  })

  test('many hosts that change one file do it one after the other, and none is lost', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `node-${index}`)
    const run = project(
      `play('count', { hosts: 'web', connection: 'local' }, ({ task }) => {
        task('start', copy({ dest: folder + '/count', content: '0', force: false }))
        task('once', command({ argv: ['sh', '-c', 'sleep 0.2; echo x >>"$0"; : >"$1"', folder + '/log', folder + '/made'], creates: folder + '/made' }))
        task('same', copy({ dest: folder + '/same', content: 'same' }))
      })`,
      names,
    )
    const done = await run()
    expect([done.code, done.stderr]).toEqual([0, ''])
    for (const task of ['start', 'once', 'same'])
      expect(
        names.filter((name) => taskOf(done, name, task).outcome === 'changed'),
        task,
      ).toHaveLength(1)
    expect(readFileSync(at('log'), 'utf8')).toBe('x\n')
  })

  test('facts that it lists are asked for; a host that is down loses only the tasks that read them', async () => {
    const run = project(`play('facts', { hosts: 'web', connection: 'local', facts: { of: 'web', families: ['os'] } }, ({ task }) => {
      task('needs none', ({ host }) => debug({ msg: host.name }))
      task('needs them', ({ facts }) => debug({ msg: facts.os.distribution }), { when: ({ host }) => host.name === 'beta' })
    })`)
    const [done, connections] = await connectionsOf(run)
    expect([done.code, done.stderr, connections]).toEqual([2, '', 2])
    expect(eventsOf(done, 'facts')[0]?.hosts).toMatchObject([
      { host: 'alpha', origin: 'none', contact: 'failed' },
      { host: 'beta', origin: 'none', contact: 'failed' },
    ])
    expect(outcomes(done, 'alpha')).toEqual(['needs none: ok', 'needs them: skipped'])
    expect(outcomes(done, 'beta')).toEqual(['needs none: ok', 'needs them: failed'])
    expect(taskOf(done, 'beta', 'needs them').error).toMatchObject({ summary: 'A fact of a host is not known' })
  })

  test('beside plays on the hosts: who cannot be reached takes part in no play, and a host counts once', async () => {
    const run = project(`
      play('before', { hosts: 'all', connection: 'local' }, ({ task }) => {
        task('note', ({ host }) => copy({ dest: \`\${folder}/\${host.name}\`, content: 'x' }))
      })
      play('there', { hosts: 'here', facts: { families: [] } }, ({ task }) => {
        task('look', query({ script: sh\`cat \${folder}/here\` }))
        task('change', shell({ script: sh\`printf y >\${folder}/here\` }))
      })
      play('down', { hosts: 'alpha', facts: { families: [] } }, ({ task }) => {
        task('never', copy({ dest: folder + '/never', content: 'x' }))
      })
      play('after', { hosts: 'all', connection: 'local' }, ({ task }) => {
        task('again', ({ host }) => copy({ dest: \`\${folder}/\${host.name}\`, content: 'x' }))
        task('broken', ({ host }) => command({ argv: ['test', host.name, '!=', 'beta'] }))
        task('not for beta', debug({ msg: 'x' }))
      })`)
    const done = await run()
    expect([done.code, done.stderr]).toEqual([2, ''])
    expect(outcomes(done, 'alpha')).toEqual(['connect: unreachable'])
    expect(outcomes(done, 'beta')).toEqual(['note: changed', 'again: ok', 'broken: failed'])
    expect(outcomes(done, 'here')).toEqual([
      'note: changed',
      'look: ok',
      'change: changed',
      'again: changed',
      'broken: changed',
      'not for beta: ok',
    ])
    expect(recapOf(done)).toEqual({
      alpha: 'changed 0, failed 0, unreachable 1',
      beta: 'changed 1, failed 1, unreachable 0',
      here: 'changed 4, failed 0, unreachable 0',
    })
    expect(existsSync(at('never'))).toBe(false)
  })

  test('a handler that an earlier run owes is owed to its host alone', async () => {
    const run = project(`play('handlers', { hosts: 'web', connection: 'local' }, ({ task, handler }) => {
      const tell = handler('tell', ({ host }) => shell({ script: sh\`echo \${host.name} >>\${folder}/told; [ -e \${folder}/mended ] || [ \${host.name} != beta ]\` }))
      task('note', ({ host }) => copy({ dest: \`\${folder}/\${host.name}\`, content: 'x' }), { notify: tell })
    })`)
    const env = { HOME: at('.') }
    const first = await run([], env)
    expect(first.code).toBe(2)
    expect([outcomes(first, 'alpha'), outcomes(first, 'beta')]).toEqual([
      ['note: changed', 'tell: changed'],
      ['note: changed', 'tell: failed'],
    ])
    await shellOf(`: >${at('mended')}`)
    const second = await run([], env)
    expect([second.code, outcomes(second, 'alpha'), outcomes(second, 'beta')]).toEqual([0, ['note: ok'], ['note: ok', 'tell: changed']])
    expect(second.events.filter((event) => event.event === 'warning')).toMatchObject([
      { host: 'beta', message: expect.stringContaining(`handler 'tell' is pending`) },
    ])
    expect(readFileSync(at('told'), 'utf8').split('\n').sort().join(' ').trim()).toBe('alpha beta beta')
    expect((await run([], env)).events.filter((event) => event.event === 'warning')).toEqual([])
  })

  test('become is sudo on the controller', async () => {
    const run = project(`play('root', { hosts: 'here', connection: local() }, ({ task }) => {
      task('who', shell({ script: sh\`id -u; env | grep ^BECAME= || :\` }), { become: true })
    })`)
    const done = await run([], sudoIn(folder))
    expect([done.code, done.stderr]).toEqual([0, ''])
    const { stdout } = taskOf(done, 'here', 'who').result as { stdout: string }
    expect(stdout).toBe(process.getuid?.() === 0 ? '0' : `${process.getuid?.()}\nBECAME=root`)
  })

  test('render takes files of it without asking the host', async () => {
    const { root } = tempProject({
      'inventory/lab.ts': silent(['alpha', 'beta']),
      'templates/index.ts': `import { defineTemplate, fleetGroup } from 'rollcall'
export const names = defineTemplate({ file: 'names.eta', input: { nodes: fleetGroup() }, data: ({ nodes }) => ({ names: nodes.names.join(' ') }) })
`,
      'templates/names.eta': '<%= it.names %>\n',
      'playbooks/site.ts': `import { inventory } from '#inventory'
import { definePlaybook, query, sh, template } from 'rollcall'
import { names } from '../templates/index.ts'
export default definePlaybook('site', inventory, (play) => {
  play('list', { hosts: 'web', connection: 'local' }, ({ task }) => {
    const where = task('where', query({ script: sh\`printf /tmp\` }))
    task('names', ({ fleet, result }) => template({ src: names({ nodes: fleet.group('web') }), dest: \`\${result(where).stdout}/names\` }))
  })
})
`,
    })
    const [done, connections] = await connectionsOf(() => rollcall(['render', 'site', '--task', 'names', '--host', 'alpha'], { cwd: root }))
    expect([done.code, done.stdout, connections]).toEqual([0, 'alpha beta\n', 0])
    const explained = await rollcall(['explain', 'site'], { cwd: root })
    expect([explained.code, explained.stderr]).toEqual([0, ''])
    expect(explained.stdout).toContain('  on the controller, for each target\n')
  })
})

async function shellOf(script: string): Promise<void> {
  const { execFile } = await import('node:child_process')
  await new Promise<void>((resolve, reject) => execFile('sh', ['-c', script], (error) => (error ? reject(error) : resolve())))
}
