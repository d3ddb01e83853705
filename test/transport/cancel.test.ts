import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cancelScript } from '../../src/transport/cancel-script.ts'
import { openSession } from '../../src/transport/session.ts'
import { loopCommand } from '../../src/transport/session-loop.ts'
import type { Reply, Session } from '../../src/transport/session-types.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const names = { host: 'honor-viper', user: 'admin' }
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8')
const codes = (replies: readonly Reply[]) => replies.map(({ ran, code }) => (ran ? code : 'not run'))
const lives = (pid: string) => {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid.trim()}/stat`, 'latin1'))
  } catch {
    return false
  }
}

describe.each(shells)('ending what runs in a session through $name', (shell) => {
  const folder = testFolder()
  let count = 0
  const sessions: Session[] = []
  const open = async () => {
    const session = await openSession(shell.connect(), names)
    sessions.push(session)
    return session
  }
  const fresh = () => join(folder, String(++count))
  const arrives = (path: string) => expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true)
  const cancel = async (session: Session, what: 'now' | 'next' = 'now') => {
    const other = await open()
    const [reply] = await other.exchange([{ script: cancelScript(session.running!, what) }])
    await other.close()
    expect([reply!.code, text(reply!.stderr)]).toEqual([0, ''])
  }

  test('takes the step and all that it has started, lets no later step begin, and the session goes on', async () => {
    const session = await open()
    const at = fresh()
    expect(session.running).toBeUndefined()
    const asked = session.exchange([
      { script: sh`echo first`, step: true },
      {
        script: sh`echo begun; sh -c 'sleep 60; :' & echo $! >${at}.child; (sleep 60; :) & echo $! >${at}.fork; : >${at}; wait`,
        step: true,
      },
      { script: sh`: >${at}.later`, step: true },
      { script: sh`echo read` },
    ])
    await arrives(at)
    await cancel(session)
    const replies = await asked
    expect(codes(replies)).toEqual([0, 143, 'not run', 0])
    expect([text(replies[1]!.stdout), text(replies[3]!.stdout)]).toEqual(['begun\n', 'read\n'])
    expect([existsSync(`${at}.later`), lives(readFileSync(`${at}.child`, 'utf8')), lives(readFileSync(`${at}.fork`, 'utf8'))]).toEqual([
      false,
      false,
      false,
    ])
    expect(codes(await session.exchange([{ script: sh`: >${at}.next`, step: true }]))).toEqual([0])
    await session.close()
  })
  test('or lets it end and begins no other task behind it', async () => {
    const session = await open()
    const at = fresh()
    const asked = session.exchange([
      { script: sh`: >${at}; until [ -e ${at}.go ]; do sleep 0.1; done`, step: true },
      { script: sh`echo same`, step: true },
      { script: sh`echo other`, step: true, begins: true },
      { script: sh`echo its own`, step: true },
      { script: sh`echo read` },
    ])
    await arrives(at)
    await cancel(session, 'next')
    writeFileSync(`${at}.go`, '')
    expect(codes(await asked)).toEqual([0, 0, 'not run', 'not run', 0])
    expect(codes(await session.exchange([{ script: sh`echo x`, step: true, begins: true }]))).toEqual([0])
    await session.close()
  })
  test('takes what does not want to end, too', async () => {
    const session = await open()
    const at = fresh()
    const asked = session.exchange([{ script: sh`trap '' TERM; echo $$ >${at}.pid; : >${at}; while :; do sleep 1; done`, step: true }])
    await arrives(at)
    await cancel(session)
    expect(codes(await asked)).toEqual([137])
    expect(lives(readFileSync(`${at}.pid`, 'utf8'))).toBe(false)
    await session.close()
  })
  test('of a step that takes its input while it arrives, the rest of the input is no command', async () => {
    const session = await open()
    const at = fresh()
    const line = Buffer.from(`\n9 9 0 x\n: >${at}.evil\n`)
    const stdin = Buffer.alloc(4 * 1024 * 1024, line)
    const asked = session.exchange([{ script: sh`: >${at}; sleep 60; cat >/dev/null`, step: true, stdin, countsInput: true }])
    await arrives(at)
    await cancel(session)
    expect(codes(await asked)).toEqual([143])
    expect(text((await session.exchange([{ script: sh`echo well` }]))[0]!.stdout)).toBe('well\n')
    expect(existsSync(`${at}.evil`)).toBe(false)
    await session.close()
  })
  test('comes too late for an exchange that is over, and does not hold up the next', async () => {
    const session = await open()
    const at = fresh()
    const asked = session.exchange([{ script: sh`: >${at}; sleep 0.3`, step: true }])
    const { running } = session
    await asked
    const other = await open()
    await other.exchange([{ script: cancelScript(running!, 'now') }])
    expect(codes(await session.exchange([{ script: sh`true`, step: true }]))).toEqual([0])
    await other.close()
    await session.close()
  })
})

test('the command that starts a session leaves room for what is asked with it', () => {
  expect(loopCommand('0'.repeat(32)).text.length).toBeLessThan(4200)
})
