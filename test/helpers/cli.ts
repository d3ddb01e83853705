import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
// @ts-expect-error The build script is plain JavaScript, since it runs before anything is installed.
import { build, flags } from '../../scripts/build.mjs'
import type { Event, TaskEvent } from '../../src/model/event.ts'
import { ownRoot } from '../../src/util/own-root.ts'

/** What a command line did, seen from outside: its end and its output, and the events where it was asked for JSON. */
export interface CliRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly events: readonly Event[]
}
export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Given as standard input; without it there is none. */
  readonly stdin?: string
  /** Number of the user to run as; only root may choose. */
  readonly as?: number
}

// One build for all tests of a file, so that what they look at does not change under them.
let built: Promise<string> | undefined
/** The command line as it is built from what the tests look at. */
export const program = async (): Promise<string> => {
  built ??= build(ownRoot()) as Promise<string>
  return join(ownRoot(), 'dist', await built, 'cli.cjs')
}

/** Node's own words, as the launcher gives them. */
const nodeFlags: readonly string[] = (flags as string).split(' ').filter((word) => word !== '')

/** Without the machine's own ssh configuration; the lab's image stays where it is cached. */
function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return { ...process.env, HOME: scratchFolder(), XDG_CACHE_HOME: cache, SSH_AUTH_SOCK: '', NO_COLOR: '1', ...env }
}

/** Starts `rollcall` as a process of its own. */
export async function startRollcall(args: readonly string[], options: CliOptions = {}): Promise<ChildProcess> {
  const { env = {}, cwd = ownRoot(), stdin, as } = options
  const child = spawn(process.execPath, [...nodeFlags, await program(), ...args], {
    cwd,
    env: environment(env),
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(as !== undefined && { uid: as, gid: as }),
  })
  child.stdin?.end(stdin)
  return child
}

/** Runs `rollcall` to its end. */
export async function rollcall(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = await startRollcall(args, options)
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exit, signal) => resolve(signal === null ? (exit ?? -1) : -1))
  })
  const json = args.includes('json')
  const lines = json ? text.stdout.split('\n').filter((line) => line !== '') : []
  return { code, ...text, events: lines.map((line) => JSON.parse(line) as Event) }
}

/**
 * Runs `rollcall` on a terminal of its own, and answers each question when it stands there, or does something then.
 * @returns What the terminal showed, and the exit code.
 */
export async function onTerminal(
  args: readonly string[],
  answers: readonly (readonly [question: string, answer: string | (() => Promise<unknown>)])[],
  { env = {}, cwd = ownRoot() }: CliOptions = {},
): Promise<{ readonly code: number; readonly shown: string }> {
  const words = [process.execPath, ...nodeFlags, await program(), ...args].map((word) => `'${word.replaceAll(`'`, `'\\''`)}'`)
  const child = spawn('script', ['-qec', `exec ${words.join(' ')}`, '/dev/null'], { cwd, env: environment({ SHELL: '/bin/sh', ...env }) })
  const left = [...answers]
  let shown = ''
  let looked = 0
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk
    for (let at = left.length > 0 ? shown.indexOf(left[0]![0], looked) : -1; at !== -1; ) {
      const [question, answer] = left.shift()!
      looked = at + question.length
      if (typeof answer === 'string') child.stdin.write(answer)
      else
        answer().catch((error: unknown) => {
          shown += String(error)
          child.kill()
        })
      at = left.length > 0 ? shown.indexOf(left[0]![0], looked) : -1
    }
  })
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exit) => resolve(exit ?? -1))
  })
  return { code, shown }
}

type EventOf = { readonly [K in Event['event']]: Extract<Event, { readonly event: K }> }

/** The events of one kind, in order. */
export function eventsOf<K extends keyof EventOf>({ events }: CliRun, kind: K): readonly EventOf[K][] {
  return events.filter((event) => event.event === kind) as unknown as readonly EventOf[K][]
}

/** `task: outcome` for each task of a host, in order. */
export function outcomes(run: CliRun, host: string): readonly string[] {
  return eventsOf(run, 'task')
    .filter((event) => event.host === host)
    .map(({ task, outcome }) => `${task}: ${outcome}`)
}

/** The event of one task on one host; the whole output when there is none. */
export function taskOf(run: CliRun, host: string, task: string): TaskEvent {
  const event = eventsOf(run, 'task').find((one) => one.host === host && one.task === task)
  if (event === undefined) throw new Error(`no event of '${task}' on ${host}\n${run.stdout}${run.stderr}`)
  return event
}

/** What is left of the hosts' counts when the exchanges are taken away: they have tests of their own. */
export function recapOf(run: CliRun): { readonly [host: string]: string } {
  const [recap] = eventsOf(run, 'recap')
  if (recap === undefined) throw new Error(`no recap\n${run.stdout}${run.stderr}`)
  const counts = ['changed', 'failed', 'unreachable'] as const
  return Object.fromEntries(Object.entries(recap.hosts).map(([host, of]) => [host, counts.map((name) => `${name} ${of[name]}`).join(', ')]))
}

let scratch: string | undefined
function scratchFolder(): string {
  if (scratch === undefined) {
    scratch = join(ownRoot(), '.rollcall', `test-cli-${process.pid}-${Math.random().toString(36).slice(2)}`)
    mkdirSync(scratch, { recursive: true, mode: 0o700 })
  }
  return scratch
}
afterAll(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
  scratch = undefined
})

/** Writes a playbook or an inventory of a test into the project, where its imports mean what they mean in the user's own files. */
export function scratchFile(name: string, text: string): string {
  const path = join(scratchFolder(), name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
