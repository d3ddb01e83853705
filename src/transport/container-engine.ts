import { spawn } from 'node:child_process'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import { sh } from '../util/sh.ts'

/** A container, and how to ask for it. */
export interface Container {
  readonly host: string
  readonly program: 'docker' | 'podman'
  readonly args: readonly string[]
  readonly name: string
}

/** What its engine says of it. */
export interface Found {
  /** `running`, `exited`, `paused`, … */
  readonly status: string
  /** Whoever its processes are, where nobody says. */
  readonly user: string
}

/** An engine that is asked over a network may take its time. */
const patienceMs = 30_000

/**
 * Asks the engine for a container.
 * @throws UnreachableError when the engine does not answer, or has none of this name.
 */
export async function askEngine(container: Container): Promise<Found> {
  const { program, args, name } = container
  const words = [...args, 'container', 'inspect', '--format', '{{.State.Status}} {{.Config.User}}', name]
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    // A session of its own: nothing that it starts can ask at our terminal, and Ctrl-C is not for it.
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, timeout: patienceMs, killSignal: 'SIGKILL' })
    const text = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        text[stream] += chunk
      })
    child.once('error', (error) => reject(engineNotStarted(container, error)))
    child.once('close', (ended) => resolve({ code: ended, ...text }))
  })
  if (code !== 0) throw explainEngine(container, code === null ? `no answer in ${patienceMs / 1000} s` : stderr)
  const [status = '', user = ''] = stdout.trim().split(' ')
  // `1000:1000`, `node`: a group may follow.
  const [own = ''] = user.split(':')
  return { status, user: own === '' || own === '0' ? 'root' : own }
}

function command({ program, args }: Container, ...words: readonly string[]): string {
  return sh`${[program, ...args, ...words]}`.text
}

/** The client is not on this machine. */
export function engineNotStarted({ host, program }: Container, error: NodeJS.ErrnoException): UnreachableError {
  const missing = error.code === 'ENOENT'
  return new UnreachableError(
    {
      summary: "The container engine's client could not be started",
      detail: missing ? `'${program}' is not installed on this machine` : `${program}: ${error.message}`,
      host,
      fix: missing
        ? `Install it here (${program === 'podman' ? 'apt-get install podman' : 'https://docs.docker.com/engine/install, or apt-get install docker.io'}), or run where it is.`
        : `See what it says here:\n${program} version`,
    },
    { cause: error },
  )
}

function explainEngine(container: Container, stderr: string): UnreachableError {
  const { host, name, program } = container
  const detail = stderr.trim() || `${program} gave no reason`
  if (/no such (?:container|object)|no container with name/i.test(stderr))
    return new UnreachableError({
      summary: 'There is no container of this name',
      detail: `'${name}', asked of ${program}`,
      host,
      fix: `Start it, or name another: ${program}({ container: '…' }). This lists those there are:\n${command(container, 'ps', '--all')}`,
    })
  if (/permission denied/i.test(stderr))
    return new UnreachableError({
      summary: `${program} may not be used by this user`,
      detail,
      host,
      fix:
        program === 'docker'
          ? 'Run Rollcall as a user of the group docker, or as root. Whoever is in that group can become root here.'
          : 'Containers of root are seen by root alone: run Rollcall as the user who started it.',
    })
  return new UnreachableError({
    summary: 'The container engine does not answer',
    detail,
    host,
    fix: `Check that it runs, and that \`args\` in the inventory lead to the right one. This asks it:\n${command(container, 'version')}`,
  })
}

/** It is there and cannot be entered. */
export function explainState(container: Container, status: string): UnreachableError {
  const verb = status === 'paused' ? 'unpause' : 'start'
  return new UnreachableError({
    summary: 'The container does not run',
    detail: `'${container.name}' is ${status}`,
    host: container.host,
    fix:
      status === 'restarting'
        ? `It ends as soon as it has begun. See why:\n${command(container, 'logs', container.name)}`
        : `Let it run, then try again:\n${command(container, verb, container.name)}`,
  })
}

/** It ended while something was asked of it. */
export function lost(container: Container, status: string): UnreachableError {
  return new UnreachableError({
    summary: 'The container does not run any more',
    detail: `'${container.name}' is ${status}`,
    host: container.host,
    fix: `All that ran in it has ended with it. See why, then start it again:\n${command(container, 'logs', container.name)}\n${command(container, 'start', container.name)}`,
  })
}

/** A client at a terminal takes some keys for itself (detach), so not every byte would arrive. */
export function noTerminal(host: string): RollcallError {
  return new RollcallError({
    summary: 'A container gives no terminal',
    detail: 'su and doas with a password, and sudo with requiretty, would need one',
    host,
    fix: 'Leave becomeMethod out of its connection: then its engine starts processes as any user, and asks nothing.',
  })
}
