import { describe, expect, test } from 'vitest'
import { unit, unitId, unitKind } from '../../src/resources/unit.ts'
import { localHosts } from '../../src/testing/index.ts'
import { readAll } from './read.ts'

// As `systemctl show` of systemd 252 prints them.
const blocks = {
  haproxy:
    'Id=haproxy.service\nNames=haproxy.service\nLoadState=loaded\nActiveState=active\nSubState=running\nFragmentPath=/lib/systemd/system/haproxy.service\nUnitFileState=enabled\nNeedDaemonReload=no\n',
  sshd: 'Id=ssh.service\nNames=ssh.service sshd.service\nLoadState=loaded\nActiveState=active\nSubState=running\nFragmentPath=/lib/systemd/system/ssh.service\nUnitFileState=enabled\nNeedDaemonReload=yes\n',
  none: 'Id=none.service\nNames=none.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nFragmentPath=\nUnitFileState=\nNeedDaemonReload=no\n',
  masked:
    'Id=masked.service\nNames=masked.service\nLoadState=masked\nActiveState=inactive\nSubState=dead\nFragmentPath=/etc/systemd/system/masked.service\nUnitFileState=masked\nNeedDaemonReload=no\n',
  broken:
    'Id=broken.service\nNames=broken.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nFragmentPath=/etc/systemd/system/broken.service\nUnitFileState=disabled\nNeedDaemonReload=no\n',
  starting:
    'Id=starting.service\nNames=starting.service\nLoadState=loaded\nActiveState=activating\nSubState=start\nFragmentPath=/x\nUnitFileState=static\nNeedDaemonReload=no\n',
  job: 'Type=oneshot\nRemainAfterExit=no\nResult=success\nExecMainExitTimestampMonotonic=4711\nId=job.service\nNames=job.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nFragmentPath=/x\nUnitFileState=static\nNeedDaemonReload=no\n',
  idle: 'Type=oneshot\nRemainAfterExit=no\nResult=success\nExecMainExitTimestampMonotonic=0\nId=idle.service\nNames=idle.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nFragmentPath=/x\nUnitFileState=static\nNeedDaemonReload=no\n',
  stopped:
    'Type=simple\nRemainAfterExit=no\nResult=success\nExecMainExitTimestampMonotonic=4711\nId=stopped.service\nNames=stopped.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nFragmentPath=/x\nUnitFileState=static\nNeedDaemonReload=no\n',
} as const
type Name = keyof typeof blocks
const parse = (...names: readonly Name[]) =>
  unitKind.parse(
    Buffer.from(`yes\0${names.map((name) => blocks[name]).join('\n')}`),
    names.map((name) => ({ id: `${name}.service`, need: 'show' })),
  )

test.each<[Name, object, string | undefined]>([
  ['haproxy', { exists: true, running: true, enabled: true, masked: false, needDaemonReload: false, name: 'haproxy.service' }, 'started'],
  ['sshd', { exists: true, name: 'ssh.service', running: true, needDaemonReload: true }, 'started'],
  ['none', { exists: false, running: false, enabled: false }, 'absent'],
  ['masked', { exists: true, masked: true, enabled: false }, 'stopped'],
  ['broken', { exists: true, running: false, active: 'failed', enabled: false }, 'failed'],
  ['job', { running: false, started: true, oneshot: true }, 'started'],
  ['idle', { running: false, started: false, oneshot: true }, 'stopped'],
  ['stopped', { running: false, started: false, oneshot: false }, 'stopped'],
  ['starting', { running: true, enabled: false, fileState: 'static' }, 'started'],
])('%s', (name, state, shown) => {
  const [parsed] = parse(name)
  expect(parsed).toMatchObject(state)
  expect(unitKind.describe(parsed!).fields).toMatchObject({ state: shown })
})

test('a systemd that was updated and still runs its old version is told of', () => {
  const read = (word: string) => unitKind.parse(Buffer.from(`${word}\0${blocks.haproxy}`), [{ id: 'haproxy.service', need: 'show' }])
  expect([read('yes'), read('old')].map(([state]) => state?.needDaemonReexec)).toEqual([false, true])
})

test('several units in one answer, in order', () => {
  expect(parse('none', 'haproxy', 'sshd').map(({ name, exists }) => [name, exists])).toEqual([
    ['none.service', false],
    ['haproxy.service', true],
    ['ssh.service', true],
  ])
})

describe('what cannot be read', () => {
  test('an answer about something else', () => {
    expect(() => unitKind.parse(Buffer.from(`yes\0${blocks.haproxy}`), [{ id: 'nginx.service', need: 'show' }])).toThrow(
      /did not tell about the unit nginx\.service/,
    )
    expect(() => unitKind.parse(Buffer.from('yes\0Failed to connect to bus'), [{ id: 'nginx.service', need: 'show' }])).toThrow(
      /Failed to connect to bus/,
    )
  })
  test('a host that systemd did not boot', async () => {
    expect(() => unitKind.parse(Buffer.from('no\0'), [{ id: 'a.service', need: 'show' }])).toThrow(/systemd does not run on this host/)
    const busybox = localHosts().find(({ name }) => name === 'busybox')!
    await expect(readAll(busybox, [unit('haproxy')])).rejects.toThrow(/systemd|unit/)
  })
})

test.each([
  ['haproxy', 'haproxy.service'],
  ['fstrim.timer', 'fstrim.timer'],
  ['user@0', 'user@0.service'],
  ['a.b', 'a.b.service'],
])('the unit %s is %s', (name, id) => {
  expect(unitId(name)).toBe(id)
  expect(unit(name).key).toBe(`unit:${id}`)
})

test.each(['', 'a b', 'a*', '[x]', 'a;b', 'a/b'])('%j is no unit', (name) => {
  expect(() => unitId(name)).toThrow(/is not the name of a systemd unit/)
})
