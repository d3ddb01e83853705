import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { RollcallError } from '../model/errors.ts'
import { hostAndPort } from '../util/ip-address.ts'
import type { Script } from '../util/sh.ts'
import { NoChannel } from './connect-errors.ts'
import type { Connection, Exit, RemoteProcess } from './connection.ts'
import { type Master, startMaster } from './openssh-master.ts'
import { notStarted, option } from './openssh-program.ts'
import { type OpensshOptions, type OpensshTarget, resolveOpensshTarget } from './openssh-target.ts'
import { tryAgain } from './retry.ts'
import type { DeclaredTarget } from './ssh-config.ts'

/**
 * Connects by the system's `ssh`, so that whatever `~/.ssh/config` asks (jump hosts, certificates, GSSAPI) holds. One
 * master logs in; each process is a further `ssh` over its socket. Nobody is ever asked anything.
 * @throws UnreachableError when the host does not answer in time, ends the connection, or refuses the login.
 * @throws RollcallError when its key does not pass, or ssh is missing or refuses its configuration.
 */
export async function connectOpenssh(
  declared: DeclaredTarget,
  options: OpensshOptions = {},
): Promise<{ readonly connection: Connection; readonly user: string }> {
  const target = await resolveOpensshTarget(declared, options)
  return { connection: serve(target, await tryAgain(target, () => startMaster(target))), user: target.user }
}

function serve(target: OpensshTarget, master: Master): Connection {
  let lost: RollcallError | undefined
  let started = 0
  const running = new Set<RemoteProcess>()
  const gone = master.gone.then((error) => {
    lost ??= error
    return lost
  })
  return {
    description: `${target.user}@${hostAndPort(target.address, target.port)}`,
    async start(command, { pty = false } = {}) {
      if (lost !== undefined) throw lost
      started += 1
      const log = join(master.folder, `${started}.log`)
      // Of its own session, as the master is: Ctrl-C must not end it in the middle of a change.
      const child = spawn(target.program, channelWords(master, log, pty, command), { stdio: 'pipe', detached: true })
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', (error) => reject(lost ?? notStarted(target.program, error)))
      })
      const remote = remoteProcess(target, child, log, master, gone)
      running.add(remote)
      const forget = () => running.delete(remote)
      remote.exit.then(forget, forget)
      return remote
    },
    async close() {
      for (const remote of running) remote.kill()
      await master.close()
      await gone
    },
  }
}

/** No configuration is read: what it asks was done by the master. */
function channelWords(master: Master, log: string, pty: boolean, command: Script): string[] {
  return [
    ...['-F', '/dev/null', '-S', master.socket],
    // Without the master it would connect by itself; this way cannot.
    ...option('ProxyCommand', 'false'),
    // ssh's own messages go to a file, so that standard error is the host's alone; see `endOf` for the level.
    ...['-E', log, ...option('LogLevel', 'DEBUG2')],
    ...(pty ? ['-tt', '-e', 'none'] : ['-T']),
    ...['--', 'host', command.text],
  ]
}

type Child = ChildProcess & { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable }

function remoteProcess(
  target: OpensshTarget,
  child: ChildProcess,
  log: string,
  master: Master,
  gone: Promise<RollcallError>,
): RemoteProcess {
  const { stdin, stdout, stderr } = child as Child
  stdin.on('error', () => undefined) // a process that ends early closes its input; its exit says so already
  let killed = false
  const exit = once(child, 'exit').then(async ([code]: (number | null)[]): Promise<Exit> => {
    if (killed) return { code: null, signal: 'SIGTERM' }
    return endOf(target, code ?? null, log, master, gone)
  })
  const cleaned = exit.finally(() => rm(log, { force: true }))
  cleaned.catch(() => undefined)
  return {
    stdin,
    stdout,
    stderr,
    exit: cleaned,
    kill() {
      killed = true
      child.kill()
      // Nobody may be reading any more.
      stdout.resume()
      stderr.resume()
    },
  }
}

/**
 * ssh ends with 255 for four reasons, which its log tells apart: the process ended so, the master is gone, the server
 * gave no channel, or the process was killed by a signal, of which ssh does not pass on the name.
 */
async function endOf(target: OpensshTarget, code: number | null, log: string, master: Master, gone: Promise<RollcallError>): Promise<Exit> {
  if (code !== 255 && code !== 1) return { code, signal: null }
  const said = await readFile(log, 'utf8').catch(() => undefined)
  // 1 is also what ssh ends with when the directory went, with the master, before it could open its log.
  if (said === undefined && !(await answers(master.socket))) throw await gone
  if (code === 1 || said === undefined) return { code, signal: null }

  if (/received exit status from master/i.test(said)) return { code, signal: null }
  if (!(await answers(master.socket))) throw await gone
  const refused = /session request failed: (.*)/.exec(said)?.[1]
  if (refused !== undefined) throw new NoChannel(target.host, refused.trim())
  return { code: null, signal: null }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket)
    const settle = (alive: boolean) => {
      probe.destroy()
      resolve(alive)
    }
    probe.once('connect', () => settle(true))
    probe.once('error', () => settle(false))
  })
}
