import { afterEach, describe, expect, test } from 'vitest'
import { jobScript, nameOfStarted, parseJobs, removeJob, startJob } from '../../src/resources/background.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Session } from '../../src/transport/session-types.ts'
import { Secret } from '../../src/util/secret.ts'
import { type Script, sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const names: string[] = []
const started = async (session: Session, script: Script, options: { seconds?: number; name?: string; stdin?: string } = {}) => {
  const { seconds = 30, name, stdin } = options
  const input = stdin === undefined ? {} : { stdin: Buffer.from(stdin) }
  const [reply] = await session.exchange([{ script: startJob({ script, seconds, name }), step: true, ...input }])
  const job = nameOfStarted(reply!)
  if (reply!.code === 0) names.push(job)
  return { ...reply!, job }
}
const look = async (session: Session, job: string) => {
  const [reply] = await session.exchange([{ script: jobScript([job]) }])
  return parseJobs(reply!.stdout, 1)[0]!
}
const done = async (session: Session, job: string) => {
  await expect.poll(async () => (await look(session, job)).status, { timeout: 30_000, interval: 100 }).not.toBe('running')
  return look(session, job)
}

describe.each(shells)('a job on $name', (shell) => {
  const open = () => openSession(shell.connect({ HOME: testFolder() }), { host: 'h', user: 'u' })
  let session: Session
  afterEach(async () => {
    await session.exchange(names.splice(0).map((name) => ({ script: removeJob(name), step: true })))
    await session.close()
  })
  test('gives its exit code, its output and what it was given, quoted as it was', async () => {
    session = await open()
    const { job } = await started(session, sh`cat; printf '%s\n' ${`it's "$HOME" \\`}; echo err >&2; exit 7`, { stdin: 'in\n' })
    expect(await done(session, job)).toEqual({ status: 'done', over: false, rc: 7, stdout: `in\nit's "$HOME" \\\n`, stderr: 'err\n' })
  })
  test('goes on when its session ends', async () => {
    session = await open()
    const { job } = await started(session, sh`sleep 1; echo there`)
    expect((await look(session, job)).status).toBe('running')
    await session.close()
    session = await open()
    expect(await done(session, job)).toMatchObject({ status: 'done', rc: 0, stdout: 'there\n' })
  })
  test('is ended when its time is over', async () => {
    session = await open()
    const { job } = await started(session, sh`sleep 40`, { seconds: 1 })
    expect(await done(session, job)).toMatchObject({ status: 'done', over: true })
  })
  test('has a name that is taken while it runs, and free afterwards', async () => {
    session = await open()
    const name = `test-${process.pid}-${shell.name}`
    expect((await started(session, sh`sleep 1`, { name })).job).toBe(name)
    expect((await started(session, sh`true`, { name })).code).toBe(1)
    await done(session, name)
    expect((await started(session, sh`echo again`, { name })).code).toBe(0)
    expect(await done(session, name)).toMatchObject({ stdout: 'again\n' })
  })
  test('that is like one of its name which still runs is not started again', async () => {
    session = await open()
    const name = `like-${process.pid}-${shell.name}`
    const start = (likeness: string) =>
      session.exchange([{ script: startJob({ script: sh`sleep 2; echo once`, seconds: 30, name, likeness }), step: true }])
    const replies = [...(await start('a')), ...(await start('a')), ...(await start('b'))]
    names.push(name)
    expect(replies.map(({ code }) => code)).toEqual([0, 0, 1])
    expect(nameOfStarted(replies[1]!)).toBe(name)
    expect(await done(session, name)).toMatchObject({ stdout: 'once\n' })
  })
  test('leaves no secret behind', async () => {
    session = await open()
    const { job } = await started(session, sh`printf %s ${new Secret('open-sesame-17')} >/dev/null; cat >/dev/null`, {
      stdin: 'open-sesame-17',
    })
    expect(await done(session, job)).toMatchObject({ rc: 0 })
    const [reply] = await session.exchange([
      {
        script: sh`cd /var/lib/rollcall/jobs/${job} 2>/dev/null || cd "$HOME/.local/state/rollcall/jobs/"${job}; for f in *; do echo "$f"; cat "$f"; done`,
      },
    ])
    expect(Buffer.from(reply!.stdout).toString()).not.toMatch(/open-sesame|script|input/)
  })
  test('that nobody knows is absent', async () => {
    session = await open()
    expect((await look(session, 'nobody')).status).toBe('absent')
  })
})
