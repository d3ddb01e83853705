import { describe, expect, test } from 'vitest'
import type { RunningTask } from '../../src/model/event.ts'
import { clip } from '../../src/report/clip.ts'
import { colours } from '../../src/report/colours.ts'
import { createReporter } from '../../src/report/reporter.ts'
import { runningLines } from '../../src/report/running.ts'
import { createScreen } from '../../src/report/screen.ts'
import { fakeTerminal } from '../helpers/fake-terminal.ts'

const task = (host: string, seconds = 12, output: readonly string[] = []): RunningTask => ({
  host,
  task: 'upgrade',
  durationMs: seconds * 1000,
  output,
})
const lines = (tasks: readonly RunningTask[], more = 0, room = { columns: 80, rows: 24 }) =>
  runningLines({ event: 'running', tasks, more }, colours(false), room)
const many = (count: number) => Array.from({ length: count }, (_, at) => task(`web-${at}`))

describe('what runs', () => {
  test('of one host its last lines stand below it', () => {
    expect(lines([task('honor-viper', 12, ['Unpacking libc6', 'Setting up libc6'])])).toEqual([
      '  honor-viper  upgrade: running for 12 s',
      '    Unpacking libc6',
      '    Setting up libc6',
    ])
  })
  test('of several each is a line, with the last that it has written', () => {
    expect(lines([task('honor-viper', 125, ['one', 'two']), task('web', 59)])).toEqual([
      '  honor-viper  upgrade: running for 2 min 5 s  two',
      '  web          upgrade: running for 59 s',
    ])
  })
  test('of many the rest is counted', () => {
    expect(lines(many(8), 12).slice(7)).toEqual(['  web-7  upgrade: running for 12 s', '  … and 12 more'])
  })
  test.each([3, 4, 5, 8, 24])('they never fill a terminal of %i rows', (rows) => {
    const shown = lines(many(8), 12, { columns: 80, rows })
    expect(shown.length).toBeLessThanOrEqual(Math.max(1, rows - 3))
    if (shown.length > 1) expect(shown.at(-1)).toBe(`  … and ${20 - (shown.length - 1)} more`)
    expect(lines([task('a', 1, ['1', '2', '3', '4', '5', '6'])], 0, { columns: 80, rows }).length).toBeLessThanOrEqual(
      Math.max(1, rows - 3),
    )
  })
  test('nothing runs', () => expect(lines([])).toEqual([]))
})

test.each([
  ['abcdef', 5, 'abcd'],
  ['abcd', 5, 'abcd'],
  ['漢字漢字', 6, '漢字'],
  ['漢字漢字', 5, '漢字'],
  ['🚀🚀', 4, '🚀'],
  ['a\tb', 20, 'a       b'],
  ['a\tb', 6, 'a'],
  ['████ 40%', 20, '████ 40%'],
  ['two\nlines', 20, 'two lines'],
])('%j in %i columns is %j', (line, columns, expected) => {
  expect(clip(line, columns)).toBe(expected)
})

test('what a host writes cannot move the cursor, and no line wraps', () => {
  const terminal = fakeTerminal(30, 10)
  const emit = createReporter('human', createScreen(terminal.output, terminal.output), {
    colour: false,
    verbosity: 0,
    diff: false,
    cwd: '/',
  })
  emit({ event: 'warning', message: 'above' })
  for (const end of ['\u0007\u009b2J\u001b]0;title\u0007', '\u202e', '漢字'.repeat(20), 'x'.repeat(99)])
    emit({ event: 'running', tasks: [task('web', 3, [`bad\u001b[2J${end}`, `\u001bc${end}`])], more: 0 })
  expect(terminal.lines().length).toBe(4)
  emit({ event: 'running', tasks: [], more: 0 })
  expect(terminal.lines()).toEqual(['warning: above'])
})
