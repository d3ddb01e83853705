import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inHost, sshFiles } from '../../src/lab/index.ts'
import { encrypt } from '../../src/secrets/age.ts'
import { makeIdentity } from '../../src/secrets/identities.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { type CliRun, eventsOf, onTerminal } from '../helpers/cli.ts'
import { type ProcessSamples, sampleProcesses } from '../helpers/process-samples.ts'
import { formsOf } from '../helpers/secret-forms.ts'
import { useJobLab } from './job-setup.ts'
import { inside, viper } from './lab-setup.ts'

const { lab, cli, factsFolder } = useJobLab('secret-sweep')

/** A secret by each way in and for each place it may go to. */
const values = {
  rendered: `Ren<der>ed "&" 'it\` 01`,
  content: `Con'tent-"q" $w &/+=é 02`,
  around: 'Around/In+Copy, {03}',
  exported: "Exported 'env' $HOME 04",
  given: 'Given on stdin %n 05',
  scripted: 'Scripted `word` ;| 06',
  handled: 'Handled (at) the end 07',
  ofVars: 'Inventory var, too 08',
  echoed: `Echoed?a=b&c 'q' "r" 09`,
  key: '-----BEGIN THING-----\nb25lIGxpbmUgb2YgdGhlIGtleSBvZiBzd2VlcA==\nYW5vdGhlciBsaW5lIG9mIHRoZSBrZXkgb2Ygc3dlZXA=\n-----END THING-----\n',
  become: 'Become "pass" $1 word 11',
  extra: 'Extra from a @file 12',
  extraAge: 'Extra from @file.age 13',
  prompted: 'Prompted at a tty 14',
  variable: 'Variable of environment 15',
  override: 'Override of a var 16',
  login: 'Login "typed" at $k 17',
  // Of the fixtures that ansible-vault made.
  vault: 'hunter two é',
  vaultNested: `pass: 'word' "x" #1`,
  vaultPassword: 'correct horse battery',
}
type Name = keyof typeof values
const ofAge = ['rendered', 'content', 'around', 'exported', 'given', 'scripted', 'handled', 'ofVars', 'echoed', 'key', 'become'] as const
let identityKey = ''

let root = ''
let identity = ''
let samples: ProcessSamples
const said: string[] = []
const put = (name: string, text: string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}

beforeAll(async () => {
  root = mkdtempSync(join(ownRoot(), '.rollcall', 'test-sweep-'))
  identity = join(root, '..', `identity-sweep-${process.pid}.txt`)
  const recipient = await makeIdentity(identity)
  identityKey = /AGE-SECRET-KEY-\S+/.exec(readFileSync(identity, 'utf8'))![0]
  const keep = async (name: string, of: object) =>
    put(name, await encrypt(JSON.stringify(of), { kind: 'recipients', recipients: [recipient] }))
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(ownRoot(), join(root, 'node_modules/rollcall'))
  const manifest = { name: 'sweep', type: 'module', dependencies: { rollcall: '*' }, imports: { '#inventory': './inventory/lab.ts' } }
  put('package.json', JSON.stringify(manifest))
  await keep('secrets/lab.age', Object.fromEntries(ofAge.map((name) => [name, values[name]])))
  await keep('release.age', { extraAge: values.extraAge })
  copyFileSync(new URL('../secrets/vaults/whole.yml', import.meta.url), join(root, 'vault.yml'))
  for (const [name, text] of Object.entries({
    'inventory/lab.ts': inventory,
    'inventory/typed.ts': typed(),
    'templates/index.ts': templates,
    'templates/app.conf.eta': 'user=app\npassword=<%= it.password %>\n',
    'playbooks/sweep.ts': sweep,
    'playbooks/fail.ts': failing,
  }))
    put(name, text)
  // What the user keeps in clear lies elsewhere, so that nothing of ours is excused.
  for (const [name, text] of Object.entries(inClear())) writeFileSync(clear(name), text, { mode: 0o600 })
  await inside(lab, viper, 'useradd --create-home typed')
  await new Promise<void>((resolve, reject) => {
    const [program = '', ...words] = inHost(lab, viper.name, ['chpasswd'])
    const child = spawn(program, words, { stdio: ['pipe', 'ignore', 'inherit'] })
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`chpasswd: ${code}`))))
    child.stdin?.end(`guarded:${values.become}\ntyped:${values.login}\n`)
  })
  samples = sampleProcesses()
})
afterAll(() => {
  samples.stop()
  for (const path of [root, ...Object.keys(inClear()).map(clear), identity]) rmSync(path, { recursive: true, force: true })
})
const clear = (name: string) => `${identity}.${name}`
const inClear = () => ({
  password: `${values.vaultPassword}\n`,
  'extra.yaml': `extra: ${JSON.stringify(values.extra)}\noverridden: ${JSON.stringify(values.override)}\n`,
  'prompted.json': JSON.stringify({ prompted: values.prompted }),
  wrong: 'no password of anything\n',
  login: `${values.login}\n`,
})

const inventory = `import { defineInventory, defineSecrets, lab, Secret } from 'rollcall'
export const secrets = defineSecrets({ file: 'secrets/lab.age', names: ${JSON.stringify(ofAge)} })
export const vault = defineSecrets({ file: 'vault.yml', names: ['db_password', 'smtp.password'] })
export const inventory = defineInventory({
  groups: { all: { vars: { token: secrets.ofVars, overridden: new Secret('usual, and never used') } }, web: {} },
  hosts: { 'honor-viper': { groups: ['web'], privateIp: '10.108.0.4', connection: lab({ user: 'guarded', becomePassword: secrets.become }) } },
  overridable: ['overridden'],
})
`
const typed = () => `import { defineInventory, lab, ssh } from 'rollcall'
const connection = ssh({ address: '${viper.address}', user: 'typed', proxyJump: 'gate', knownHostsFiles: ['${sshFiles(lab).knownHostsFile}'] })
export const inventory = defineInventory({
  groups: {},
  hosts: { gate: { groups: [], privateIp: '${viper.address}', connection: lab() }, typed: { groups: [], connection } },
})
`
const templates = `import { defineTemplate, type Secret, value } from 'rollcall'
export const appConf = defineTemplate({ file: 'app.conf.eta', input: { password: value<Secret>() }, data: ({ password }) => ({ password }) })
`
const head = (names: string) => `import { ${names} } from 'rollcall'
import { inventory, secrets, vault } from '#inventory'
import { appConf } from '../templates/index.ts'
void [vault, appConf]
`
const sweep = `${head('command, copy, definePlaybook, input, query, sealed, sh, shell, template')}
export default definePlaybook('sweep', inventory, {
  inputs: { extra: input.secret(), extraAge: input.secret(), prompted: input.secret({ prompt: 'Prompted' }), variable: input.secret({ env: 'SWEEP_VARIABLE' }) },
}, (play, { inputs }) => {
  play('secrets', { hosts: 'web', become: true }, ({ task, handler }) => {
    const handle = handler('handled', shell({ script: sh\`printf %s \${secrets.handled} >/root/handled; sleep 0.3\` }))
    task('rendered', template({ dest: '/root/rendered', src: appConf({ password: secrets.rendered }), mode: '0600' }), { notify: handle })
    task('content', copy({ dest: '/root/content', content: secrets.content, mode: '0600' }))
    task('around', copy({ dest: '/root/around', content: sealed\`password=\${secrets.around}\\n\`, mode: '0600' }))
    task('key', copy({ dest: '/root/key', content: secrets.key, mode: '0600' }))
    task('exported', command({ argv: ['sh', '-c', 'printf %s "$WORD" >/root/exported; sleep 0.3'], environment: { WORD: secrets.exported } }))
    task('given', command({ argv: ['sh', '-c', 'cat >/root/given; sleep 0.3'], stdin: secrets.given }))
    task('scripted', shell({ script: sh\`printf %s \${secrets.scripted} >/root/scripted; sleep 0.3 # a-marker-that-is-no-secret\` }))
    task('seen', command({ argv: ['sh', '-c', 'sleep 0.4', 'a-marker-that-is-no-secret'] }))
    task('vars', ({ host }) => copy({ dest: '/root/vars', content: sealed\`\${host.vars.token} \${host.vars.overridden}\`, mode: '0600' }))
    task('inputs', copy({ dest: '/root/inputs', content: sealed\`\${inputs.extra} \${inputs.extraAge} \${inputs.prompted} \${inputs.variable}\`, mode: '0600' }))
    task('vault', copy({ dest: '/root/vault', content: sealed\`\${vault.db_password} \${vault['smtp.password']}\`, mode: '0600' }))
    task('read again', query({ script: sh\`cat /root/content /root/key /root/vars /root/inputs /root/vault 2>/dev/null; sleep 0.2\` }))
    task('said', shell({ script: sh\`cat /root/inputs; printf %s \${inputs.prompted} | base64; printf %s \${vault.db_password} | od -An -tx1 | tr -d ' \\n'\` }))
  })
})
`
const failing = `${head('definePlaybook, query, sh, shell')}
const said = sh\`set -x
v=\${secrets.echoed}; export v
printf '%s\\n' "$v"; printf %s "$v" | base64; printf 'x%s' "$v" | base64; printf 'xx%s' "$v" | base64
printf %s "$v" | od -An -tx1 | tr -d ' \\n'; printf %s "$v" | sha256sum; bash -c 'printf "%q\\n" "$v"'
printf '%s\\n' "$v" >&2; logger -t app 'it failed'; sleep 0.3; exit 3\`
export default definePlaybook('fail', inventory, (play) => {
  play('echo', { hosts: 'web', become: true }, ({ task }) => {
    task('ignored', shell({ script: said }), { ignoreErrors: true })
    task('asked', query({ script: said }), { failedWhen: () => false })
    task('echo', shell({ script: said }))
  })
})
`

const environment = () => ({
  env: {
    ROLLCALL_AGE_IDENTITY: identity,
    ANSIBLE_VAULT_PASSWORD_FILE: clear('password'),
    SWEEP_VARIABLE: values.variable,
    XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    ROLLCALL_LAB: lab.name,
  },
  cwd: root,
})
const given = () => ['-e', `@${clear('extra.yaml')}`, '-e', '@release.age']
const all = () => [...given(), '-e', `@${clear('prompted.json')}`]

/** Which secrets a text holds, in which form. */
function found(text: string, except: readonly Name[] = []): readonly string[] {
  return [...Object.entries(values), ['identity', identityKey] as const]
    .filter(([name]) => !(except as readonly string[]).includes(name))
    .flatMap(([name, value]) => formsOf(value).flatMap((form) => (text.includes(form) ? [`${name}: ${form}`] : [])))
}
const outputOf = ({ stdout, stderr }: CliRun) => `${stdout}\n${stderr}`

describe('what a run says holds no secret', () => {
  it('on a terminal, in all detail, and where one is typed', async () => {
    const { code, shown } = await onTerminal(
      ['run', 'sweep', '-vvv', '--diff', '--timing', ...given()],
      [['Prompted: ', `${values.prompted}\r`]],
      environment(),
    )
    said.push(shown)
    expect([code, shown]).toEqual([0, expect.stringContaining('prompted=[secret] (asked)')])
    expect(found(shown)).toEqual([])
  })

  it('where the password of SSH is typed, or comes out of a file, and a host repeats it', async () => {
    const words = ['exec', 'typed', '-i', 'inventory/typed.ts', '--timing']
    // In two pieces: arguments of the user's own stand in process lists.
    const pieces = [values.login.slice(0, 9), values.login.slice(9)]
    const repeats = ['--', 'sh', '-c', 'printf "%s%s %s\\n" "$@"; sleep 0.3', 'sh', ...pieces, 'a-marker-that-is-no-secret']
    const { code, shown } = await onTerminal([...words, '-k', ...repeats], [['SSH password: ', `${values.login}\r`]], environment())
    const run = await cli([...words, '--connection-password-file', clear('login'), '--json', ...repeats], environment())
    said.push(shown, outputOf(run))
    const shownAs = expect.stringContaining('[secret] a-marker')
    expect([code, shown, run.code, run.stdout]).toEqual([0, shownAs, 0, shownAs])
    expect([...found(shown), ...found(outputOf(run))]).toEqual([])
  })

  it.for([
    ['check mode', ['run', 'sweep', '--check', '--diff', '-vvv'], 0],
    ['for machines', ['run', 'sweep', '--diff', '-vvv', '--format', 'json'], 0],
    ['explain', ['explain', 'sweep'], 0],
    ['explain for machines', ['explain', 'sweep', '--format', 'json'], 0],
    ['a list of tasks', ['run', 'sweep', '--list-tasks'], 0],
    ['render', ['render', 'sweep', '--task', 'rendered', '--host', viper.name], 0],
    ['explain var', ['explain', 'var', viper.name, '-e', '@overridden.yaml'], 0],
    ['a value that is wrong', ['run', 'sweep', '-e', '{"overridden": "x", "extra": 1}'], 1],
  ] as const)('%s', async ([, words, code]) => {
    put('overridden.yaml', 'overridden: one more that nobody knows\n')
    const run = await cli(words[1] === 'var' ? words : [...words, ...all()], environment())
    said.push(outputOf(run))
    expect([run.code, run.stderr]).toEqual([code, code === 0 ? expect.not.stringContaining('rror') : expect.stringMatching(/./)])
    expect(found(outputOf(run))).toEqual([])
  })

  it.for([
    ['for people', []],
    ['in all detail', ['-vvv', '--diff']],
    ['for machines', ['--format', 'json', '-vvv']],
  ] as const)('steps that fail and echo one in many forms, %s', async ([, more]) => {
    const run = await cli(['run', 'fail', ...more], environment())
    said.push(outputOf(run))
    expect([run.code, run.stdout]).toEqual([2, expect.stringContaining('exit code 3')])
    expect(found(outputOf(run))).toEqual([])
    if (run.events.length > 0) expect(eventsOf(run, 'task').map(({ outcome }) => outcome)).toEqual(['failed', 'ok', 'failed'])
  })

  it.for([
    ['a secret among the words', ['run', 'sweep', '-e', `extra=${values.extra}`]],
    ['one of a name with a slip', ['run', 'sweep', '-e', `extr=${values.extra}`]],
    ['no name at all', ['run', 'sweep', '-e', `ex tra=${values.extra}`]],
    ['a vault with another password', ['run', 'sweep', '--vault-password-file', clear('wrong')]],
    ['a file that is damaged', ['run', 'sweep', '-e', '@damaged.yaml']],
  ] as const)('a refusal of %s', async ([, words]) => {
    samples.stop() // These words are the user's own, and they are in the process list.
    put('damaged.yaml', `extra: "${values.extra}\n  prompted: [${values.prompted}\n`)
    const run = await cli([...words], environment())
    rmSync(join(root, 'damaged.yaml'))
    said.push(outputOf(run))
    expect([run.code, run.stdout]).toEqual([1, ''])
    expect(found(outputOf(run))).toEqual([])
  })
})

describe('afterwards', () => {
  it('every value is where it belongs, so that what follows says something', async () => {
    const read = (name: string) =>
      inside(lab, viper, `base64 -w0 /root/${name}`).then((text) => Buffer.from(text, 'base64').toString('utf8'))
    for (const name of ['content', 'exported', 'given', 'scripted', 'handled', 'key'] as const)
      expect([name, await read(name)]).toEqual([name, values[name]])
    expect(await read('rendered')).toContain(values.rendered)
    expect(await read('vars')).toBe(`${values.ofVars} ${values.override}`)
    expect(await read('inputs')).toBe([values.extra, values.extraAge, values.prompted, values.variable].join(' '))
    expect(await read('vault')).toBe(`${values.vault} ${values.vaultNested}`)
    for (const [name, value] of Object.entries(values))
      expect(found(`> ${Buffer.from(`u:${value}`).toString('base64')}`), name).not.toEqual([])
  })

  it('no argument of any process held one, on either side; in environments only what was put there', () => {
    const commands = [...samples.commands].join('\n')
    expect(commands).toContain('a-marker-that-is-no-secret')
    expect(commands).toContain('sudo')
    expect(found(commands)).toEqual([])
    expect(found([...samples.environments].join('\n'), ['variable', 'exported', 'echoed'])).toEqual([])
  })

  it('what is kept on the controller holds none: state, facts, caches of code, builds, the project', async () => {
    const control = join(root, 'found.txt')
    writeFileSync(control, Buffer.from(`user:${values.echoed}`).toString('base64'))
    const folders = [factsFolder(), process.env.XDG_STATE_HOME!, root, join(ownRoot(), 'dist'), ...caches()]
    expect(readdirSync(factsFolder())).not.toEqual([])
    expect(await filesWith(['grep', '-rlaFf', '-', '--exclude-dir=node_modules', ...folders])).toEqual([control])
    rmSync(control)
  })

  it('the journal and every log of the host hold none', async () => {
    const logs = await inside(lab, viper, 'journalctl --no-pager -o export | cat -v; find /var/log -type f -exec cat {} + | tr "\\0" "\\n"')
    expect(logs).toContain('sudo')
    expect(logs).toContain('it failed')
    expect(found(logs)).toEqual([])
  })

  it('on the whole host they are in the files that were asked for, and nowhere else', async () => {
    const folders = '/root /home /etc /var /tmp /dev/shm /run /srv /opt /usr/local'
    const listed = await filesWith(inHost(lab, viper.name, ['sh', '-c', `grep -rlaFf - ${folders} 2>/dev/null | sort`]))
    const asked = ['around', 'content', 'exported', 'given', 'handled', 'inputs', 'key', 'rendered', 'scripted', 'vars', 'vault']
    expect(listed).toEqual(asked.map((name) => `/root/${name}`))
  })
})

/** Where code is kept; images of the lab are the lab's. */
function caches(): readonly string[] {
  const cache = join(environment().env.XDG_CACHE_HOME, 'rollcall')
  return existsSync(cache)
    ? readdirSync(cache)
        .filter((name) => name !== 'lab')
        .map((name) => join(cache, name))
    : []
}

/** Files in which a program finds any form of any secret; it reads what to look for from its standard input, as `grep -f -` does. */
async function filesWith([program = '', ...words]: readonly string[]): Promise<readonly string[]> {
  const forms = [...new Set([...Object.values(values), identityKey].flatMap(formsOf))].filter((form) => !form.includes('\n'))
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(`${forms.join('\n')}\n`)
  let listed = ''
  for await (const part of child.stdout) listed += String(part)
  return listed.split('\n').filter((line) => line !== '')
}
