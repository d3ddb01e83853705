import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openPeeks } from '../../src/peek-host.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Session } from '../../src/transport/session-types.ts'
import { type Script, sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const names = { host: 'honor-viper', user: 'admin' }

describe.each(shells)('looking at what runs in a session through $name', (shell) => {
  const folder = testFolder()
  let count = 0
  const fresh = () => join(folder, String(++count))

  /** A session in a folder for temporary files of its own, and who looks at it. */
  const open = async () => {
    const places = testFolderBelow()
    const connect = () => shell.connect({ TMPDIR: places })
    const session = await openSession(connect(), names)
    let opened: Session | undefined
    const peeks = openPeeks({
      session: () => Promise.resolve(session),
      open: async () => {
        opened = await openSession(connect(), names)
        return opened
      },
    })
    const see = async (bytes = 100, files?: Script) => {
      const seen = await peeks.peek('login', bytes, files)
      return seen && { ...seen, outputs: seen.outputs.map((output) => Buffer.from(output).toString()) }
    }
    return { session, peeks, see, places, other: () => opened }
  }
  const testFolderBelow = testFolder
  const waits = (path: string) => sh`until [ -e ${path} ]; do sleep 0.1 2>/dev/null || sleep 1; done`
  const eventually = (look: () => Promise<readonly string[] | undefined>, expected: readonly string[]) =>
    expect.poll(look, { timeout: 10_000 }).toEqual(expected)

  test('shows the end of both outputs of the step that runs, with the name of its task', async () => {
    const { session, see, peeks, places, other } = await open()
    const [first, second] = [fresh(), fresh()]
    const asked = session.exchange([
      { script: sh`echo read` },
      { script: sh`printf 1234567890; echo err >&2; ${waits(first)}`, step: true, task: 'upgrade' },
      { script: sh`echo next; ${waits(second)}`, step: true, task: 'restart' },
    ])
    await eventually(async () => (await see(4))?.outputs.toSorted(), ['7890', 'err\n'])
    expect(await see(4)).toMatchObject({ task: 'upgrade', since: expect.any(Date) })
    writeFileSync(first, '')
    await eventually(async () => (await see())?.outputs.toSorted(), ['', 'next\n'])
    expect((await see())?.task).toBe('restart')
    // One that looks makes no file on the host.
    expect(readdirSync(places).length).toBe(1)
    writeFileSync(second, '')
    const replies = await asked
    expect(replies.map(({ stdout }) => Buffer.from(stdout).toString())).toEqual(['read\n', '1234567890', 'next\n'])
    expect(await see()).toBeUndefined() // Nothing runs.
    await peeks.close()
    expect(other()).toBeDefined()
    await session.close()
    expect(readdirSync(places)).toEqual([])
  })
  test('of a step that has written nothing there is nothing to see, and where nothing is asked nobody looks', async () => {
    const { session, see, peeks, other } = await open()
    const at = fresh()
    const asked = session.exchange([{ script: waits(at), step: true, task: 'wait' }])
    await expect.poll(async () => (await peeks.peek('login', undefined))?.task, { timeout: 10_000 }).toBe('wait')
    expect((await peeks.peek('login', undefined))?.outputs).toEqual([])
    expect(other()).toBeUndefined()
    await eventually(async () => (await see())?.outputs, ['', ''])
    writeFileSync(at, '')
    await asked
    await peeks.close()
    await session.close()
  })
  test('shows what a script names itself, bytes and lines that look like ours included', async () => {
    const { session, see, peeks } = await open()
    const [out, err] = [fresh(), fresh()]
    writeFileSync(err, 'old')
    writeFileSync(out, '\n\0\n9 9 done\n\n')
    expect((await see(100, sh`o=${out} e=${err}`))?.outputs.toSorted()).toEqual(['\n\0\n9 9 done\n\n', 'old'])
    expect((await see(100, sh`o=${fresh()} e=${fresh()}`))?.outputs).toEqual(['', ''])
    await peeks.close()
    await session.close()
  })
})

test('a session that cannot be opened is tried once, and nobody hears of it', async () => {
  const folder = testFolder()
  const session = await openSession(shells[0]!.connect(), names)
  let tried = 0
  const peeks = openPeeks({
    session: () => Promise.resolve(session),
    open: () => {
      tried += 1
      return Promise.reject(new Error('no channel'))
    },
  })
  const at = join(folder, 'go')
  const asked = session.exchange([{ script: sh`until [ -e ${at} ]; do sleep 0.1; done`, step: true, task: 'wait' }])
  for (let look = 0; look < 3; look++) expect(await peeks.peek('login', 100)).toMatchObject({ outputs: [] })
  expect(tried).toBe(1)
  writeFileSync(at, '')
  await asked
  await peeks.close()
  await session.close()
})
