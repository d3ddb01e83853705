import { expect, it } from 'vitest'
import type { ExecResult } from '../../src/exec.ts'
import { startHost, stopHost } from '../../src/lab/index.ts'
import type { ShownFacts } from '../../src/show-facts.ts'
import { serverLines, useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli } = useJobLab('facts')
const facts = async (...args: readonly string[]) => {
  const { code, stdout } = await cli(['facts', ...args, '--format', 'json'])
  return { code, known: JSON.parse(stdout) as readonly ShownFacts[] }
}
const origins = (known: readonly ShownFacts[]) =>
  known.map(({ host, origin, reachable }) => `${host} ${origin}${reachable ? '' : ', not asked or silent'}`)

it('asks every host once, then remembers; says of a silent host what was last known', async () => {
  const first = await facts()
  expect([first.code, origins(first.known)]).toEqual([0, ['honor-viper live', 'crystal-panda live']])
  expect(first.known[0]?.families.os?.value.kernel).toBe(await inside(lab, viper, 'uname -r'))
  expect(first.known[0]?.families.network?.value.addresses).toContain('10.108.0.4')
  expect(origins((await facts('crystal-panda')).known)).toEqual(['crystal-panda cached, not asked or silent'])
  await stopHost(lab, panda.name)
  const refreshed = await facts('--refresh')
  expect([refreshed.code, origins(refreshed.known)]).toEqual([4, ['honor-viper live', 'crystal-panda cached, not asked or silent']])
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
    results: [viper, panda].map(({ name }) => ({ host: name, outcome: 'ok', rc: 0, stdout: said, stderr: '' })),
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

it('forgets a host with its disk, and all of them with the lab: another machine would go by its name', async () => {
  await startHost(lab, panda.name)
  await facts('--refresh')
  const cached = async () => origins((await facts('--cached')).known)
  expect(await cached()).toEqual(['honor-viper cached, not asked or silent', 'crystal-panda cached, not asked or silent'])
  expect((await cli(['lab', 'reset', panda.name])).code).toBe(0)
  expect(await cached()).toEqual(['honor-viper cached, not asked or silent', 'crystal-panda none, not asked or silent'])
  expect((await cli(['lab', 'down'])).code).toBe(0)
  expect(await cached()).toEqual(['honor-viper none, not asked or silent', 'crystal-panda none, not asked or silent'])
})
