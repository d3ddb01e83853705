import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { command, defineInventory, definePlaybook, local, sh } from '../../src/index.ts'
import type { RemoteProcess } from '../../src/transport/connection.ts'
import { openSession } from '../../src/transport/session.ts'
import { runLocally, temporaryFolder } from '../helpers/engine.ts'
import { shells } from '../helpers/shells.ts'

const about = `task 'it's "new"' of playbook 'site'`

describe.each(shells)('a step that goes on when its link is lost, through $name', (shell) => {
  const open = async () => {
    const home = temporaryFolder()
    const connection = shell.connect({ HOME: home, PATH: `${shell.path}:/usr/bin:/bin` })
    const processes: RemoteProcess[] = []
    const start: typeof connection.start = async (...given) => {
      const process = await connection.start(...given)
      processes.push(process)
      return { ...process, kill: () => {} } // It would end the step, too.
    }
    const session = await openSession({ ...connection, start }, { host: 'h', user: 'operator' })
    const cut = () => {
      for (const { stdin, stdout } of processes) {
        stdin.destroy()
        stdout.destroy()
      }
    }
    const records = () => {
      const folder = join(home, '.local/state/rollcall/lost')
      return existsSync(folder) ? readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as object) : []
    }
    return { home, session, cut, records, at: (name: string) => join(home, name) }
  }
  const arrives = (path: string) => expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true)

  test('is recorded with its exit code, and what is behind it does not run', async () => {
    const { session, cut, records, at } = await open()
    const asked = session.exchange([
      { script: sh`echo first`, step: true, about: 'task one' },
      { script: sh`: >${at('begun')}; until [ -e ${at('go')} ]; do sleep 0.1; done; exit 3`, step: true, about },
      { script: sh`: >${at('next')}`, step: true, about: 'task two' },
    ])
    asked.catch(() => {})
    await arrives(at('begun'))
    cut()
    await expect(asked).rejects.toThrow()
    writeFileSync(at('go'), '')
    await expect.poll(records, { timeout: 10_000 }).toEqual([{ about, code: 3, ended: expect.any(Number) }])
    expect(existsSync(at('next'))).toBe(false)
  })
  test('is recorded, and so are those beside it that may have run to the end', async () => {
    const { session, cut, records, at } = await open()
    const wait = (code: number) => sh`: >${at(`begun ${code}`)}; until [ -e ${at('go')} ]; do sleep 0.1; done; exit ${code}`
    const group = { most: 2 }
    const steps = [sh`exit 0`, wait(4), wait(0), sh`: >${at('next')}`]
    const asked = session.exchange([
      ...steps.map((script, item) => ({ script, step: true, about: `${about} ${item}`, beside: { group, item } })),
      { script: sh`: >${at('next')}`, step: true, about: 'task two' },
    ])
    asked.catch(() => {})
    for (const code of [4, 0]) await arrives(at(`begun ${code}`))
    cut()
    await expect(asked).rejects.toThrow()
    writeFileSync(at('go'), '')
    const sorted = () => (records() as { about: string }[]).sort((one, other) => one.about.localeCompare(other.about))
    const ended = expect.any(Number)
    await expect.poll(sorted, { timeout: 10_000 }).toEqual([
      { about: `${about} 1`, code: 4, ended },
      { about: `${about} 2`, code: 0, ended },
    ])
    expect(existsSync(at('next'))).toBe(false)
  })
  test('is not recorded where its answer was taken', async () => {
    const { home, session, cut, records } = await open()
    await session.exchange([{ script: sh`true`, step: true, about }])
    await session.exchange([{ script: sh`printf x`, own: true }])
    cut()
    const other = await openSession(shell.connect({ HOME: home }), { host: 'h', user: 'operator' })
    await other.exchange([{ script: sh`true`, step: true, about }])
    await other.close()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(records()).toEqual([])
  })
})

test('the next run tells what it finds, once, and check mode leaves it', async () => {
  const home = temporaryFolder()
  const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })
  const playbook = definePlaybook('site', inventory, (play) => {
    play('site', { hosts: 'one' }, ({ task }) => task('x', command({ argv: ['true'], creates: '/' })))
  })
  const folder = join(home, '.local/state/rollcall/lost')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'abc.1'), `${JSON.stringify({ about, code: 100, ended: 1_767_225_600 })}\n`)
  const warnings = async (check: boolean) =>
    (await runLocally(playbook, { home, check })).events.flatMap((event) => (event.event === 'warning' ? [event.message] : []))
  const told = `a step of an earlier run went on after its link was lost: ${about}, exit code 100, ended 2026-01-01T00:00:00Z`
  expect(await warnings(true)).toEqual([told])
  expect(await warnings(false)).toEqual([told])
  expect(await warnings(false)).toEqual([])
  expect(existsSync(folder)).toBe(false)
})
