import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cancelScript } from '../../src/transport/cancel-script.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Job, Reply, Session } from '../../src/transport/session-types.ts'
import { Script, sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const names = { host: 'honor-viper', user: 'admin' }
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8')
const codes = (replies: readonly Reply[]) => replies.map(({ ran, code }) => (ran ? code : 'not run'))
const said = (replies: readonly Reply[]) => replies.map(({ stdout }) => text(stdout))

const lives = (pid: string) => {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid.trim()}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** Items that run at the same time, at most so many; an item is a script or several, each a job. */
function beside(most: number, items: readonly (Script | readonly Script[])[], more: Partial<Job> = { step: true }): readonly Job[] {
  const group = { most }
  return items.flatMap((scripts, item) => [scripts].flat().map((script): Job => ({ script, ...more, beside: { group, item } })))
}

/** Makes `own` and ends when all of `others` are there; each waits for the other only if both run. */
const meet = (own: string, ...others: readonly string[]) =>
  sh`: >${own}; for f in ${others}; do until [ -e "$f" ]; do sleep 0.05; done; done; echo met`

describe.each(shells)('jobs side by side in a session through $name', (shell) => {
  const folder = testFolder()
  let count = 0
  const fresh = () => join(folder, String(++count))
  const open = () => openSession(shell.connect(), names)
  const arrives = (path: string) => expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true)
  const cancel = async (session: Session) => {
    const other = await open()
    const [reply] = await other.exchange([{ script: cancelScript(session.running!, 'now') }])
    await other.close()
    expect([reply!.code, text(reply!.stderr)]).toEqual([0, ''])
  }

  test.each([{ step: true }, {}])(
    'run at the same time, keep their places, and have outputs, inputs and times of their own: %o',
    async (more) => {
      const session = await open()
      const [a, b, c] = [fresh(), fresh(), fresh()]
      const replies = await session.exchange([
        { script: sh`echo before`, own: true },
        { script: sh`echo first`, step: true },
        ...beside(3, [meet(a, b, c), meet(b, a, c), [meet(c, a, b), sh`cat; echo err >&2; pwd; umask; echo "$LC_ALL"`]], {
          ...more,
          stdin: Buffer.from('given'),
        }),
        { script: sh`echo behind`, own: true },
        { script: sh`echo last`, step: true },
      ])
      expect(codes(replies)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
      expect(said(replies)).toEqual(['before\n', 'first\n', 'met\n', 'met\n', 'met\n', 'given/\n0077\nC\n', 'behind\n', 'last\n'])
      expect(replies.map(({ stderr }) => text(stderr))).toEqual(['', '', '', '', '', 'err\n', '', ''])
      expect(replies.map(({ time }) => time !== undefined)).toEqual([false, true, ...Array(4).fill(more.step === true), false, true])
      if (more.step) {
        const [one, two] = [replies[2]!.time!, replies[3]!.time!]
        expect(one.start <= two.end && two.start <= one.end).toBe(true)
        expect(replies[4]!.time!.end <= replies[5]!.time!.start).toBe(true)
      }
      const [next] = await session.exchange([{ script: sh`ls "$OLDPWD"` }])
      expect(text(next!.stdout)).toMatch(/^0pid\n1\.e\n1\.o\n1\.sh\n(go\n)?in\nx\n$/) // All of the other exchange is gone.
      await session.close()
    },
  )

  test('are never more at once than they may be, and all run', async () => {
    const session = await open()
    const log = fresh()
    const items = Array.from({ length: 9 }, (_, item) => sh`echo + ${item} >>${log}; sleep 0.0${item % 3}; echo - ${item} >>${log}`)
    const replies = await session.exchange(beside(3, items))
    expect(codes(replies)).toEqual(Array(9).fill(0))
    let running = 0
    const began: number[] = []
    for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
      running += line.startsWith('+') ? 1 : -1
      expect(running).toBeLessThanOrEqual(3)
      if (line.startsWith('+')) began.push(Number(line.slice(2)))
    }
    expect([...began].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    await session.close()
  })

  test('go on to their end where one fails, and none begins behind it, in this group and the next', async () => {
    const session = await open()
    const a = fresh()
    const untilFailed = sh`until [ -e "$OLDPWD/0fail" ]; do sleep 0.05; done` // As the session's shell knows it.
    const replies = await session.exchange([
      ...beside(2, [[untilFailed, sh`echo to the end`], [sh`echo no >&2; exit 3`, sh`: >${a}`], sh`: >${a}`, sh`: >${a}`]),
      { script: sh`: >${a}`, step: true },
      ...beside(2, [sh`: >${a}`, sh`: >${a}`]),
      ...beside(2, [sh`echo read`, sh`exit 4`, sh`echo read`], {}),
    ])
    expect(codes(replies)).toEqual([0, 0, 3, 'not run', 'not run', 'not run', 'not run', 'not run', 'not run', 0, 4, 0])
    expect([text(replies[1]!.stdout), text(replies[2]!.stderr), existsSync(a)]).toEqual(['to the end\n', 'no\n', false])
    expect(codes(await session.exchange(beside(2, [sh`true`, sh`true`])))).toEqual([0, 0])
    await session.close()
  })

  test('may end with other codes where they say so, and are not run behind a step that failed', async () => {
    const session = await open()
    const fine = beside(1, [sh`exit 1`, sh`exit 0`], { step: true, okCodes: [0, 1] })
    expect(codes(await session.exchange([...fine, { script: sh`exit 5`, step: true }, ...fine]))).toEqual([1, 0, 5, 'not run', 'not run'])
    await session.close()
  })

  test.each([
    { name: 'exit and kill', script: sh`kill -9 $$`, code: 137 },
    { name: 'closed descriptors', script: sh`exec 0<&- 1>&- 2>&-`, code: 0 },
    { name: 'a brace', script: new Script('}\necho late'), code: 2 },
    { name: 'an open quote', script: new Script(`echo 'never`), code: 2 },
    { name: 'writing to all descriptors', script: sh`for n in 3 4 5 6 7 8 9; do eval "echo x >&$n"; done 2>/dev/null; true`, code: 0 },
    { name: 'noclobber, which no job sees', script: sh`: >${'/dev/null'}; f=$(mktemp); echo x >"$f" && rm "$f"`, code: 0 },
    { name: 'a signal that nobody ignores', script: sh`kill -INT $$; echo lives`, code: 130 },
    { name: 'a child that goes on writing', script: sh`(sleep 2; echo late) & true`, code: 0 },
  ])('are not harmed by $name', async ({ script, code }) => {
    const session = await open()
    const group = beside(2, [script, sh`echo fine`, script], { step: true, okCodes: [0, 1, 2, 130, 137] })
    const replies = await session.exchange([...group, { script: sh`echo after`, step: true }])
    expect(said(replies).slice(1)).toEqual(['fine\n', '', 'after\n'])
    for (const reply of [replies[0]!, replies[2]!])
      expect(reply.code === code || (code === 2 && reply.code === 1), `${reply.code}`).toBe(true)
    expect(said(await session.exchange([{ script: sh`echo next` }]))).toEqual(['next\n'])
    await session.close()
  })

  test('are all ended from another session, none begins any more, and the session goes on', async () => {
    const session = await open()
    const at = fresh()
    const hang = (item: number) =>
      sh`echo ${item}; (sleep 60; :) & echo $! >${`${at}.${item}`}; : >${`${at}.${item}.there`}; wait; sleep 60`
    const asked = session.exchange([...beside(2, [hang(0), [hang(1), sh`: >${`${at}.never`}`], hang(2)]), { script: sh`echo read` }])
    for (const item of [0, 1]) await arrives(`${at}.${item}.there`)
    await cancel(session)
    const replies = await asked
    expect(codes(replies)).toEqual([143, 143, 'not run', 'not run', 0])
    expect(said(replies)).toEqual(['0\n', '1\n', '', '', 'read\n'])
    for (const item of [0, 1]) expect(lives(readFileSync(`${at}.${item}`, 'utf8'))).toBe(false)
    expect([existsSync(`${at}.never`), existsSync(`${at}.2`)]).toEqual([false, false])
    expect(codes(await session.exchange(beside(2, [sh`true`])))).toEqual([0])
    await session.close()
  })
})
