import { expect, it } from 'vitest'
import type { Cleaned } from '../../src/cleanup/cleanup.ts'
import type { Checked } from '../../src/doctor/check.ts'
import { stopHost } from '../../src/lab/index.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli } = useJobLab('tidy')

it('the doctor finds two good hosts good, and says what is wrong with one that is not', async () => {
  const visit = async (...args: readonly string[]) => {
    const { code, stdout } = await cli(['doctor', ...args, '--json'])
    return { code, checks: (JSON.parse(stdout) as { checks: readonly Checked[] }).checks.filter(({ host }) => host !== undefined) }
  }
  const good = await visit('all')
  expect([good.code, good.checks.filter(({ verdict }) => verdict !== 'ok')]).toEqual([0, []])
  expect(good.checks.filter(({ about }) => about === 'sudo').map(({ message }) => message)).toEqual(['becomes root', 'becomes root'])
  await inside(
    lab,
    viper,
    'mv /usr/bin/sha256sum /usr/bin/sha256sum.away; mount -t tmpfs -o ro none /opt; mv /usr/bin/sudo /usr/bin/sudo.away',
  )
  const bad = await visit(viper.name)
  expect(bad.code).toBe(1)
  expect(
    bad.checks
      .filter(({ verdict }) => verdict !== 'ok')
      .map(({ verdict, about, message }) => `${verdict} ${about}: ${message.split('\n')[0]}`),
  ).toEqual([
    expect.stringMatching(/^warning sudo: sudo is not installed on the host/),
    'problem tools: PATH lacks sha256sum',
    'problem file systems: /opt is mounted read-only',
  ])
  await inside(lab, viper, 'mv /usr/bin/sha256sum.away /usr/bin/sha256sum; umount /opt; mv /usr/bin/sudo.away /usr/bin/sudo')
})

it('cleanup finds what both users of a host have left, removes it, and leaves what is owed', async () => {
  const id = '0123456789abcdef01234567'
  await inside(
    lab,
    viper,
    `mkdir -p /var/lib/rollcall/pending /tmp/rollcall.rootROOT01 /tmp/rollcall.adminADM01
     printf '%s\\n' '{"handler":"nodes : restart","playbook":"prepare","since":"2026-01-02T03:04:05.000Z"}' >/var/lib/rollcall/pending/${id}.1
     echo x >/etc/.hosts.rollcall-abc123
     chown admin /tmp/rollcall.adminADM01
     touch -d '2 hours ago' /etc/.hosts.rollcall-abc123 /tmp/rollcall.rootROOT01 /tmp/rollcall.adminADM01`,
  )
  const cleanup = async (...args: readonly string[]) => {
    const { code, stdout } = await cli(['cleanup', viper.name, '--hosts-only', '--json', ...args])
    return { code, cleaned: JSON.parse(stdout) as Cleaned }
  }
  const { code, cleaned } = await cleanup()
  expect([code, cleaned.kept.map(({ kind, path, inUse }) => [kind, path, inUse]).toSorted()]).toEqual([
    0,
    [
      ['pending', `/var/lib/rollcall/pending/${id}.1`, undefined],
      ['sessions', '/tmp/rollcall.adminADM01', undefined],
      ['sessions', '/tmp/rollcall.rootROOT01', undefined],
      ['temporary', '/etc/.hosts.rollcall-abc123', undefined],
    ],
  ])
  expect((await cleanup('--remove', '--yes')).cleaned.removed).toBe(true)
  expect(await inside(lab, viper, 'ls -d /tmp/rollcall.* /etc/.*.rollcall-* /var/lib/rollcall/pending/* 2>/dev/null || :')).toBe(
    `/var/lib/rollcall/pending/${id}.1`,
  )
  await cleanup('--remove', '--yes', '--clear-pending')
  expect(await inside(lab, viper, 'ls /var/lib/rollcall/pending')).toBe('')
  await stopHost(lab, panda.name)
  const { code: silent, stdout } = await cli(['cleanup', '--hosts-only', '--json'])
  expect([silent, (JSON.parse(stdout) as Cleaned).failures.map(({ host, outcome }) => [host, outcome])]).toEqual([
    4,
    [[panda.name, 'unreachable']],
  ])
})
