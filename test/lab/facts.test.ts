import { expect, it } from 'vitest'
import type { ExecResult } from '../../src/exec.ts'
import { startHost, stopHost } from '../../src/lab/index.ts'
import type { ShownFacts } from '../../src/show-facts.ts'
import { scratchFile, taskOf } from '../helpers/cli.ts'
import { serverLines, useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli, forgetFacts, run } = useJobLab('facts')
const facts = async (...args: readonly string[]) => {
  const { code, stdout } = await cli(['facts', ...args, '--format', 'json'])
  return { code, known: JSON.parse(stdout) as readonly ShownFacts[] }
}
const origins = (known: readonly ShownFacts[]) =>
  known.map(({ host, origin, contact }) => `${host} ${origin}${contact === 'answered' ? '' : `, ${contact}`}`)

it('asks every host once, then remembers; says of a silent host what was last known', async () => {
  const first = await facts()
  expect([first.code, origins(first.known)]).toEqual([0, ['honor-viper live', 'crystal-panda live']])
  expect(first.known[0]?.families.os?.value.kernel).toBe(await inside(lab, viper, 'uname -r'))
  expect(first.known[0]?.families.network?.value.addresses).toContain('10.108.0.4')
  expect(origins((await facts('crystal-panda')).known)).toEqual(['crystal-panda cached, notAsked'])
  await stopHost(lab, panda.name)
  const refreshed = await facts('--refresh')
  expect([refreshed.code, origins(refreshed.known)]).toEqual([4, ['honor-viper live', 'crystal-panda cached, failed']])
  expect(refreshed.known[1]?.reason).toContain('10.108.0.3 port 22')
  expect((await facts('--cached', 'cluster')).known.map(({ families }) => Object.keys(families).toSorted())).toEqual(
    Array(2).fill(['hardware', 'network', 'os']),
  )
})

it('exec runs a command on each host of a pattern, as the login user or as root, word for word', async () => {
  await startHost(lab, panda.name)
  const exec = async (...args: readonly string[]) => {
    const { code, stdout } = await cli(['exec', 'cluster', '--format', 'json', ...args])
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ExecResult)
    return { code, results: results.toSorted((a, b) => b.host.localeCompare(a.host)) }
  }
  const said = `it's "$HOME" \\ * \n2`
  expect(await exec('--', 'printf', '%s', said)).toEqual({
    code: 0,
    results: [viper, panda].map(({ name }) => ({
      host: name,
      outcome: 'ok',
      rc: 0,
      stdout: said,
      stderr: '',
      timing: expect.objectContaining({ exchanges: 1 }),
    })),
  })
  expect((await exec('-b', '--', 'sh', '-c', 'id -un; pwd; exit 7')).results.map(({ rc, stdout }) => [rc, stdout])).toEqual(
    Array(2).fill([7, 'root\n/root\n']),
  )
  await stopHost(lab, panda.name)
  const partly = await exec('--', 'hostname')
  expect([partly.code, partly.results.map(({ outcome }) => outcome)]).toEqual([4, ['ok', 'unreachable']])
})

it('render prints a file as it would be written, by a task named whole or in short, and changes nothing', async () => {
  for (const task of ['haproxy : haproxy.cfg', 'haproxy.cfg']) {
    const { code, stdout } = await cli(['render', 'prepare', '--task', task, '--host', viper.name])
    expect([code, stdout.split('\n').filter((line) => line.includes(' server node'))]).toEqual([
      0,
      serverLines.map((line) => `    ${line}`),
    ])
  }
  const wrong = await cli(['render', 'prepare', '--task', 'haproxy.cfg', '--host', 'honor-vipr'])
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringContaining(`--host names a host or group that is not in the inventory\n  'honor-vipr'\n  Did you mean 'honor-viper'?`),
  ])
  expect(await inside(lab, viper, 'ls -d /etc/haproxy /opt/dynia-app 2>/dev/null || echo none')).toBe('none')
})

const ownFacts = (parse: string) => `
import { copy, defineFacts, definePlaybook, sh } from 'rollcall'
import { inventory } from '#inventory'

const role = defineFacts({
  name: 'role',
  fields: { is: 'always' },
  script: sh\`read -r role </etc/role && printf %s "$role"\`,
  parse: (stdout) => (${parse}),
})
export default definePlaybook('own facts', inventory, (play) => {
  play('all', { hosts: 'all', facts: { families: ['os', role], maxAge: 0 }, become: true }, ({ task }) => {
    task('roles', ({ fleet }) =>
      copy({ dest: '/etc/roles', content: fleet.withFacts().map(({ name, facts }) => \`\${name} \${facts.role.is}\\n\`).join('') }),
    )
    task('system', ({ facts }) => copy({ dest: '/etc/system', content: facts.os.distribution }))
  })
})
`

it("facts of the user's own are asked of the whole scope, remembered, and harm only who reads them", async () => {
  await startHost(lab, panda.name)
  await inside(lab, viper, 'echo edge >/etc/role')
  await inside(lab, panda, 'echo core >/etc/role')
  const right = scratchFile('roles.ts', ownFacts('{ is: stdout }'))
  const roles = async () => await inside(lab, viper, 'cat /etc/roles')
  const check = await run(right, '--limit', viper.name, '--check')
  expect(check.events[0]).toMatchObject({ event: 'run', queries: ['facts role'] })
  expect((await run(right, '--limit', viper.name)).code).toBe(0)
  expect(await roles()).toBe('honor-viper edge\ncrystal-panda core')

  await stopHost(lab, panda.name)
  await inside(lab, viper, 'echo rim >/etc/role')
  expect((await run(right, '--limit', viper.name)).code).toBe(0)
  expect(await roles()).toBe('honor-viper rim\ncrystal-panda core')

  forgetFacts()
  const wrong = scratchFile('no-roles.ts', ownFacts('{ is: JSON.parse(stdout) as string }'))
  const failed = await run(wrong, '--limit', viper.name)
  expect([failed.code, taskOf(failed, viper.name, 'roles').error?.detail]).toEqual([
    2,
    expect.stringMatching(/^role\.is of honor-viper: the host answered, but its role facts could not be read \(role: .*JSON/),
  ])
})

it('forgets a host with its disk, and all of them with the lab: another machine would go by its name', async () => {
  await startHost(lab, panda.name)
  await facts('--refresh')
  const cached = async () => origins((await facts('--cached')).known)
  expect(await cached()).toEqual(['honor-viper cached, notAsked', 'crystal-panda cached, notAsked'])
  expect((await cli(['lab', 'reset', panda.name])).code).toBe(0)
  expect(await cached()).toEqual(['honor-viper cached, notAsked', 'crystal-panda none, notAsked'])
  expect((await cli(['lab', 'down'])).code).toBe(0)
  expect(await cached()).toEqual(['honor-viper none, notAsked', 'crystal-panda none, notAsked'])
})
