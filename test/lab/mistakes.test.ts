import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dial, sshFiles } from '../../src/lab/index.ts'
import { eventsOf, rollcall, scratchFile, taskOf } from '../helpers/cli.ts'
import { type CountingProxy, countingProxy } from '../helpers/counting-proxy.ts'
import { tempProject, twoHosts } from '../helpers/project.ts'
import { makeKey } from '../helpers/ssh-keys.ts'
import { useJobLab } from './job-setup.ts'
import { inside, viper } from './lab-setup.ts'

const { lab, run, factsFolder, forgetFacts } = useJobLab('mistakes')

/** A port that takes connections and never says a word. */
let mute: Server
let connections = 0
const sockets = new Set<Socket>()
let proxy: CountingProxy
beforeAll(async () => {
  mute = createServer((socket) => {
    connections += 1
    sockets.add(socket)
  })
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  proxy = await countingProxy({ dial: () => dial(lab, viper.address, 22), privateKey: readFileSync(sshFiles(lab).identityFile, 'utf8') })
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  mute.close()
  await proxy.close()
})
const mutePort = () => (mute.address() as { port: number }).port

/** honor-viper by real ssh settings behind the proxy, crystal-panda as given. */
function inventoryOf(name: string, known: string, panda: string, viperSettings = `port: ${proxy.port}`): string {
  const knownFile = join(factsFolder(), '..', `${name}.known_hosts`)
  writeFileSync(knownFile, known)
  const settings = `address: '127.0.0.1', user: 'admin', identityFile: ${JSON.stringify(sshFiles(lab).identityFile)}, knownHostsFiles: [${JSON.stringify(knownFile)}]`
  return scratchFile(
    `${name}.ts`,
    `import { defineInventory, lab, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'dynia.test' } }, cluster: { vars: { appPort: 8080 } } },
  hosts: {
    'honor-viper': { groups: ['cluster'], privateIp: '10.108.0.4', connection: ssh({ ${settings}, ${viperSettings} }) },
    'crystal-panda': { groups: ['cluster'], privateIp: '10.108.0.3', connection: ${panda.replace('SETTINGS', settings)} },
  },
})
void lab
`,
  )
}
const trusted = () => `[127.0.0.1]:${proxy.port} ${proxy.hostKey.publicText}\n`
const limited = (inventory: string) => run('prepare.ts', '-i', inventory, '--limit', 'honor-viper')

describe('host keys', () => {
  it('an unknown key stops before anything is sent, and says how to add it', async () => {
    const done = await limited(inventoryOf('unknown-key', '', 'lab()'))
    expect(done.code).toBe(4)
    const { error } = taskOf(done, viper.name, 'connect')
    expect(`${error?.summary} ${error?.detail}`).toMatch(/not known|unknown/i)
    expect(`${error?.detail} ${error?.fix}`).toContain('SHA256:')
    expect(error?.fix).toContain('rollcall trust honor-viper --fingerprint SHA256:')
    expect(proxy.traffic.channels).toEqual([])
  })
  it('a changed key is a hard stop with both fingerprints, file and line', async () => {
    const other = makeKey()
    const done = await limited(inventoryOf('changed-key', `# a comment\n[127.0.0.1]:${proxy.port} ${other.publicText}\n`, 'lab()'))
    expect(done.code).toBe(4)
    const { error } = taskOf(done, viper.name, 'connect')
    expect(error?.detail?.match(/SHA256:/g)).toHaveLength(2)
    expect(error?.detail).toMatch(/changed-key\.known_hosts:2/)
    expect(proxy.traffic.channels).toEqual([])
  })
})

describe('a host that accepts TCP and then hangs', () => {
  it('outside the targets is unknown after the deadline, and the target is done all the same', async () => {
    forgetFacts()
    const inventory = inventoryOf('mute-other', trusted(), `ssh({ SETTINGS, port: ${mutePort()} })`)
    const done = await limited(inventory)
    expect(done.code).toBe(2)
    expect(eventsOf(done, 'facts')[0]?.hosts).toMatchObject([
      { host: viper.name, origin: 'live' },
      { host: 'crystal-panda', origin: 'none', contact: 'failed' },
    ])
    expect(taskOf(done, viper.name, 'haproxy : haproxy.cfg').outcome).toBe('changed')
    expect(taskOf(done, viper.name, 'peers : peers.json').error?.detail).toContain('crystal-panda')
    expect(await inside(lab, viper, 'grep -c "server node" /etc/haproxy/haproxy.cfg')).toBe('2')
  })
  it('as the target is unreachable, which is exit code 4', async () => {
    const done = await limited(inventoryOf('mute-target', trusted(), 'lab()', `port: ${mutePort()}`))
    expect(done.code).toBe(4)
    expect(taskOf(done, viper.name, 'connect')).toMatchObject({ outcome: 'unreachable' })
  })
})

describe('what is wrong before any connection is made', () => {
  const inventory = () => inventoryOf('nobody', '', `ssh({ SETTINGS, port: ${mutePort()} })`, `port: ${mutePort()}`)
  it.for([
    [
      'an unknown host',
      ['run', 'prepare.ts', '--limit', 'honr-viper'],
      ['--limit names a host or group that is not in the inventory', `'honr-viper'`, `Did you mean 'honor-viper'?`],
    ],
    [
      'a limit that leaves no target',
      ['run', 'prepare.ts', '--limit', 'cluster:!cluster'],
      ['No host is left to run on', `--limit 'cluster:!cluster' leaves no host of cluster`],
    ],
    ['an unknown playbook', ['run', 'prepre.ts'], ['There is no such playbook', `Did you mean 'prepare'?`]],
    ['an unknown option', ['run', 'prepare.ts', '--limt', 'honor-viper'], ['There is no such option', `Did you mean '--limit'?`]],
    ['an unknown command', ['rnu', 'prepare.ts'], ['There is no such command', `Did you mean 'run'?`]],
    ['an unknown tag', ['run', 'prepare.ts', '--tags', 'nope'], ['No task has this tag', `'nope'`]],
  ] as const)('%s: exit code 1, a sentence, and no TCP connection', async ([, args, sentences]) => {
    const before = connections
    const done = await rollcall([...args, ...(args[0] === 'run' ? ['-i', inventory()] : [])], { env: { ROLLCALL_LAB: lab.name } })
    expect([done.code, done.stdout]).toEqual([1, ''])
    for (const sentence of sentences) expect(done.stderr).toContain(sentence)
    expect(connections).toBe(before)
  })
})

describe('a name that a template reads and nobody declares', () => {
  it('is found by the compiler, at its line of the template', async () => {
    const { root } = tempProject({
      'inventory/lab.ts': twoHosts(),
      'templates/index.ts': `import { defineTemplate, value } from 'rollcall'
export const conf = defineTemplate({ file: 'conf.eta', input: { port: value<number>() }, data: (input) => input })
`,
      'templates/conf.eta': 'listen\nport <%= it.prot %>\n',
      'playbooks/site.ts': `import { inventory } from '#inventory'
import { definePlaybook, template } from 'rollcall'
import { conf } from '../templates/index.ts'
export default definePlaybook('site', inventory, (play) => {
  play('web', { hosts: 'web' }, ({ task }) => void task('conf', template({ src: conf({ port: 80 }), dest: '/nowhere/conf' })))
})
`,
    })
    const done = await rollcall(['run', 'site', '--check'], { cwd: root })
    expect([done.code, done.stdout]).toEqual([1, ''])
    expect(done.stderr).toMatch(/templates\/conf\.eta:2:\d+ Property 'prot' does not exist on type/)
  })
})

describe('what is wrong in a playbook is found before anything on a host changes', () => {
  const playbook = (name: string, body: string) =>
    scratchFile(
      `${name}.ts`,
      `import { inventory } from '#inventory'
import { copy, definePlaybook } from 'rollcall'
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'honor-viper', become: true }, ({ task }) => {
    task('first', copy({ dest: '/etc/first', content: 'x' }))
    ${body}
  })
})
`,
    )
  it.for([
    [
      'a playbook that does not compile, with its own frame',
      `task('second', copy({ dest: '/etc/second', contnt: 'x' }))`,
      [/The playbook does not compile/, /does-not-compile\.ts:6:\d+/, /contnt/, /> 6 \|/],
      'does-not-compile',
    ],
    [
      'a wrong parameter from a closure',
      `task('second', () => copy(JSON.parse('{"dest":"etc/second","content":"x","mod":"0644"}')))`,
      [
        /Wrong parameters for copy/,
        /copy has no parameter 'mod': did you mean 'mode'\?/,
        /copy dest is "etc\/second"/,
        /wrong-parameter\.ts:6:\d+/,
      ],
      'wrong-parameter',
    ],
    [
      'a file that is not there',
      `task('second', () => copy({ dest: '/etc/second', src: 'no/such/file' }))`,
      [/A file on the controller cannot be read/, /no\/such\/file/],
      'no-file',
    ],
    ['a throw in the body of the playbook', `throw new Error('broken by the user')`, [/broken by the user/, /throws\.ts:6/], 'throws'],
  ] as const)('%s', async ([, body, expected, name]) => {
    const done = await rollcall(['run', playbook(name, body)], { env: { ROLLCALL_LAB: lab.name } })
    expect([done.code, done.stdout]).toEqual([1, ''])
    for (const pattern of expected) expect(done.stderr).toMatch(pattern)
    expect(await inside(lab, viper, 'ls /etc/first 2>/dev/null || echo none')).toBe('none')
  })
})
