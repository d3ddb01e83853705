import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Event } from '../model/event.ts'
import { identify, isAlive, type ProcessId } from '../util/process-id.ts'
import { privateDirectory, stateDirPath, userStateDir } from './directories.ts'

/** Raised when lines change their shape: older journals are then passed over. */
const format = 1

/** First line of a journal: what was run, and how it was asked for. */
export interface JournalHead {
  readonly event: 'journal'
  readonly format: number
  /** `20261129-201558-417a`: sorts by time (UTC). */
  readonly id: string
  /** ISO 8601. */
  readonly started: string
  readonly process: ProcessId
  readonly playbook: string
  /** Absolute paths. */
  readonly playbookFile: string
  readonly inventoryFile: string
  readonly check: boolean
  readonly limit?: string
  readonly exclude?: string
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  /** The task that it began with, where that was asked for. */
  readonly startAt?: string
  /** Tasks of each play by name, as far as tags left them. */
  readonly tasks: { readonly [play: string]: readonly string[] }
}

/** How many journals of a project are kept, and for how many days. */
export interface Keep {
  readonly keep: number
  readonly days: number
}

/** A journal as it lies on the disk. */
export interface JournalFile {
  readonly path: string
  readonly head: JournalHead
  /** Whether its run is still going on. */
  readonly running: boolean
}

/** What is written of one event; beyond it, of a run, results and diffs are left out. */
const largestEvent = 256 * 1024
const largestJournal = 64 * 1024 * 1024

/** Where journals of a project lie. Not created. */
export function journalsOf(projectRoot: string): string {
  return join(allJournals(), createHash('sha256').update(projectRoot).digest('hex').slice(0, 16))
}

/** Where those of all projects lie, a folder each. */
export const allJournals = () => join(stateDirPath(), 'runs')

/** Identity of a run that begins now. */
export function newRun(now: Date): Pick<JournalHead, 'format' | 'id' | 'started' | 'process'> {
  const started = now.toISOString()
  const time = started.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  // Milliseconds and a digit by chance: runs of one second are in their order, too.
  const id = `${time}-${started.slice(20, 23)}${(randomBytes(1)[0]! & 15).toString(16)}`
  return { format, id, started, process: identify(process.pid) ?? { pid: process.pid, startTime: '' } }
}

/** Takes the events of one run. */
export interface Journal {
  readonly add: (event: Event) => void
  /** Writes what is not written yet. */
  readonly close: () => void
}

/**
 * Opens the journal of a run. Lines are written as things happen, those of one turn of the event loop together, and are not
 * synced: a run that is killed has left what it did, and none is slowed down.
 * @param failed Called once, with the reason, where it cannot be written (any more).
 * @throws RollcallError or a system's error when it cannot be made.
 */
export function openJournal(projectRoot: string, head: JournalHead, keep: Keep, failed: (reason: string) => void): Journal {
  userStateDir()
  privateDirectory(allJournals())
  const folder = privateDirectory(journalsOf(projectRoot))
  let file: number | undefined = openSync(join(folder, `${head.id}.jsonl`), 'wx', 0o600)
  let waiting: string[] = [JSON.stringify(head)]
  let written = 0
  let due: NodeJS.Immediate | undefined
  const flush = () => {
    clearImmediate(due)
    due = undefined
    if (file === undefined || waiting.length === 0) return
    const text = `${waiting.join('\n')}\n`
    waiting = []
    written += text.length
    try {
      writeAll(file, Buffer.from(text))
    } catch (error) {
      close()
      failed((error as Error).message)
    }
  }
  const close = () => {
    process.off('exit', flush)
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  process.on('exit', flush) // Ctrl-C leaves what has happened, too.
  prune(folder, keep).catch(() => {}) // What stays goes with the next run.
  return {
    add: (event) => {
      if (file === undefined) return
      waiting.push(lineOf(event, written > largestJournal))
      due ??= setImmediate(flush)
    },
    close: () => {
      flush()
      close()
    },
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from)
}

function lineOf(event: Event, brief: boolean): string {
  if (event.event !== 'task') return JSON.stringify(event)
  const texts = (event.diff ?? []).reduce((sum, { before, after }) => sum + (before.text?.length ?? 0) + (after.text?.length ?? 0), 0)
  const whole = brief || texts > largestEvent ? undefined : JSON.stringify(event)
  if (whole !== undefined && whole.length <= largestEvent) return whole
  const { diff: _, ...rest } = event
  const plain = brief ? undefined : JSON.stringify({ ...rest, cut: true })
  if (plain !== undefined && plain.length <= largestEvent) return plain
  const { result: __, steps: ___, ...least } = rest
  return JSON.stringify({ ...least, cut: true })
}

async function prune(folder: string, { keep, days }: Keep): Promise<void> {
  const names = (await readdir(folder)).filter((name) => fileName.test(name)).sort()
  const oldest = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')
  const old = names.filter((name, index) => index < names.length - keep || name.slice(0, 8) < oldest)
  for (const name of old) if (!readHead(join(folder, name))?.running) await rm(join(folder, name), { force: true })
}

const fileName = /^\d{8}-\d{6}-\d{3}[0-9a-f]\.jsonl$/

/** The journals of a project, the newest first. What cannot be read is none. */
export function listJournals(projectRoot: string): readonly JournalFile[] {
  const folder = journalsOf(projectRoot)
  if (!existsSync(folder)) return []
  privateDirectory(folder) // What another could have put there is not believed.
  return readdirSync(folder)
    .filter((name) => fileName.test(name))
    .sort()
    .reverse()
    .flatMap((name) => readHead(join(folder, name)) ?? [])
}

function readHead(path: string): JournalFile | undefined {
  try {
    const [head] = readLines(path, 1) as unknown as [JournalHead | undefined]
    if (head?.event !== 'journal' || head.format !== format) return undefined
    return { path, head, running: isAlive(head.process) && !endsWithRecap(path) }
  } catch {
    return undefined
  }
}

/** A process may live on after its run, as that of a test does. */
function endsWithRecap(path: string): boolean {
  return readEvents(path).at(-1)?.event === 'recap'
}

/** The events of a journal, and when the last of them was written. A last line that was cut off is left out. */
export function readEvents(path: string): readonly Event[] {
  return readLines(path).slice(1) as unknown as readonly Event[]
}

/** When the last event was written. */
export function lastWritten(path: string): Date {
  return statSync(path).mtime
}

function readLines(path: string, most?: number): object[] {
  const lines: object[] = []
  for (const line of readFileSync(path, 'utf8').split('\n', most)) {
    try {
      if (line !== '') lines.push(JSON.parse(line) as object)
    } catch {
      break
    }
  }
  return lines
}
