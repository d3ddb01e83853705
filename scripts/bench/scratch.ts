import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a benchmark leaves behind, until {@link Scratch.clear}. */
export interface Scratch {
  readonly folder: string
  /** A new folder in it. */
  make(name: string): string
  /** Something to be undone at the end, last things first, however the end comes. */
  undo(action: () => unknown): void
  /** Whether it is being cleared, or is. */
  ended(): boolean
  /** @throws when it has {@link Scratch.ended}: nothing new may be started then. */
  requireOpen(): void
  clear(): Promise<void>
}

export function makeScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-bench-'))
  const actions: (() => unknown)[] = []
  let clearing: Promise<void> | undefined
  const clear = async () => {
    for (const action of actions.reverse()) {
      try {
        await action()
      } catch (error) {
        process.stderr.write(`bench: clearing up: ${(error as Error).message}\n`)
      }
    }
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    folder,
    make: (name) => {
      const path = join(folder, name)
      mkdirSync(path, { recursive: true, mode: 0o700 })
      return path
    },
    undo: (action) => void actions.push(action),
    ended: () => clearing !== undefined,
    requireOpen: () => {
      if (clearing !== undefined) throw new Error('interrupted')
    },
    // Ctrl-C may come while it is being cleared.
    clear: () => {
      clearing ??= clear()
      return clearing
    },
  }
}
