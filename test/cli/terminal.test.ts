import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { quote } from '../../src/util/sh.ts'
import { bundleInto } from '../helpers/bundled.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = `${root}.rollcall/test-terminal-${process.pid}`
beforeAll(async () => {
  await bundleInto(folder, { entry: 'test/cli/terminal-entry.ts' })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a playbook on a pseudo-terminal, or without one, and types once the question is there. */
function onTerminal(playbook: string, typed: string, terminal = true): Promise<{ readonly code: number | null; readonly shown: string }> {
  const words = [process.execPath, `${folder}/entry.mjs`, 'run', playbook]
  const [program, ...args] = terminal ? ['script', '-qec', words.map(quote).join(' '), '/dev/null'] : words
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let shown = ''
  let asked = false
  const take = (data: Buffer) => {
    shown += data.toString()
    if (asked || !shown.includes('Go on?: ')) return
    asked = true
    child.stdin.write(typed)
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, shown: shown.replaceAll('\r', '') })))
}

test('what is typed is shown and given', async () => {
  const { code, shown } = await onTerminal('shown', 'yes please\n')
  expect([code, shown]).toEqual([0, 'about to ask\nGo on?: yes please\ngot esaelp sey.\n'])
})

test('what is typed without echo is shown nowhere', async () => {
  const { code, shown } = await onTerminal('hidden', 'yes please\r')
  expect([code, shown]).toEqual([0, 'about to ask\nGo on?: \ngot esaelp sey.\n'])
})

test.each(['shown', 'hidden'])('Ctrl-C while a question is %s ends the run', async (playbook) => {
  const { code, shown } = await onTerminal(playbook, '\u0003')
  expect(code).toBe(130)
  expect(shown).toContain('interrupted:')
  expect(shown).not.toContain('got')
})

test('without a terminal nobody is there to ask', async () => {
  expect(await onTerminal('shown', '', false)).toEqual({ code: 0, shown: 'nobody is there\n' })
})
