import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { execIn } from '../../src/lab/index.ts'
import { eventsOf, outcomes, scratchFile, startRollcall, taskOf } from '../helpers/cli.ts'
import { curl, eventually, expectBalancing, linesOf, useJobLab } from './job-setup.ts'
import { inside, viper } from './lab-setup.ts'

const { lab, run, cli } = useJobLab('survive')
const limited = ['--limit', viper.name] as const
const config = '/etc/haproxy/haproxy.cfg'

const playbook = (name: string, body: string) =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { command, copy, definePlaybook, reloaded, sh, shell } from 'rollcall'
void [command, copy, reloaded, sh, shell]
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'honor-viper', become: true }, ({ task, handler }) => {
    void [task, handler]
    ${body}
  })
})
`,
  )

describe('a configuration that HAProxy rejects', () => {
  it('never replaces the old one, and HAProxy goes on answering', async () => {
    expect((await run('prepare.ts', ...limited)).code).toBe(0)
    const before = await inside(lab, viper, `sha256sum ${config}; stat -c '%i %Y' ${config}; systemctl show -p MainPID haproxy`)
    const done = await run(
      playbook(
        'rejected',
        `const reload = handler('reload', reloaded({ service: 'haproxy' }))
    task('bad', copy({ dest: '${config}', content: 'frontend x\\n    bnid :80\\n', validate: (path) => sh\`haproxy -c -f \${path}\` }), { notify: reload })`,
      ),
      ...limited,
    )
    expect(done.code).toBe(2)
    expect(outcomes(done, viper.name)).toEqual(['bad: failed'])
    expect(taskOf(done, viper.name, 'bad').error).toMatchObject({
      summary: 'A step of copy failed',
      detail: expect.stringContaining(`unknown keyword 'bnid'`),
    })
    expect(await inside(lab, viper, `sha256sum ${config}; stat -c '%i %Y' ${config}; systemctl show -p MainPID haproxy`)).toBe(before)
    expect(await inside(lab, viper, 'ls -A /etc/haproxy | grep rollcall || echo none')).toBe('none')
    // Nothing was changed, so no handler is owed.
    expect(await inside(lab, viper, 'ls -A /var/lib/rollcall/pending')).toBe('')
    expect(await curl(lab, viper, 'http://10.108.0.4/')).toBe('honor-viper\n200')
  })
})

/** Certificate and key in one file, as HAProxy takes them. */
function selfSigned(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-tls-'))
  const path = (name: string) => join(folder, name)
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=dynia.test']
  execFileSync('openssl', [...request, '-keyout', path('key'), '-out', path('cert')], { stdio: 'ignore' })
  const pem = readFileSync(path('cert'), 'utf8') + readFileSync(path('key'), 'utf8')
  rmSync(folder, { recursive: true })
  return pem
}

describe('TLS', () => {
  const certificates = '/etc/haproxy/certs'
  it('is served where there is a certificate, which HAProxy accepts, and the run no longer says that there is none', async () => {
    const without = await cli(['run', 'prepare.ts', ...limited])
    expect(without.stdout).toContain('no certificate at /etc/haproxy/certs/site.pem: HTTP only')
    const pem = await execIn(lab, viper.name, ['sh', '-c', `umask 077; cat >${certificates}/site.pem`], { stdin: selfSigned() })
    expect(pem.code).toBe(0)
    const done = await run('prepare.ts', ...limited)
    expect(done.code).toBe(0)
    expect(outcomes(done, viper.name)).toEqual(
      expect.arrayContaining([
        'haproxy : say that there is no TLS: skipped',
        'haproxy : haproxy.cfg: changed',
        'haproxy : reload haproxy: changed',
      ]),
    )
    expect((await linesOf(lab, viper, config)).filter((line) => line.startsWith('bind '))).toEqual([
      'bind :80',
      `bind :443 ssl crt ${certificates}/site.pem alpn h2,http/1.1`,
    ])
    await eventually(async () => expect(await curl(lab, viper, 'https://10.108.0.4/', '-k')).toBe('honor-viper\n200'))
    await expectBalancing(lab, viper)
    await inside(lab, viper, `rm ${certificates}/site.pem`)
    expect((await run('prepare.ts', ...limited)).code).toBe(0)
    expect((await linesOf(lab, viper, config)).filter((line) => line.startsWith('bind '))).toEqual(['bind :80'])
  })
})

describe('handlers', () => {
  const slow = (wait: string) =>
    playbook(
      'slow',
      `const told = handler('told', shell({ script: sh\`echo told >>/root/told\` }))
    task('change', copy({ dest: '/etc/slow', content: 'new\\n' }), { notify: told })
    task('slow', shell({ script: sh\`${wait}\` }))`,
    )
  it('are run by the next run when this one is killed between the change and the handler', async () => {
    const child = await startRollcall(['run', slow('touch /run/slow; until [ -e /run/slow-go ]; do sleep 0.2; done'), ...limited], {
      env: { ROLLCALL_LAB: lab.name },
    })
    await eventually(async () => expect((await execIn(lab, viper.name, ['test', '-e', '/run/slow'])).code).toBe(0))
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(await inside(lab, viper, 'cat /etc/slow; ls /root/told 2>/dev/null || echo none')).toBe('new\nnone')
    expect((await run(slow(':'), ...limited)).code).toBe(5) // The step that it had begun still runs.
    await inside(lab, viper, 'touch /run/slow-go')
    const next = await run(slow(':'), ...limited, '--wait-for-lock', '30')
    expect(next.code).toBe(0)
    expect(outcomes(next, viper.name)).toEqual(['change: ok', 'slow: changed', 'told: changed'])
    expect(next.events.filter((event) => event.event === 'warning').map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^a step of an earlier run went on after its link was lost: task 'slow' of playbook '.*', exit code 0, ended /,
        ),
        expect.stringMatching(/^handler 'told' is pending since /),
      ]),
    )
    expect(await inside(lab, viper, 'cat /root/told; ls -A /var/lib/rollcall/pending')).toBe('told')
    const last = await run(slow(':'), ...limited)
    expect(outcomes(last, viper.name)).toEqual(['change: ok', 'slow: changed'])
  })
  it('run once a play, after the tasks', async () => {
    await inside(lab, viper, 'rm -f /root/told /etc/slow')
    const twice = playbook(
      'twice',
      `const told = handler('told', shell({ script: sh\`echo told >>/root/told\` }))
    task('one', copy({ dest: '/etc/one', content: 'x\\n' }), { notify: told })
    task('two', copy({ dest: '/etc/two', content: 'x\\n' }), { notify: [told] })
    task('then', command({ argv: ['touch', '/root/then'], creates: '/root/then' }))`,
    )
    const done = await run(twice, ...limited)
    expect(outcomes(done, viper.name)).toEqual(['one: changed', 'two: changed', 'then: changed', 'told: changed'])
    expect(await inside(lab, viper, 'cat /root/told')).toBe('told')
    expect(outcomes(await run(twice, ...limited), viper.name)).toEqual(['one: ok', 'two: ok', 'then: ok'])
  })
})

describe('a private address that the host does not have', () => {
  it('is a warning', async () => {
    const inventory = scratchFile(
      'wrong-address.ts',
      `import { defineInventory, local } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'dynia.test' } }, cluster: { vars: { appPort: 8080 } } },
  hosts: { 'honor-viper': { groups: ['cluster'], privateIp: '203.0.113.9', connection: local() } },
})
`,
    )
    const book = scratchFile(
      'nothing.ts',
      `import { inventory } from '#inventory'
import { debug, definePlaybook } from 'rollcall'
export default definePlaybook('nothing', inventory, (play) => {
  play('nothing', { hosts: 'honor-viper' }, ({ task }) => void task('say', debug({ msg: 'hello' })))
})
`,
    )
    const done = await run(book, '-i', inventory)
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(done.events.filter((event) => event.event === 'warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('203.0.113.9'),
    ])
    expect(eventsOf(done, 'task').map(({ message }) => message)).toEqual(['hello'])
  })
})
