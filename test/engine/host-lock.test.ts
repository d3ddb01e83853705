import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Holding, readLock, takeLock } from '../../src/engine/host-lock.ts'
import { openSession } from '../../src/transport/session.ts'
import { type Script, sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8')
const run = (id: string): Holding => ({
  id,
  holder: { playbook: `it's "${id}"`, since: '2026-01-01T12:03:00Z', by: 'anna@build-3', pid: 4711 },
  waitMs: 0,
})

describe.each(shells)('the lock of a host through $name', (shell) => {
  const open = (home: string) => openSession(shell.connect({ HOME: home }), { host: 'h', user: 'operator' })
  const take = (id: string, other?: Script) => takeLock('operator', run(id), other)
  const read = { script: readLock('operator'), own: true }

  test('is held by one run, which is told to the other, and is free when its shell ends', async () => {
    const home = testFolder()
    const [first, second] = [await open(home), await open(home)]
    expect(text((await second.exchange([read]))[0]!.stdout)).toBe('')
    const took = await first.exchange([take('one'), { script: sh`echo changed`, step: true }])
    expect(took.map(({ code, stdout, stderr }) => [code, text(stdout), text(stderr)])).toEqual([
      [0, '', ''],
      [0, 'changed\n', ''],
    ])
    const [refused, not, looked] = await second.exchange([take('two'), { script: sh`echo changed`, step: true }, read])
    expect([refused!.code, JSON.parse(text(refused!.stdout)), not!.ran]).toEqual([7, run('one').holder, false])
    expect(text(looked!.stdout)).toBe(`lock one ${JSON.stringify(run('one').holder)}\n`)
    await first.close()
    await expect.poll(async () => text((await second.exchange([read]))[0]!.stdout)).toBe('')
    expect((await second.exchange([take('two'), { script: sh`echo x`, step: true }])).map(({ ran, code }) => ran && code)).toEqual([0, 0])
    await second.close()
  })
  test('is free also where the shell is killed while a daemon of a step goes on', async () => {
    const home = testFolder()
    const [first, second] = [await open(home), await open(home)]
    await first.exchange([
      take('one'),
      { script: sh`sleep 60 & echo $! >${join(home, 'pid')}`, step: true },
      { script: sh`printf x`, own: true },
    ])
    const pid = Number(readFileSync(join(home, 'pid'), 'utf8'))
    const lost = first.exchange([{ script: sh`kill -9 $PPID`, step: true }])
    await expect(lost).rejects.toThrow()
    expect(() => process.kill(pid, 0)).not.toThrow()
    const again = await second.exchange([read, take('two'), { script: sh`:`, step: true }])
    expect(again.map(({ ran, code, stdout }) => [ran && code, text(stdout)])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ])
    process.kill(pid)
    await second.close()
  })
  test('is taken by nobody where the other user of the host holds it, and given back at once', async () => {
    const [mine, theirs] = [testFolder(), testFolder()]
    const other = sh`${join(theirs, '.local/state/rollcall/lock')}`
    const [first, second] = [await open(theirs), await open(mine)]
    await first.exchange([take('one')])
    const replies = await second.exchange([take('two', other), { script: sh`echo changed`, step: true }, read])
    expect(replies.map(({ ran, code, stdout }) => [ran && code, text(stdout)])).toEqual([
      [7, `${JSON.stringify(run('one').holder)}\n`],
      [false, ''],
      [0, ''],
    ])
    expect((await second.exchange([take('one', other)])).map(({ code }) => code)).toEqual([0])
    await first.close()
    const third = await open(mine)
    await second.close()
    await expect.poll(async () => (await third.exchange([take('three', other)]))[0]!.code).toBe(0)
    await third.close()
  })
  test.each([
    ['a host of the same run', 'one', [0, '']],
    ['another run', 'two', [7, `${JSON.stringify(run('two').holder)}\n`]],
  ])('where %s has taken it and not said so yet, that is waited for', async (_, id, expected) => {
    const home = testFolder()
    const [first, second, third] = [await open(home), await open(home), await open(home)]
    const lock = join(home, '.local/state/rollcall/lock')
    await first.exchange([take(id)])
    const line = readFileSync(lock)
    // As of a run that is over, until the one that holds it writes.
    writeFileSync(lock, `1 zero 999999999 1\n${JSON.stringify(run('zero').holder)}\n`)
    const asked = second.exchange([take('one')])
    await third.exchange([{ script: sh`sleep 0.3` }])
    writeFileSync(lock, line)
    const [reply] = await asked
    expect([reply!.code, text(reply!.stdout)]).toEqual(expected)
    for (const session of [first, second, third]) await session.close()
  })
  test('is shared by the hosts of one run that are one machine', async () => {
    const home = testFolder()
    const [first, second] = [await open(home), await open(home)]
    for (const session of [first, second])
      expect((await session.exchange([take('one')])).map(({ code, stdout }) => [code, text(stdout)])).toEqual([[0, '']])
    await Promise.all([first.close(), second.close()])
  })
  test('is none where the folder cannot be made, and the session goes on', async () => {
    const session = await open('/proc/nowhere')
    const replies = await session.exchange([take('one'), { script: sh`echo x`, step: true }])
    expect(replies.map(({ ran, code, stdout }) => [ran && code, text(stdout)])).toEqual([
      [0, 'none\n'],
      [0, 'x\n'],
    ])
    await session.close()
  })
})
