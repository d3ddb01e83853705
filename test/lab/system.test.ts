import { expect, it } from 'vitest'
import { outcomes, scratchFile, taskOf } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, viper } from './lab-setup.ts'

const { lab, run } = useJobLab('system')

let count = 0
const play = (body: string, ...options: readonly string[]) => {
  count += 1
  const book = scratchFile(
    `system-${count}.ts`,
    `import { inventory } from '#inventory'
import { apt, command, definePlaybook, service, sh, shell, systemdUnit } from 'rollcall'
void [apt, command, service, sh, shell, systemdUnit]
export default definePlaybook('system-${count}', inventory, (play) => {
  play('system', { hosts: 'honor-viper', become: true, facts: { maxAge: 3600 } }, ({ task }) => {
    ${body}
  })
})
`,
  )
  return run(book, ...options)
}
/** Runs a body in check mode, for real and once more: what check mode says is what happens, and then nothing is left to do. */
const converges = async (body: string, changed: readonly string[]) => {
  const check = await play(body, '--check')
  expect(outcomes(check, viper.name), check.stdout).toEqual(changed)
  const done = await play(body)
  expect(outcomes(done, viper.name), done.stdout).toEqual(changed)
  const again = await play(body)
  expect(outcomes(again, viper.name), again.stdout).toEqual(changed.map((line) => line.replace(': changed', ': ok')))
  return done
}

it('lists alone, an upgrade of all, archives and what nothing needs any more', async () => {
  await inside(
    lab,
    viper,
    'apt-get -q -y install rollcall-toy=1.0; touch -d "2 days ago" /var/lib/apt/lists; rm -f /var/lib/apt/periodic/*',
  )
  const done = await converges(
    `task('lists', apt({ updateCache: true }))
    task('upgrade', apt({ upgrade: 'dist' }))
    task('clean', apt({ clean: true }))`,
    ['lists: changed', 'upgrade: changed', 'clean: changed'],
  )
  expect(taskOf(done, viper.name, 'lists').result).toMatchObject({ cacheUpdated: true, cacheUpdateTime: expect.any(Number) })
  expect(taskOf(done, viper.name, 'upgrade').diff?.[0]?.before.text).toBe('install rollcall-toy 2.0\n')
  expect(taskOf(done, viper.name, 'upgrade').result).toMatchObject({ stdout: expect.stringContaining('Setting up rollcall-toy (2.0)') })
  expect(await inside(lab, viper, 'rollcall-toy; ls /var/cache/apt/archives/*.deb 2>/dev/null || echo none')).toBe('rollcall-toy 2.0\nnone')
  await inside(lab, viper, 'apt-mark auto rollcall-toy')
  await converges(`task('autoremove', apt({ autoremove: true, purge: true, autoclean: true }))`, ['autoremove: changed'])
  expect(
    await inside(lab, viper, 'dpkg -s rollcall-toy >/dev/null 2>&1; echo $?; ls /etc/rollcall-toy.conf 2>&1 | grep -c "No such"'),
  ).toBe('1\n1')
})

it('a package file, without letting it start its service; policy-rc.d is as it was', async () => {
  await inside(lab, viper, 'cd /root && apt-get -q download rollcall-toyd && echo "# mine" >/usr/sbin/policy-rc.d')
  const path = await inside(lab, viper, 'ls /root/rollcall-toyd*.deb')
  await converges(`task('deb', apt({ deb: '${path}', policyRcD: 101 }))`, ['deb: changed'])
  expect(await inside(lab, viper, 'systemctl is-active rollcall-toyd || true; cat /usr/sbin/policy-rc.d; ls /usr/sbin/policy-rc.d*')).toBe(
    'inactive\n# mine\n/usr/sbin/policy-rc.d',
  )
  await inside(lab, viper, 'rm /usr/sbin/policy-rc.d')
  const failed = await play(`task('none', apt({ deb: '/root/none.deb' }))`)
  expect(taskOf(failed, viper.name, 'none').error).toMatchObject({ summary: 'there is no /root/none.deb on this host' })
})

it('a oneshot unit is started, is not blamed for being stopped again, and what it did is in its result', async () => {
  const unit = (more: string) =>
    `task('unit', systemdUnit({ name: 'job.service', content: '[Service]\\nType=oneshot\\nExecStart=/bin/sh -c "echo ran >>/root/job"\\n${more}', state: 'started', enabled: true }))`
  const first = await play(unit('[Install]\\nWantedBy=multi-user.target\\n'))
  expect(outcomes(first, viper.name), first.stdout).toEqual(['unit: changed'])
  expect(taskOf(first, viper.name, 'unit').result).toMatchObject({
    name: 'job.service',
    enabled: true,
    dest: '/etc/systemd/system/job.service',
    status: { ActiveState: 'inactive', UnitFileState: 'enabled' },
  })
  // What refers to it lets systemd remember that it has run.
  const again = await play(unit('[Install]\\nWantedBy=multi-user.target\\n'))
  expect(outcomes(again, viper.name), again.stdout).toEqual(['unit: ok'])
  expect(await inside(lab, viper, 'cat /root/job')).toBe('ran')
  // Nothing refers to this one, and it has no install section.
  await inside(lab, viper, 'systemctl disable job; rm /root/job')
  const loose = await play(unit(''))
  expect(outcomes(loose, viper.name), loose.stdout).toEqual(['unit: changed'])
  expect(await inside(lab, viper, 'cat /root/job')).toBe('ran')
  await inside(lab, viper, `printf '[Service]\\nType=oneshot\\nExecStart=/bin/false\\n' >/etc/systemd/system/bad.service`)
  const bad = await play(`task('bad', service({ name: 'bad', state: 'started', daemonReload: true }))`)
  expect(outcomes(bad, viper.name)).toEqual(['bad: failed'])
  expect(taskOf(bad, viper.name, 'bad').error?.detail).toContain('status=1/FAILURE')
})

it('systemd is executed again only when it was updated, and a job is not waited for', async () => {
  const body = `task('reexec', service({ name: 'ssh', daemonReexec: true, daemonReload: true }))`
  expect(outcomes(await play(body), viper.name)).toEqual(['reexec: ok'])
  await inside(lab, viper, 'cp -a /lib/systemd/systemd /lib/systemd/systemd.new && mv /lib/systemd/systemd.new /lib/systemd/systemd')
  await converges(body, ['reexec: changed'])
  await inside(
    lab,
    viper,
    `printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/sleep 600\\n' >/etc/systemd/system/slow.service; systemctl daemon-reload`,
  )
  const slow = await play(`task('slow', service({ name: 'slow', state: 'started', noBlock: true }))`)
  expect(outcomes(slow, viper.name), slow.stdout).toEqual(['slow: changed'])
  expect(await inside(lab, viper, 'systemctl is-active slow || true; systemctl stop slow')).toBe('activating')
})
