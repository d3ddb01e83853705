import type { Output } from '../../src/report/screen.ts'

/** A terminal of some size that obeys what Rollcall writes to one, and refuses everything else. */
export interface FakeTerminal {
  readonly output: Output & { columns: number; rows: number }
  /** All lines that can be seen or scrolled back to, without empty ones at the end. */
  readonly lines: () => readonly string[]
}

export function fakeTerminal(columns = 40, rows = 10): FakeTerminal {
  const screen: string[] = ['']
  let top = 0
  let row = 0
  let column = 0
  const down = () => {
    row += 1
    if (row === screen.length) screen.push('')
    if (row - top === output.rows) top += 1 // It scrolls.
  }
  const put = (character: string) => {
    if (column === output.columns) {
      column = 0
      down()
    }
    const line = screen[row]!.padEnd(column)
    screen[row] = line.slice(0, column) + character + line.slice(column + 1)
    column += 1
  }
  const obey = (command: string, count: number) => {
    if (command === 'A') row = Math.max(top, row - count)
    else if (command === 'J') {
      screen[row] = screen[row]!.slice(0, column)
      screen.length = row + 1
    } else if (command === 'K' && count === 2) screen[row] = ''
    else if (command !== 'm') throw new Error(`a terminal was told ESC[${count}${command}`)
  }
  const output = {
    isTTY: true,
    columns,
    rows,
    write: (data: string | Uint8Array) => {
      const text = Buffer.from(data).toString('utf8')
      for (let at = 0; at < text.length; at++) {
        const character = text[at]!
        const sequence = /^\u001b\[(\d*)([A-Za-z])/.exec(text.slice(at))
        if (sequence) {
          obey(sequence[2]!, Number(sequence[1] || (sequence[2] === 'A' ? 1 : 0)))
          at += sequence[0].length - 1
        } else if (character === '\n') {
          column = 0 // As the driver of a terminal has it.
          down()
        } else if (character === '\r') column = 0
        else if (character < ' ') throw new Error(`a terminal was given ${JSON.stringify(character)}`)
        else put(character)
      }
    },
  }
  return {
    output,
    lines: () =>
      screen
        .map((line) => line.trimEnd())
        .join('\n')
        .replace(/\n+$/, '')
        .split('\n'),
  }
}
