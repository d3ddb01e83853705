import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, Reply } from '../transport/session-types.ts'
import type { LawHost, LawPlace } from './law-host.ts'
import { treeOf, writtenSince } from './tree.ts'

/** A `sh` of this machine that stands for a host: scripts run as they would in a session. */
export interface LocalHost extends LawHost {
  readonly run: (job: Job) => Promise<Reply>
  /**
   * A file that is there once `run` ran a hostile value; a place opened for a case has one of its own. What scripts of `run`
   * keep for later runs goes to the folder of this name with `-state`.
   */
  readonly canary: string
}

export interface LocalHostOptions {
  readonly name: string
  /** Program and first arguments: `['/bin/busybox', 'sh']`. */
  readonly shell: readonly [string, ...string[]]
  readonly path?: string
  /** Runs as this user and group, to see what a user without rights sees. */
  readonly uid?: number
}

/** The PATH of a session's login on Debian. */
export const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Makes a local shell stand for a host. Each case has a folder of this machine, which stands for the host's `/`. */
export function localHost(options: LocalHostOptions): LocalHost {
  const canary = join(tmpdir(), `canary-${randomUUID()}`)
  return { name: options.name, run: (job) => runShell(options, [], job, canary), canary, open: () => openFolder(options) }
}

async function openFolder(options: LocalHostOptions): Promise<LawPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'law-'))
  const [root, canary] = [join(folder, 'root'), join(folder, 'canary')]
  mkdirSync(root)
  return {
    run: (job) => runShell(options, [], job, canary),
    root,
    inside: root,
    watch: async () => {
      const before = treeOf(root)
      return async () => writtenSince(before, treeOf(root))
    },
    canaryRan: async () => existsSync(canary),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

/**
 * Runs a job by a shell of this machine, or by way of `enter` of another place. The environment is that of a session and
 * nothing else.
 * @param canary In the environment of the script as `CANARY`: a file that is there once a hostile value was run.
 */
export function runShell(
  { shell, path = usualPath, uid }: LocalHostOptions,
  enter: readonly string[],
  { script, stdin }: Job,
  canary: string,
) {
  // The way in is a program of this machine, and found by this machine's own PATH.
  const [program = '', ...first] = enter.length === 0 ? shell : [...enter, '/usr/bin/env', `PATH=${path}`, ...shell]
  return new Promise<Reply>((resolve, reject) => {
    const child = spawn(program, [...first, '-c', `umask 077\n${script.text}`], {
      cwd: '/',
      env: {
        PATH: enter.length === 0 ? path : usualPath,
        LC_ALL: 'C',
        TZ: 'UTC',
        HOME: '/',
        XDG_STATE_HOME: `${canary}-state`,
        CANARY: canary,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(uid !== undefined && { uid, gid: uid }),
    })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (part: Buffer) => stdout.push(part))
    child.stderr.on('data', (part: Buffer) => stderr.push(part))
    // A script need not read all it is given.
    child.stdin.on('error', () => {})
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ ran: true, code: code ?? (signal ? 255 : 0), stdout: plain(stdout), stderr: plain(stderr) }),
    )
    child.stdin.end(stdin)
  })
}

function plain(parts: readonly Buffer[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/**
 * The path of a program that the kit needs.
 * @throws Error when it is missing: a law that is not tried is not held.
 */
export function needed(path: string, pack: string): string {
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch (error) {
    throw new Error(`${path} is missing, and the law kit needs it: apt-get install ${pack}`, { cause: error })
  }
}

let hosts: readonly LocalHost[] | undefined

/**
 * The shells that every script must work on: dash and bash with GNU tools, busybox with none but its own (its
 * shell finds those without a PATH, in builds like Debian's).
 * @throws Error when one is missing.
 */
export function localHosts(): readonly LocalHost[] {
  hosts ??= [
    localHost({ name: 'dash', shell: [needed('/bin/dash', 'dash')] }),
    localHost({ name: 'bash', shell: [needed('/bin/bash', 'bash'), '--posix'] }),
    localHost({ name: 'busybox', shell: [needed('/bin/busybox', 'busybox-static'), 'sh'], path: '/var/empty' }),
  ]
  return hosts
}
