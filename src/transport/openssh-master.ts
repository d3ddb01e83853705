import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { RollcallError } from '../model/errors.ts'
import { sh } from '../util/sh.ts'
import { explainMaster, masterEnded } from './openssh-errors.ts'
import { notStarted, option, runProgram } from './openssh-program.ts'
import type { OpensshTarget } from './openssh-target.ts'

/** ssh's master: one login, over which sessions are opened. */
export interface Master {
  /** A directory for this user and this connection only; it goes with the master. */
  readonly folder: string
  readonly socket: string
  /** Settles when the master has ended, with the reason why. */
  readonly gone: Promise<RollcallError>
  close(): Promise<void>
}

/*
 * Ends the master and takes the directory away when the other end of descriptor 3 is closed: by us, or by the kernel
 * when this process is no more, however it ended. The directory also goes when ssh ends by itself.
 */
const keeper = sh`
"$@" 3<&- </dev/null &
master=$!
{ read -r nothing; kill "$master"; } <&3 2>/dev/null &
watch=$!
wait "$master"; code=$?
kill "$watch" 2>/dev/null
rm -rf "$rollcall_folder"
exit "$code"
`

const ready = 'rollcall-ready'

/**
 * Logs in by the system's ssh and keeps the login open.
 * @throws UnreachableError when the host does not answer in time, or refuses the login.
 * @throws RollcallError when its key does not pass.
 */
export async function startMaster(target: OpensshTarget): Promise<Master> {
  const folder = makeFolder()
  const socket = join(folder, 'm')
  const removed = () => rmSync(folder, { recursive: true, force: true })
  let password: PasswordGiver | undefined
  try {
    password = target.password === undefined ? undefined : await givePassword(target, target.password.reveal(), folder)
    const words = masterWords(target, socket, password !== undefined, untilWeEnd)
    const env = { ...process.env, ...(password?.env ?? neverAsk), rollcall_folder: folder, ...usableShell() }
    // A session of its own: without a terminal nothing can ask there, and Ctrl-C ends what Rollcall says, not the link.
    const child = spawn('sh', ['-c', keeper.text, 'sh', target.program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env,
    })
    return await loggedIn(target, child, { folder, socket })
  } catch (error) {
    removed()
    throw error
  } finally {
    password?.forget()
  }
}

async function loggedIn(target: OpensshTarget, child: ChildProcess, place: { folder: string; socket: string }): Promise<Master> {
  const lifeline = child.stdio[3] as Duplex
  lifeline.on('error', () => undefined)
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-8192)
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted('sh', error)))
    child.once('close', () => resolve())
  })
  const close = async () => {
    lifeline.destroy()
    const late = setTimeout(() => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, 'SIGKILL'), 3000)
    await ended.catch(() => undefined)
    clearTimeout(late)
    rmSync(place.folder, { recursive: true, force: true })
  }
  let timer: NodeJS.Timeout | undefined
  try {
    const up = new Promise<true>((resolve) => {
      let out = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        out = (out + chunk.toString('latin1')).slice(-ready.length - 2)
        if (out.includes(ready)) resolve(true)
      })
    })
    // ssh's own ConnectTimeout bounds each connecting; a jump host's handshake and the login are bounded here.
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), target.connectTimeoutMs)
    })
    const first = await Promise.race([up, late, ended.then(() => false as const)])
    if (first !== true) {
      if (first === undefined) throw explainMaster(target, said, `no answer within ${target.connectTimeoutMs / 1000} s`)
      throw explainMaster(target, said)
    }
  } catch (error) {
    await close()
    throw error
  } finally {
    clearTimeout(timer)
  }
  said = ''
  return { ...place, gone: ended.then(() => masterEnded(target, said)), close }
}

/** Runs as long as its keeper lets it, and says when the login has come through and the socket is there. */
const untilWeEnd = [
  ...option('ControlPersist', 'no'),
  ...option('PermitLocalCommand', 'yes'),
  // A command is the rest of its line: no quotes.
  ...['-o', `LocalCommand=echo ${ready}`],
]

/** For a master that has nobody to give a password. */
export const neverAsk = { SSH_ASKPASS_REQUIRE: 'never' }

/** The words behind `ssh` that make a master; `life` says how it lives and ends. */
export function masterWords(target: OpensshTarget, socket: string, asks: boolean, life: readonly string[]): string[] {
  const seconds = Math.max(1, Math.ceil(target.connectTimeoutMs / 1000))
  return [
    '-N',
    '-T',
    ...life,
    ...option('ControlMaster', 'yes'),
    ...option('ControlPath', socket.replaceAll('%', '%%')),
    ...option('BatchMode', asks ? 'no' : 'yes'),
    // One try for each way of giving the password: another would only help to lock the account.
    ...option('NumberOfPasswordPrompts', '1'),
    ...option('StrictHostKeyChecking', target.checking),
    ...option('ConnectTimeout', String(seconds)),
    ...option('ServerAliveInterval', String(target.keepaliveSeconds)),
    ...option('ServerAliveCountMax', '3'),
    ...option('ClearAllForwardings', 'yes'),
    ...option('LogLevel', 'ERROR'),
    ...target.against,
    ...target.words,
    '--',
    target.destination,
  ]
}

/** ssh runs LocalCommand by $SHELL; accounts of services have one that runs nothing. */
function usableShell(): { readonly SHELL?: string } {
  return /\/(nologin|false)$/.test(process.env.SHELL ?? '') ? { SHELL: '/bin/sh' } : {}
}

/** A socket's path may have about a hundred bytes, and ssh adds some of its own. */
const longestFolder = 60

export function makeFolder(): string {
  const bases = [process.env.XDG_RUNTIME_DIR ?? '', tmpdir(), '/tmp']
  const problems: string[] = []
  for (const base of bases) {
    if (!base.startsWith('/') || Buffer.byteLength(base) > longestFolder) continue
    try {
      if (!statSync(base).isDirectory()) continue
      return mkdtempSync(join(base, 'rollcall-ssh-'))
    } catch (error) {
      problems.push((error as Error).message)
    }
  }
  throw new RollcallError({
    summary: "There is no directory for the socket of ssh's master",
    detail: problems.join('\n') || `tried ${bases.filter(Boolean).join(', ')}`,
    fix: 'Set TMPDIR to a directory with a short name that you may write to.',
  })
}

export interface PasswordGiver {
  readonly env: NodeJS.ProcessEnv
  forget(): void
}

/**
 * Lets ssh ask us for the password: its askpass program answers the prompts of this very login, and no other's (a jump
 * host's, a key's), with a line from a pipe. So the password stands in no environment, no process list and no file.
 */
export async function givePassword(target: OpensshTarget, password: string, folder: string): Promise<PasswordGiver> {
  const pipe = join(folder, 'p')
  const made = await runProgram('mkfifo', ['-m', '600', pipe])
  if (made.code !== 0) throw new RollcallError({ summary: 'No pipe could be made for the password', detail: made.stderr.trim() })
  // Read and write, so that opening waits for nobody and what was written stays until it is read.
  const handle = openSync(pipe, constants.O_RDWR)
  // Once for each way that ssh may ask in.
  writeSync(handle, `${password}\n`.repeat(2))
  const who = `${target.user.slice(0, 30)}@${(target.hostKeyAlias ?? target.address.toLowerCase()).slice(0, 128)}`
  const program = join(folder, 'askpass')
  // Older ssh names nobody before the question of the server; without a proxy it can be nobody else's.
  const anybody = target.proxy ? sh`` : sh`*[Pp]assword:*) ;;`
  const script = sh`#!/bin/sh
case $1 in
${`${who}'s password: `}|${`(${who}) `}*) ;;
${anybody}
*) exit 1;;
esac
IFS= read -r line <${pipe} && printf '%s\n' "$line"
`
  writeFileSync(program, script.text, { mode: 0o700 })
  return {
    env: { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: process.env.DISPLAY ?? ':0' },
    forget: () => {
      closeSync(handle)
      rmSync(pipe, { force: true })
      rmSync(program, { force: true })
    },
  }
}
