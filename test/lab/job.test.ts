import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LabHost, reset, startHost, status, stopHost } from '../../src/lab/index.ts'
import { eventsOf, outcomes, recapOf, taskOf } from '../helpers/cli.ts'
import { curl, differences, eventually, expectBalancing, linesOf, serverLines, tree, useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, run, cli, factsFolder, forgetFacts } = useJobLab('job')

/** What a host says of itself, by other means than our facts. */
async function ownAnswer(host: LabHost) {
  const said = await inside(
    lab,
    host,
    `. /etc/os-release; echo "$ID"; echo "$VERSION_ID"; awk '/^MemTotal:/ { print $2 }' /proc/meminfo; nproc --all`,
  )
  const [distribution, version, kilobytes, cpuCount] = said.split('\n')
  return {
    name: host.name,
    address: host.address,
    distribution,
    version,
    memoryMb: Math.round(Number(kilobytes) / 1024),
    cpuCount: Number(cpuCount),
  }
}

const peersOf = async (host: LabHost) =>
  JSON.parse(await inside(lab, host, 'cat /etc/dynia/peers.json')) as { version: string; memoryMb: number }[]

/** That a host's peers.json says of both hosts what they say themselves. */
async function expectPeers(host: LabHost, about: readonly unknown[]): Promise<void> {
  const peers = await peersOf(host)
  expect(peers).toEqual(about.map((answer) => ({ ...(answer as object), version: expect.anything(), memoryMb: expect.anything() })))
  for (const [index, peer] of peers.entries()) {
    const { version, memoryMb } = about[index] as { version: string; memoryMb: number }
    // A point release (12.5) is more than os-release tells (12).
    expect(peer.version.split('.')[0]).toBe(version)
    expect(Math.abs(peer.memoryMb - memoryMb)).toBeLessThanOrEqual(1)
  }
}

/** Makes everything that was remembered three hours older. */
function ageFacts(): void {
  for (const file of readdirSync(factsFolder(), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))) {
    const path = join(factsFolder(), file)
    const entry = JSON.parse(readFileSync(path, 'utf8')) as { gatheredAt: number }
    writeFileSync(path, JSON.stringify({ ...entry, gatheredAt: entry.gatheredAt - 3 * 3600_000 }))
  }
}

it('what compares file trees sees a byte, a mode, an owner, a touched file, a link, an empty directory and /tmp, and nothing where there is nothing', async () => {
  const touched = ['/etc/hosts', '/etc/hostname', '/etc/passwd', '/etc/group', '/etc/lab-link', '/var/lib/lab-empty', '/tmp/lab-left']
  await inside(lab, viper, 'ln -s a /etc/lab-link')
  const before = await tree(lab, viper)
  expect(differences(before, await tree(lab, viper))).toEqual([])
  await inside(
    lab,
    viper,
    `cp -p /etc/hosts /run/kept; tr 1 2 </run/kept >/etc/hosts; touch -r /run/kept /etc/hosts; chmod 600 /etc/hostname; touch /etc/passwd
     chown admin /etc/group; ln -sfn b /etc/lab-link; mkdir /var/lib/lab-empty; : >/tmp/lab-left`,
  )
  const seen = differences(before, await tree(lab, viper)).map((line) => line.replace(/#?: .*/, ''))
  expect([...new Set(seen)].sort()).toEqual([...touched].sort())
  await reset(lab, { hosts: [viper.name] })
})

describe('the main job on bare hosts, limited to honor-viper', () => {
  it('changes honor-viper, where both files know both nodes, and leaves every file of crystal-panda as it was', async () => {
    const about = [await ownAnswer(viper), await ownAnswer(panda)]
    const before = await tree(lab, panda)
    expect(before.size).toBeGreaterThan(5000)
    const done = await run('prepare.ts', '--limit', viper.name)
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(recapOf(done)).toEqual({ 'honor-viper': expect.stringMatching(/^changed [1-9]\d*, failed 0, unreachable 0$/) })
    expect(eventsOf(done, 'run')[0]).toMatchObject({ fleet: [viper.name, panda.name], targets: [viper.name] })

    const lines = await linesOf(lab, viper, '/etc/haproxy/haproxy.cfg')
    const backend = lines.slice(lines.findIndex((line) => line.startsWith('backend ')))
    expect(backend.filter((line) => /^(balance|option httpchk|http-check|server) /.test(line))).toEqual([
      'balance roundrobin',
      'option httpchk GET /dynia-health',
      'http-check expect status 200',
      ...serverLines,
    ])
    expect(lines.filter((line) => line.startsWith('bind '))).toEqual(['bind :80'])
    await expectBalancing(lab, viper)
    await expectPeers(viper, about)
    for (const task of ['haproxy : haproxy.cfg', 'peers : peers.json'])
      expect(taskOf(done, viper.name, task).templates).toMatchObject([
        { hosts: [viper.name, panda.name], fleetSize: 2, of: 'group cluster' },
      ])
    expect(differences(before, await tree(lab, panda))).toEqual([])
  })

  it('a second run changes nothing: no task, and no file of either host', async () => {
    const before = [await tree(lab, viper), await tree(lab, panda)] as const
    const again = await run('prepare.ts', '--limit', viper.name)
    expect(again.code).toBe(0)
    expect(recapOf(again)).toEqual({ 'honor-viper': 'changed 0, failed 0, unreachable 0' })
    expect(outcomes(again, viper.name).filter((outcome) => !/: (ok|skipped)$/.test(outcome))).toEqual([])
    expect(differences(before[0], await tree(lab, viper))).toEqual([])
    expect(differences(before[1], await tree(lab, panda))).toEqual([])
  })

  it('the application answers with its name, and its health with 200, on the private address only', async () => {
    expect(await curl(lab, panda, 'http://10.108.0.4:8080/')).toBe('honor-viper\n200')
    expect(await curl(lab, panda, 'http://10.108.0.4:8080/dynia-health')).toMatch(/200$/)
    expect(await inside(lab, viper, 'curl -sS http://127.0.0.1:8080/ 2>&1 || :')).toMatch(/refused|Failed to connect/)
  })
})

describe('the main job on both hosts', () => {
  it('prepares the other node, and eight requests to honor-viper are answered by both nodes', async () => {
    const done = await run('prepare.ts')
    expect(done.code).toBe(0)
    expect(recapOf(done)).toEqual({
      'honor-viper': 'changed 0, failed 0, unreachable 0',
      'crystal-panda': expect.stringMatching(/^changed [1-9]\d*, failed 0, unreachable 0$/),
    })
    await expectBalancing(lab, panda)
    await expectPeers(panda, [await ownAnswer(viper), await ownAnswer(panda)])
    // Until its health checks have seen the new node twice, honor-viper does not send it anything.
    await eventually(async () => {
      const answers = await inside(lab, panda, 'for i in 1 2 3 4 5 6 7 8; do curl -sS --max-time 10 http://10.108.0.4/; done')
      expect(answers.split('\n').sort()).toEqual([...Array(4).fill('crystal-panda'), ...Array(4).fill('honor-viper')])
    })
  })
})

describe('with crystal-panda stopped', () => {
  it('a target that is stopped is unreachable, which is exit code 4, and the other target is done', async () => {
    await reset(lab)
    // A reset forgets what was remembered of its hosts.
    expect((await cli(['facts'])).code).toBe(0)
    await stopHost(lab, panda.name)
    const done = await run('prepare.ts')
    expect([done.code, done.stderr]).toEqual([4, ''])
    expect(recapOf(done)).toEqual({
      'honor-viper': expect.stringMatching(/^changed [1-9]\d*, failed 0, unreachable 0$/),
      'crystal-panda': 'changed 0, failed 0, unreachable 1',
    })
    expect(eventsOf(done, 'task').find(({ host }) => host === panda.name)).toMatchObject({
      outcome: 'unreachable',
      error: { summary: 'The host cannot be reached', detail: expect.stringContaining('10.108.0.3 port 22: ') },
    })
    await expectBalancing(lab, viper)
    expect(await peersOf(viper)).toMatchObject([{ name: viper.name }, { name: panda.name }])
  })

  it('facts remembered from three hours ago are used, with their age and the reason, and nothing starts the host', async () => {
    await reset(lab, { hosts: [viper.name] })
    ageFacts()
    const done = await cli(['run', 'prepare.ts', '--limit', viper.name])
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(done.stdout).toContain('facts from 2 (1 live, 1 cached 3 h)')
    expect(done.stdout).toMatch(/^crystal-panda {2}cached 3 h: 10\.108\.0\.3 port 22: no route to the host/m)
    expect(done.stdout).toMatch(/peers\.json \(template\): changed\n\s+fleet 2 of 2 \(group cluster\), crystal-panda cached 3 h$/m)
    await expectBalancing(lab, viper)
    expect(await peersOf(viper)).toMatchObject([{ name: viper.name }, { name: panda.name, distribution: 'debian' }])
    expect((await cli(['lab', 'up'])).code).toBe(0)
    expect(status(lab)?.hosts.map(({ name, state }) => [name, state])).toEqual([
      [viper.name, 'running'],
      [panda.name, 'stopped'],
    ])
  })

  it('without remembered facts the task that needs them fails by name, and all before it is done', async () => {
    await reset(lab, { hosts: [viper.name] })
    forgetFacts()
    const done = await run('prepare.ts', '--limit', viper.name)
    expect([done.code, done.stderr]).toEqual([2, ''])
    expect(recapOf(done)).toEqual({ 'honor-viper': expect.stringMatching(/^changed [1-9]\d*, failed 1, unreachable 0$/) })
    const all = outcomes(done, viper.name)
    expect(all.filter((outcome) => outcome.endsWith(': failed'))).toEqual(['peers : peers.json: failed'])
    expect(all).toEqual(
      expect.arrayContaining(['haproxy : haproxy.cfg: changed', 'haproxy : reload haproxy: changed', 'peers : directory: changed']),
    )
    const { error } = taskOf(done, viper.name, 'peers : peers.json')
    expect(error).toMatchObject({
      summary: 'A fact of a host is not known',
      at: { file: 'templates/peers.json.eta', line: 6 },
      fix: expect.stringContaining(
        'Start the host, or run once with it up so that its facts are remembered, or declare the fact in the inventory:',
      ),
    })
    expect(error?.detail).toMatch(/^os\.distribution of crystal-panda: the host is down \(10\.108\.0\.3 port 22: no route to the host/)
    expect(await inside(lab, viper, 'ls /etc/dynia')).toBe('')
    await expectBalancing(lab, viper)
    expect(await curl(lab, viper, 'http://10.108.0.4/')).toBe('honor-viper\n200')
  })

  it('the same in words for people: host, fact, line of the template and remedy', async () => {
    const done = await cli(['run', 'prepare.ts', '--limit', viper.name])
    expect(done.code).toBe(2)
    for (const text of [
      'facts from 1 of 2 (1 live, 1 unknown)',
      'A fact of a host is not known',
      'os.distribution of crystal-panda',
      'templates/peers.json.eta:6',
      'Start the host',
      'facts: { os: { distribution: … } }',
    ])
      expect(done.stdout).toContain(text)
  })

  it('once it has come back, the same run completes', async () => {
    await startHost(lab, panda.name)
    const done = await run('prepare.ts', '--limit', viper.name)
    expect(done.code).toBe(0)
    expect(outcomes(done, viper.name).filter((outcome) => outcome.endsWith(': changed'))).toEqual(['peers : peers.json: changed'])
  })
})
