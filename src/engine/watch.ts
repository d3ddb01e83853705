import type { Emit, RunningTask } from '../model/event.ts'
import { lastLines, tailBytes } from '../util/last-lines.ts'
import type { Script } from '../util/sh.ts'
import type { As, HostAccess } from './host-access.ts'

/** Something that runs on a host, and how to look at it. */
export interface Watched {
  readonly host: string
  readonly task: string
  readonly access: HostAccess
  readonly as: As
}

/** Tells of what takes long while it runs. */
export interface Watch {
  /** Does the work; where it takes long, what it does is told until it is over. `key` names it for {@link Watch.looksAt}. */
  during<T>(watched: Watched, work: () => Promise<T>, key?: object): Promise<T>
  /** What it has started runs by itself, and writes to the files that the script sets `o` and `e` to. */
  looksAt(key: object, files: Script): void
}

export interface WatchOptions {
  /** What takes less time is never told, and its host never looked at. */
  readonly afterMs?: number
  readonly everyMs?: number
}

/** So many are told of, and only their hosts are looked at. */
const most = 8
const mostLines = 6

interface Entry extends Watched {
  readonly began: number
  readonly key: object | undefined
  files: Script | undefined
  looking: boolean
  /** Of the step that runs, where that is known: calls may go together. */
  step: { readonly task?: string; readonly since?: Date }
  output: readonly string[]
}

/** Makes a {@link Watch}. While nothing runs there is no timer. */
export function openWatch(emit: Emit, { afterMs = 2000, everyMs = 1000 }: WatchOptions = {}): Watch {
  const entries = new Set<Entry>()
  let timer: NodeJS.Timeout | undefined
  let told: readonly Entry[] = []
  const long = () => {
    const before = performance.now() - afterMs
    return [...entries].filter(({ began }) => began <= before)
  }
  const tell = () => {
    const running = long()
    if (running.length === 0 && told.length === 0) return
    told = running.slice(0, most)
    emit({ event: 'running', tasks: told.map(taskOf), more: running.length - told.length })
  }
  const look = async (entry: Entry) => {
    if (entry.looking || !entry.access.peek) return
    entry.looking = true
    const bytes = tailBytes()
    const seen = await entry.access.peek(entry.as, bytes, entry.files).catch(() => undefined)
    entry.looking = false
    if (!seen || !entries.has(entry)) return
    const { outputs, ...step } = seen
    entry.step = step
    entry.output = outputs.flatMap((output) => lastLines(output, output.length < bytes!, mostLines)).slice(-mostLines)
    tell()
  }
  const tick = () => {
    timer = undefined
    for (const entry of long().slice(0, most)) void look(entry)
    tell()
    wait(everyMs)
  }
  const wait = (milliseconds: number) => {
    if (entries.size === 0) return
    timer ??= setTimeout(tick, milliseconds).unref()
  }
  return {
    during: async (watched, work, key) => {
      const entry: Entry = { ...watched, key, began: performance.now(), files: undefined, looking: false, step: {}, output: [] }
      entries.add(entry)
      wait(afterMs)
      try {
        return await work()
      } finally {
        entries.delete(entry)
        if (entries.size === 0) {
          clearTimeout(timer)
          timer = undefined
        }
        if (told.includes(entry)) tell()
      }
    },
    looksAt: (key, files) => {
      for (const entry of entries) if (entry.key === key) entry.files = files
    },
  }
}

function taskOf({ host, task, began, step, output }: Entry): RunningTask {
  const durationMs = step.since ? Date.now() - step.since.getTime() : performance.now() - began
  return { host, task: step.task ?? task, durationMs: Math.max(0, Math.round(durationMs)), output }
}
