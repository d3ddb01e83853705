import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encrypt } from '../../src/secrets/age.ts'
import { makeIdentity } from '../../src/secrets/identities.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { type CliRun, eventsOf, type rollcall, taskOf } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, viper } from './lab-setup.ts'

const { lab, cli, factsFolder } = useJobLab('secrets')

/** A value for each place a secret may go to, each with something that a shell, JSON, a URL or base64 writes otherwise. */
const values = {
  copied: `Copied-'q"$w &/+=é`,
  around: 'Around/In+Copy 1',
  rendered: `Ren<der>ed "&" 'it`,
  revealed: 'Revealed-In-Data-4',
  given: 'Given on stdin %n',
  exported: "Exported 'env' $HOME",
  scripted: 'Scripted `word` ;|',
  probed: 'Probed && value',
  argued: 'Argued--by--argv',
  ofUnit: 'Unit"Environment"',
  ofVars: 'Inventory var, too',
  echoed: 'Echoed?a=b&c',
  key: '-----BEGIN THING-----\nbGluZSBvbmUgb2YgdGhlIGtleSE=\nbGluZSB0d28gb2YgdGhlIGtleSE=\n-----END THING-----\n',
}
const rotated = { ...values, copied: 'Copied-second-value', rendered: 'Rendered-second-value' }
const contents: string[] = []

let root = ''
let identity = ''
const put = (name: string, text: string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}
const keep = async (of: object, recipient: string) =>
  put('secrets/lab.age', await encrypt(JSON.stringify(of), { kind: 'recipients', recipients: [recipient] }))
let recipient = ''

beforeAll(async () => {
  root = mkdtempSync(join(ownRoot(), '.rollcall', 'test-secrets-'))
  identity = join(root, '..', `identity-${process.pid}.txt`)
  recipient = await makeIdentity(identity)
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(ownRoot(), join(root, 'node_modules/rollcall'))
  put(
    'package.json',
    JSON.stringify({ name: 'site', type: 'module', dependencies: { rollcall: '*' }, imports: { '#inventory': './inventory/lab.ts' } }),
  )
  await keep(values, recipient)
  put('inventory/lab.ts', inventory)
  put('templates/index.ts', templates)
  put('templates/app.conf.eta', 'user=app\npassword=<%= it.password %>\nheader=<%= it.header %>\nvar=<%= it.host.vars.token %>\n')
  put('playbooks/site.ts', playbook)
  put('playbooks/fail.ts', failing)
})
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
  rmSync(identity, { force: true })
})

const inventory = `import { defineInventory, defineSecrets, lab } from 'rollcall'
export const secrets = defineSecrets({ file: 'secrets/lab.age', names: ${JSON.stringify(Object.keys(values))} })
export const inventory = defineInventory({
  groups: { all: { vars: { token: secrets.ofVars } }, web: {} },
  hosts: { 'honor-viper': { groups: ['web'], privateIp: '10.108.0.4', connection: lab() } },
})
`
const templates = `import { defineTemplate, type HostWith, fleetGroup, type Secret, value } from 'rollcall'
export const appConf = defineTemplate({
  file: 'app.conf.eta',
  input: { web: fleetGroup<{ vars: { token: Secret } }>(), password: value<Secret>(), revealed: value<Secret>() },
  data: ({ web, password, revealed }) => ({
    password,
    header: Buffer.from(\`user:\${revealed.reveal()}\`).toString('base64'),
    host: [...web][0] as HostWith<{ vars: { token: Secret } }>,
  }),
})
`
const playbook = `import { command, copy, definePlaybook, query, sealed, sh, shell, stat, systemdUnit, template } from 'rollcall'
import { inventory, secrets } from '#inventory'
import { appConf } from '../templates/index.ts'
export default definePlaybook('site', inventory, (play) => {
  play('secrets', { hosts: 'web', become: true }, ({ task, handler }) => {
    const said = handler('handler with a secret', shell({ script: sh\`printf %s \${secrets.scripted} >/root/handled\` }))
    task('copied', copy({ dest: '/root/copied', content: secrets.copied, mode: '0600' }), { notify: said })
    task('around', copy({ dest: '/root/around', content: sealed\`user=app\\npassword=\${secrets.around}\\n\`, mode: '0600' }))
    task('key', copy({ dest: '/root/key', content: secrets.key, mode: '0600' }))
    task('rendered', ({ fleet }) =>
      template({ dest: '/root/app.conf', src: appConf({ web: fleet.group('web'), password: secrets.rendered, revealed: secrets.revealed }), mode: '0600' }))
    task('unit', systemdUnit({ name: 'secretive.service', content: sealed\`[Service]\\nType=oneshot\\nExecStart=/bin/true\\nEnvironment='TOKEN=\${secrets.ofUnit}'\\n\` }))
    task('given', command({ argv: ['sh', '-c', 'cat >/root/given'], stdin: secrets.given }))
    task('exported', command({ argv: ['sh', '-c', 'printf %s "$WORD" >/root/exported'], environment: { WORD: secrets.exported } }))
    task('scripted', shell({ script: sh\`printf %s \${secrets.scripted} >/root/scripted; cat /proc/[0-9]*/cmdline | tr '\\\\0' '\\\\n' >/root/processes\` }))
    task('vars', ({ host }) => shell({ script: sh\`printf %s \${host.vars.token} >/root/vars\` }))
    task('argued', command({ argv: ['sh', '-c', 'printf %s "$1" >/root/argued', 'sh', secrets.argued] }))
    const asked = task('probed', query({ script: sh\`printf '%s' \${secrets.probed}; printf %s \${secrets.probed} | base64; cat /proc/[0-9]*/cmdline | tr '\\\\0' '\\\\n' | grep -c Probed || :\` }))
    task('conditional', shell({ script: sh\`true\`, unless: sh\`test -n \${secrets.probed}\` }))
    task('its checksum', stat({ path: '/root/copied' }), { when: ({ result }) => result(asked).rc === 0 })
    task('read again', query({ script: sh\`cat /root/copied /root/key 2>/dev/null; sha256sum /root/* 2>/dev/null || :\` }))
  })
})
`
const failing = `import { definePlaybook, query, sh, shell } from 'rollcall'
import { inventory, secrets } from '#inventory'
export default definePlaybook('fail', inventory, (play) => {
  play('echo', { hosts: 'web', become: true }, ({ task }) => {
    task('a question that fails', query({ script: sh\`true\` }))
    task('echo', shell({ script: sh\`set -x
v=\${secrets.echoed}
printf 'plain %s\\\\n' "$v"; printf %s "user:$v" | base64; printf %s "$v" | sha256sum; seq 1 1500; printf '%s\\\\n' "$v" >&2; exit 3\` }))
  })
  play('never', { hosts: 'web' }, ({ task }) => {
    task('never', query({ script: sh\`exit 9; \${secrets.echoed}\` }))
  })
})
`

const environment = () => ({
  env: { ROLLCALL_AGE_IDENTITY: identity, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? '/root/.cache' },
  cwd: root,
})
const rollcallIn = (...args: readonly string[]): ReturnType<typeof rollcall> => cli(args, environment())

/** What of the secrets is found in a text: values, lines of keys, base64 of them, hashes. */
function found(text: string, except: readonly string[] = []): readonly string[] {
  const all = [...Object.entries(values), ['copied again', rotated.copied], ['rendered again', rotated.rendered]] as const
  const named = all
    .filter(([name]) => !except.includes(name))
    .flatMap(([name, value]) => {
      const forms = [
        value,
        JSON.stringify(value).slice(1, -1),
        value.replaceAll("'", "'\\''"),
        encodeURIComponent(value),
        ...value.split('\n').filter((line) => line.length > 20 && !line.startsWith('-')),
      ]
      const encoded = [value, `user:${value}`].map((each) => Buffer.from(each).toString('base64'))
      const hashes = [value, `${value}\n`].map((each) => createHash('sha256').update(each).digest('hex'))
      return [...forms, ...encoded, ...hashes].filter((form) => text.includes(form)).map((form) => `${name}: ${form}`)
    })
  return [
    ...named,
    ...contents
      .filter((content) => text.includes(createHash('sha256').update(content).digest('hex')))
      .map((content) => `hash of ${content}`),
  ]
}
const outputOf = ({ stdout, stderr }: CliRun) => `${stdout}\n${stderr}`
const rendering = ({ rendered, revealed, ofVars }: typeof values) =>
  `user=app\npassword=${rendered}\nheader=${Buffer.from(`user:${revealed}`).toString('base64')}\nvar=${ofVars}\n`
contents.push(rendering(values), rendering(rotated), `user=app\npassword=${values.around}\n`)

it('without an identity nothing that contacts hosts starts, and what only looks does', async () => {
  const without = { env: { ROLLCALL_AGE_IDENTITY: '' }, cwd: root }
  const refused = await cli(['run', 'site', '--format', 'json'], without)
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toMatch(/^There is no identity to open secrets with/)
  for (const args of [
    ['run', 'site', '--list-tasks'],
    ['inventory', 'list'],
    ['inventory', 'host', viper.name],
    ['explain', 'site'],
  ]) {
    const run = await cli(args, without)
    expect([run.code, run.stderr]).toEqual([0, ''])
  }
})

describe('a play with secrets in all places', () => {
  it.for([
    ['check mode, for people', ['run', 'site', '--check', '--diff', '-v']],
    ['check mode, for machines', ['run', 'site', '--check', '--format', 'json']],
    ['for real', ['run', 'site', '--diff', '-v']],
    ['converged, for machines', ['run', 'site', '--diff', '-v', '--format', 'json']],
    ['explain', ['explain', 'site']],
    ['explain, for machines', ['explain', 'site', '--format', 'json']],
    ['the inventory', ['inventory', 'host', viper.name, '--format', 'json']],
    ['render', ['render', 'site', '--task', 'rendered', '--host', viper.name]],
    ['render, for machines', ['render', 'site', '--task', 'around', '--host', viper.name, '--format', 'json']],
  ] as const)('%s: says nothing of them', async ([, args]) => {
    const run = await rollcallIn(...args)
    expect([run.code, outputOf(run)]).toEqual([0, expect.stringContaining('secret')])
    expect(found(outputOf(run))).toEqual([])
  })

  it('every value is where it belongs', async () => {
    const read = (name: string) =>
      inside(lab, viper, `base64 -w0 /root/${name}`).then((text) => Buffer.from(text, 'base64').toString('utf8'))
    const written = ['copied', 'key', 'given', 'exported', 'scripted', 'argued'] as const
    for (const name of written) expect([name, await read(name)]).toEqual([name, values[name]])
    expect(await read('around')).toBe(`user=app\npassword=${values.around}\n`)
    expect(await read('app.conf')).toBe(rendering(values))
    expect(await read('vars')).toBe(values.ofVars)
    expect(await read('handled')).toBe(values.scripted)
    expect(await read('../etc/systemd/system/secretive.service')).toContain(`'TOKEN=${values.ofUnit}'`)
  })

  it('a converged run changes no file, and knows so without showing a hash', async () => {
    const run = await rollcallIn('run', 'site', '--format', 'json')
    const files = ['copied', 'around', 'key', 'rendered', 'unit']
    expect(files.map((task) => taskOf(run, viper.name, task).outcome)).toEqual(files.map(() => 'ok'))
    expect(taskOf(run, viper.name, 'copied').result).toMatchObject({ after: { file: { mode: '0600', sha256: '[secret]' } } })
    expect(taskOf(run, viper.name, 'its checksum').result).toMatchObject({ stat: { checksum: '[secret]' } })
  })

  it('a value that changed is a change, and neither value is shown', async () => {
    await keep(rotated, recipient)
    const run = await rollcallIn('run', 'site', '--diff', '-v')
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(run.stdout).toContain('content: [secret] → [secret], changed')
    expect(found(run.stdout)).toEqual([])
    expect(await inside(lab, viper, 'cat /root/copied')).toBe(rotated.copied)
  })

  it('render --reveal is asked for', async () => {
    const run = await rollcallIn('render', 'site', '--task', 'rendered', '--host', viper.name, '--reveal')
    expect(run.stdout).toBe(rendering(rotated))
  })

  it.for([
    ['for people', []],
    ['in detail', ['-v', '--diff']],
    ['for machines', ['--format', 'json']],
  ] as const)('a step that fails and echoes a secret shows the rest of its output, %s', async ([, more]) => {
    const run = await rollcallIn('run', 'fail', ...more)
    expect(run.code).toBe(2)
    expect(run.stdout).toContain('exit code 3')
    expect(run.stdout).toContain('1499')
    expect(run.stdout).toContain('v=[secret]')
    expect(found(outputOf(run))).toEqual([])
    if (run.events.length > 0) expect(eventsOf(run, 'task').map(({ outcome }) => outcome)).toEqual(['ok', 'failed'])
  })
})

describe('afterwards', () => {
  const filesBelow = (folder: string, except: readonly string[] = []): string =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !except.some((part) => join(entry.parentPath, entry.name).includes(part)))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')

  it('what is kept on the controller holds none', () => {
    const facts = filesBelow(factsFolder())
    expect(facts).toContain(viper.name)
    expect(found(facts)).toEqual([])
    expect(found(filesBelow(root, ['node_modules']))).toEqual([])
  })

  it('the journal and the logs of the host hold none', async () => {
    const logs = await inside(lab, viper, 'journalctl --no-pager -o cat; cat /var/log/*.log 2>/dev/null || :')
    expect(logs).toContain('sudo')
    expect(found(logs)).toEqual([])
  })

  it('what Rollcall keeps on the host holds none, and nothing is left in its temporary folders', async () => {
    const kept = await inside(lab, viper, 'cd /var/lib/rollcall && find . -type f -exec cat {} + ; ls -R .; ls -AR /tmp /dev/shm')
    expect(found(kept)).toEqual([])
    expect(kept).not.toContain('rollcall-')
  })

  it('the process list held none while a script with secrets ran', async () => {
    const processes = await inside(lab, viper, 'cat /root/processes')
    expect(processes).toContain('sudo')
    expect(found(processes)).toEqual([])
  })
})
