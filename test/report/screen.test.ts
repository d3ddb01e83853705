import { expect, test } from 'vitest'
import { createScreen } from '../../src/report/screen.ts'
import { fakeTerminal } from '../helpers/fake-terminal.ts'

function open(columns?: number, rows?: number) {
  const terminal = fakeTerminal(columns, rows)
  return { terminal, screen: createScreen(terminal.output, terminal.output) }
}

test('lines that change stand beneath the results, and leave nothing behind', () => {
  const { terminal, screen } = open()
  screen.print('one')
  screen.live(['a runs for 2 s', 'b runs for 2 s', 'c runs'])
  expect(terminal.lines()).toEqual(['one', 'a runs for 2 s', 'b runs for 2 s', 'c runs'])
  screen.live(['a runs for 3 s'])
  expect(terminal.lines()).toEqual(['one', 'a runs for 3 s'])
  screen.print('two')
  screen.note('three')
  expect(terminal.lines()).toEqual(['one', 'two', 'three', 'a runs for 3 s'])
  screen.live([])
  screen.print('four')
  expect(terminal.lines()).toEqual(['one', 'two', 'three', 'four'])
})

test('the status line stands above them', () => {
  const { terminal, screen } = open()
  screen.status('5 tasks ok')
  screen.live(['a runs', 'b runs'])
  expect(terminal.lines()).toEqual(['5 tasks ok', 'a runs', 'b runs'])
  screen.status('6 tasks ok')
  expect(terminal.lines()).toEqual(['6 tasks ok', 'a runs', 'b runs'])
  screen.live([])
  expect(terminal.lines()).toEqual(['6 tasks ok'])
  screen.print('7 tasks ok, in the end')
  expect(terminal.lines()).toEqual(['7 tasks ok, in the end'])
})

test('at the foot of the terminal results scroll away above them, and none is lost', () => {
  const { terminal, screen } = open(40, 5)
  const printed: string[] = []
  for (let number = 0; number < 20; number++) {
    screen.live(Array.from({ length: 1 + (number % 4) }, (_, at) => `line ${at} of ${number}`))
    screen.print(`result ${number}`)
    printed.push(`result ${number}`)
  }
  screen.live([])
  expect(terminal.lines()).toEqual(printed)
})

test('whatever else is written to the terminal erases nothing above, and is not drawn over', () => {
  const { terminal, screen } = open()
  screen.print('result')
  screen.live(['a runs', 'b runs', 'c runs'])
  terminal.output.write('^C\nsomething else\n')
  screen.live(['a still runs'])
  screen.live([])
  screen.print('end')
  expect(terminal.lines().slice(0, 3)).toEqual(['result', '^Cruns', 'something else'])
  expect(terminal.lines().at(-1)).toBe('end')
})

test('while a question is asked nothing is drawn, and afterwards it is there again', () => {
  const { terminal, screen } = open()
  screen.live(['a runs'])
  const release = screen.hold()
  terminal.output.write('Go on?: ')
  screen.live(['a runs for 2 s'])
  screen.status('5 tasks ok')
  terminal.output.write('y\n')
  expect(terminal.lines()).toEqual(['Go on?: y'])
  release()
  release()
  expect(terminal.lines()).toEqual(['Go on?: y', '5 tasks ok', 'a runs for 2 s'])
})

test('nothing is written where nothing has changed', () => {
  const { terminal, screen } = open()
  screen.live(['a runs'])
  terminal.output.write = () => expect.unreachable()
  screen.live(['a runs'])
})

test('no terminal is shown any of it', () => {
  let written = ''
  const output = { write: (data: string | Uint8Array) => (written += String(data)) }
  const screen = createScreen(output, output)
  screen.live(['a runs'])
  screen.status('5 tasks ok')
  screen.print('one')
  screen.hold()()
  screen.live([])
  expect(written).toBe('one\n')
})
