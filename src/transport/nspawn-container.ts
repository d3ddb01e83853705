import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, rmdirSync } from 'node:fs'
import { within } from '../util/within.ts'
import { guestEnvironment } from './guest-directory.ts'
import { notStarted, startFailed } from './nspawn-errors.ts'
import { findInit, hostnameOf, type Namespaces, openNamespaces, restrictions } from './nspawn-inside.ts'

/** A container that runs, as one connection has it. */
export interface NspawnContainer {
  /** Words of nsenter that lead into it, with its root as working directory. */
  readonly enter: readonly string[]
  /** Words of setpriv: what is kept from processes in it. */
  readonly restrict: readonly string[]
  /** What was said at its end; undefined while it runs. */
  hasEnded(): Promise<string | undefined>
  /** Once; after the last one that has it the container is gone. */
  release(): Promise<void>
}

interface Held extends Pick<NspawnContainer, 'enter' | 'restrict' | 'hasEnded'> {
  end(): Promise<void>
}

interface Shared {
  readonly held: Promise<Held>
  users: number
  ending?: Promise<void>
}

/** systemd-nspawn starts within a second; a machine that is out of memory may take its time. */
const patienceMs = 30_000
/** Enough for mounts to be taken down. */
const endMs = 5000

// A directory has one container at a time, which systemd-nspawn sees to by a lock. So connections of one process share it.
const running = new Map<string, Shared>()

/**
 * The container of a directory: the one that runs, or a new one.
 * @param directory Without links in it.
 * @throws UnreachableError when there can be none.
 */
export async function takeContainer(host: string, directory: string, args: readonly string[]): Promise<NspawnContainer> {
  const key = JSON.stringify([directory, args])
  for (let known = running.get(key); known !== undefined; known = running.get(key)) {
    const shared = known
    if (shared.ending) await shared.ending
    else {
      shared.users += 1
      // One that could not be started for another host is tried for this one: what is wrong is told of the right host.
      const held = await shared.held.catch(() => undefined)
      if (held) return lend(key, shared, held)
    }
  }
  const held = start(host, directory, args, () => running.delete(key))
  const shared: Shared = { held, users: 1 }
  running.set(key, shared)
  try {
    return lend(key, shared, await held)
  } catch (error) {
    if (running.get(key) === shared) running.delete(key)
    throw error
  }
}

function lend(key: string, shared: Shared, { enter, restrict, hasEnded, end }: Held): NspawnContainer {
  const release = async () => {
    shared.users -= 1
    if (shared.users > 0) return
    shared.ending = end().finally(() => {
      if (running.get(key) === shared) running.delete(key)
    })
    await shared.ending
  }
  return { enter, restrict, hasEnded, release }
}

/*
 * Nothing of the directory is written: name server, time zone and journal are not arranged, files of settings not read; `args` may say
 * otherwise. No manager is asked for a scope or told of a machine, so it works without one. Its process 2 reads an input that nobody
 * writes, until its end: that comes when this process ends, be it by SIGKILL, and then the kernel ends all that runs inside.
 */
function wordsOf(directory: string, args: readonly string[], machine: string): readonly string[] {
  const usual = ['--settings=no', '--resolv-conf=off', '--timezone=off', '--link-journal=no']
  const named = [`--machine=${machine}`, `--hostname=${hostnameOf(directory)}`]
  const fixed = ['--quiet', `--directory=${directory}`, '--as-pid2', '--console=pipe', '--register=no', '--keep-unit']
  return [...usual, ...named, ...args, ...fixed, '--', '/bin/sh', '-c', 'echo up; while read -r line; do :; done']
}

let count = 0

async function start(host: string, directory: string, args: readonly string[], gone: () => void): Promise<Held> {
  count += 1
  const machine = `rollcall-${process.pid}-${count}`
  const words = wordsOf(directory, args, machine)
  // A session of its own: Ctrl-C on our terminal is not for it.
  const child = spawn('systemd-nspawn', words, { stdio: 'pipe', env: ownEnvironment(), detached: true })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4096)
  })
  child.stdin.on('error', () => undefined)
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(host, error)))
    child.once('close', (code, signal) => resolve(endOf(said, code, signal)))
  })
  ended.catch(() => undefined)
  const up = new Promise<'up'>((resolve) => child.stdout.once('data', () => resolve('up')))
  const heard = await within(Promise.race([up, ended]), patienceMs)
  const init = heard === 'up' ? findInit(child.pid!) : undefined
  if (init === undefined) {
    child.kill('SIGKILL')
    const reason = heard === undefined ? `no answer in ${patienceMs / 1000} s\n${said}` : heard === 'up' ? await ended : heard
    throw startFailed(host, directory, ['systemd-nspawn', ...words], reason)
  }
  const inside = openNamespaces(init)
  const over = ended.then((text) => {
    gone()
    child.stdin.destroy() // Where systemd-nspawn alone was killed the rest ends now.
    clearAway(machine)
    return text
  })
  return {
    enter: inside.words,
    restrict: restrictions(init),
    hasEnded: async () => ((await takesProcesses(inside)) ? undefined : ((await within(over, endMs)) ?? '')),
    async end() {
      child.stdin.end()
      if ((await within(over, endMs)) === undefined) await kill(child, init, over)
      for (const descriptor of inside.descriptors) closeSync(descriptor)
    },
  }
}

/** What systemd-nspawn leaves when it is killed. */
function clearAway(machine: string): void {
  try {
    rmdirSync(`/run/systemd/nspawn/propagate/${machine}`)
  } catch {
    // As a rule it is gone.
  }
}

async function kill(child: ChildProcess, init: number, over: Promise<unknown>): Promise<void> {
  try {
    process.kill(init, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
  child.kill('SIGKILL')
  await within(over, endMs)
}

/** What is ours and nothing of systemd's, such as a socket to tell that a service is ready. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => name === 'PATH' || name.startsWith('SYSTEMD_'))
  return { ...Object.fromEntries(own), LC_ALL: 'C' }
}

/** From the moment on at which the first process of a container ends, the kernel lets no other begin in it. */
function takesProcesses({ pid }: Namespaces): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('nsenter', [pid, '--', 'true'], { stdio: 'ignore', env: guestEnvironment })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}

/** Of a file system below /run it says at each end that it will not remove that, and means an empty folder. */
function endOf(said: string, code: number | null, signal: string | null): string {
  const lines = said.split('\n').filter((line) => line !== '' && !line.startsWith('Attempted to remove disk file system'))
  return [...lines, ...(lines.length > 0 ? [] : [signal ? `ended by ${signal}` : `ended with code ${code}`])].join('\n')
}
