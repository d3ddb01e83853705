import { expect, it } from 'vitest'
import { guardedPassword } from '../../src/lab/index.ts'
import { eventsOf, outcomes, rollcall, scratchFile, taskOf } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, run } = useJobLab('reboot')
const bootOf = (host: typeof viper) => inside(lab, host, 'cat /proc/sys/kernel/random/boot_id')

const playbook = (name: string, options: string, body: string) =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { copy, definePlaybook, query, reboot, sh, shell } from 'rollcall'
void [copy, query, sh, shell]
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { facts: { maxAge: 3600 }, ${options} }, ({ task, handler }) => {
    void [task, handler]
    ${body}
  })
})
`,
  )
const boot = 'query({ script: sh`cat /proc/sys/kernel/random/boot_id` })'
const told = (result: unknown) => (result as { stdout: string }).stdout.trim()

it('one of two hosts reboots, twice; what comes after runs there, and a handler that was notified before', async () => {
  const [before, other] = [await bootOf(viper), await bootOf(panda)]
  const done = await run(
    playbook(
      'twice',
      `hosts: 'cluster', become: true`,
      `const remember = handler('remember', shell({ script: sh\`cat /proc/sys/kernel/random/boot_id >>/root/handled\` }))
    task('change', copy({ dest: '/etc/changed', content: 'new\\n' }), { notify: remember })
    const first = task('reboot', reboot({ msg: "it's time" }), { when: ({ host }) => host.name === 'honor-viper' })
    task('after', ${boot})
    task('a change after it', copy({ dest: '/etc/after', content: 'new\\n' }))
    task('reboot again', reboot({ testCommand: sh\`systemctl is-active ssh\` }), { when: ({ result }) => !result(first).skipped })
    task('at the end', ${boot})`,
    ),
  )
  expect([done.code, done.stderr]).toEqual([0, ''])
  expect(outcomes(done, viper.name)).toEqual([
    'change: changed',
    'reboot: changed',
    'after: ok',
    'a change after it: changed',
    'reboot again: changed',
    'at the end: ok',
    'remember: changed',
  ])
  const after = told(taskOf(done, viper.name, 'after').result)
  const last = told(taskOf(done, viper.name, 'at the end').result)
  expect(new Set([before, after, last]).size).toBe(3)
  expect([await bootOf(viper), await inside(lab, viper, 'cat /root/handled; ls -A /var/lib/rollcall/pending')]).toEqual([last, last])
  expect(taskOf(done, viper.name, 'reboot').result).toMatchObject({ rebooted: true, changed: true, elapsed: expect.any(Number) })
  // The exchanges of every link are counted, and a handler that this run still knows is no leftover of another.
  expect(eventsOf(done, 'recap')[0]?.hosts[viper.name]?.exchanges).toBeGreaterThan(eventsOf(done, 'recap')[0]!.hosts[panda.name]!.exchanges)
  expect(done.events.filter(({ event }) => event === 'warning')).toEqual([])
  expect(outcomes(done, panda.name)).toEqual([
    'change: changed',
    'reboot: skipped',
    'after: ok',
    'a change after it: changed',
    'reboot again: skipped',
    'at the end: ok',
    'remember: changed',
  ])
  expect([told(taskOf(done, panda.name, 'at the end').result), await bootOf(panda)]).toEqual([other, other])
})

it('as a handler, by a user whose sudo asks for a password', async () => {
  const before = await bootOf(viper)
  const inventory = scratchFile(
    'guarded.ts',
    `import { defineInventory, lab, Secret } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'dynia.test' } }, cluster: { vars: { appPort: 8080 } } },
  hosts: {
    'honor-viper': {
      groups: ['cluster'], privateIp: '10.108.0.4', connection: lab({ user: 'guarded', becomePassword: new Secret('${guardedPassword}') }),
    },
    'crystal-panda': { groups: ['cluster'], privateIp: '10.108.0.3', connection: lab() },
  },
})
`,
  )
  const book = playbook(
    'handled',
    `hosts: 'honor-viper', become: true`,
    `const again = handler('reboot', reboot({}))
    const last = handler('then', shell({ script: sh\`id -un\` }))
    task('kernel', copy({ dest: '/etc/kernel-changed', content: 'new\\n' }), { notify: [again, last] })`,
  )
  const done = await rollcall(['run', book, '-i', inventory, '--format', 'json'], { env: { ROLLCALL_LAB: lab.name } })
  expect(done.code, done.stderr).toBe(0)
  expect(outcomes(done, viper.name)).toEqual(['kernel: changed', 'reboot: changed', 'then: changed'])
  expect(taskOf(done, viper.name, 'then').result).toMatchObject({ stdout: expect.stringMatching(/^root/) })
  expect(await bootOf(viper)).not.toBe(before)
  expect(await inside(lab, viper, 'ls -A /var/lib/rollcall/pending')).toBe('')
})

it('check mode says that it would, and does not', async () => {
  const before = await bootOf(viper)
  const book = playbook('check', `hosts: 'honor-viper', become: true`, `task('reboot', reboot({}))`)
  const done = await rollcall(['run', book, '--check'], { env: { ROLLCALL_LAB: lab.name } })
  expect([done.code, await bootOf(viper)]).toEqual([0, before])
  expect(done.stdout).toContain('reboot (reboot): would reboot')
})

it('a host that comes back as the same boot was not rebooted: the task fails and says what was seen', async () => {
  const done = await run(
    playbook(
      'not-down',
      `hosts: 'honor-viper', become: true`,
      `task('reboot', reboot({ rebootCommand: sh\`true\`, rebootTimeout: 1 }))
    task('never', ${boot})`,
    ),
  )
  expect([done.code, outcomes(done, viper.name)]).toEqual([2, ['reboot: failed']])
  expect(taskOf(done, viper.name, 'reboot').error).toMatchObject({
    summary: 'The host was not back in time after the reboot',
    detail: expect.stringMatching(/^waited 1 s; the last test ended with exit code 75: it is still the boot of before/),
    fix: expect.stringContaining('rebootTimeout'),
  })
})

it('a host that stays away is unreachable, and what another needs of the run goes on', async () => {
  const done = await run(
    playbook(
      'away',
      `hosts: 'cluster', become: true`,
      `task('reboot', reboot({ rebootCommand: sh\`systemctl stop ssh.service\`, rebootTimeout: 2 }), {
      when: ({ host }) => host.name === 'honor-viper',
    })
    task('goes on', ${boot})`,
    ),
  )
  await inside(lab, viper, 'systemctl start ssh')
  expect([done.code, outcomes(done, viper.name), outcomes(done, panda.name)]).toEqual([
    4,
    ['reboot: unreachable'],
    ['reboot: skipped', 'goes on: ok'],
  ])
  expect(taskOf(done, viper.name, 'reboot').error?.detail).toMatch(/the last attempt: The host cannot be reached: .*refused/)
})

it('without the right to it, the host says so at once', async () => {
  const done = await run(playbook('no-root', `hosts: 'honor-viper'`, `task('reboot', reboot({}))`))
  expect([done.code, outcomes(done, viper.name)]).toEqual([2, ['reboot: failed']])
  expect(taskOf(done, viper.name, 'reboot').error).toMatchObject({
    summary: 'A step of reboot failed',
    detail: expect.stringContaining('only root may reboot: set become: true'),
  })
})
