/** Where text goes: process.stdout, process.stderr, or a test's collector. */
export interface Output {
  write(data: string | Uint8Array): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** The two streams of a command as one, so that a line on either never runs into what stands at the foot of a terminal. */
export interface Screen {
  /** A line of the result, on stdout. */
  print(line: string): void
  /** A line about progress, on stderr. */
  note(line: string): void
  /** Replaces the status line at the foot; undefined takes it away. Shown on a terminal only. */
  status(line: string | undefined): void
  /** Replaces the lines at the foot that go on changing, below the status line; none take them away. Shown on a terminal only. */
  live(lines: readonly string[]): void
  /** Takes away what stands at the foot until the answer to a question is there, and shows nothing there meanwhile; gives what ends that. */
  hold(): () => void
  /** Room for {@link live}. */
  readonly room: { readonly columns: number; readonly rows: number }
}

const eraseLine = '\r\u001b[2K'
/** From the cursor on. */
const eraseBelow = '\r\u001b[J'

/** Makes a {@link Screen} over two streams. */
export function createScreen(stdout: Output, stderr: Output): Screen {
  let status: string | undefined
  let live: readonly string[] = []
  let held = 0
  /** What takes away what stands at the foot. */
  let erase = ''
  const room = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 })
  /**
   * With lines that change, the cursor waits at their beginning: whatever else is written to the terminal (the `^C` of a key, a
   * prompt of the shell) then stands before them, and nothing above is ever erased.
   */
  const foot = (): string => {
    erase = ''
    if (!stdout.isTTY || held > 0) return ''
    const lines = status === undefined ? live : [status, ...live]
    if (lines.length === 0) return ''
    erase = live.length === 0 ? eraseLine : eraseBelow
    if (live.length === 0) return lines[0]!
    return `${lines.join('\n')}\r${lines.length > 1 ? `\u001b[${lines.length - 1}A` : ''}`
  }
  const clear = () => {
    if (erase !== '') stdout.write(erase)
    erase = ''
  }
  const redraw = () => {
    const before = erase
    const text = before + foot()
    if (text !== '') stdout.write(text)
  }
  return {
    print(line) {
      status = undefined
      const before = erase
      stdout.write(`${before}${line}\n${foot()}`)
    },
    note(line) {
      status = undefined
      clear()
      stderr.write(`${line}\n`)
      redraw()
    },
    status(line) {
      if (!stdout.isTTY) return
      // A line that wraps could not be erased.
      status = line?.slice(0, room().columns - 1)
      redraw()
    },
    live(lines) {
      if (!stdout.isTTY || (lines.length === live.length && lines.every((line, at) => line === live[at]))) return
      live = lines
      redraw()
    },
    hold() {
      status = undefined
      clear()
      held += 1
      let over = false
      return () => {
        if (over) return
        over = true
        held -= 1
        redraw()
      }
    },
    get room() {
      return room()
    },
  }
}
