import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, Reply } from '../transport/session-types.ts'

/** A `sh` of this machine that stands for a host: scripts run as they would in a session. */
export interface LocalHost {
  readonly name: string
  readonly run: (job: Job) => Promise<Reply>
  /**
   * A file that is there once a hostile value was run; `CANARY` in the environment of every script. What scripts keep for
   * later runs goes to the folder of this name with `-state`.
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

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Makes a local shell stand for a host. The environment is that of a session and nothing else. */
export function localHost({ name, shell, path = usualPath, uid }: LocalHostOptions): LocalHost {
  const [program, ...first] = shell
  const canary = join(tmpdir(), `canary-${randomUUID()}`)
  const run = ({ script, stdin }: Job) =>
    new Promise<Reply>((resolve, reject) => {
      const child = spawn(program, [...first, '-c', `umask 077\n${script.text}`], {
        cwd: '/',
        env: { PATH: path, LC_ALL: 'C', TZ: 'UTC', HOME: '/', XDG_STATE_HOME: `${canary}-state`, CANARY: canary },
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
  return { name, run, canary }
}

function plain(parts: readonly Buffer[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

function needed(path: string, pack: string): string {
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
 * @throws Error when one is missing: a law that is not tried is not held.
 */
export function localHosts(): readonly LocalHost[] {
  hosts ??= [
    localHost({ name: 'dash', shell: [needed('/bin/dash', 'dash')] }),
    localHost({ name: 'bash', shell: [needed('/bin/bash', 'bash'), '--posix'] }),
    localHost({ name: 'busybox', shell: [needed('/bin/busybox', 'busybox-static'), 'sh'], path: '/var/empty' }),
  ]
  return hosts
}
