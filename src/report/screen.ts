/** Where text goes: process.stdout, process.stderr, or a test's collector. */
export interface Output {
  write(data: string | Uint8Array): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The two streams of a command as one, so that a line on either never runs into the status line of a terminal. */
export interface Screen {
  /** A line of the result, on stdout. */
  print(line: string): void
  /** A line about progress, on stderr. */
  note(line: string): void
  /** Replaces the status line at the foot; undefined takes it away. Shown on a terminal only. */
  status(line: string | undefined): void
}

const eraseLine = '\r\u001b[2K'

/** Makes a {@link Screen} over two streams. */
export function createScreen(stdout: Output, stderr: Output): Screen {
  let shown = false
  const clear = () => {
    if (shown) stdout.write(eraseLine)
    shown = false
  }
  return {
    print(line) {
      clear()
      stdout.write(`${line}\n`)
    },
    note(line) {
      clear()
      stderr.write(`${line}\n`)
    },
    status(line) {
      if (!stdout.isTTY) return
      clear()
      if (line === undefined) return
      // A line that wraps could not be erased.
      stdout.write(line.slice(0, (stdout.columns ?? 80) - 1))
      shown = true
    },
  }
}
