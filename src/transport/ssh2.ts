import type { ClientChannel } from 'ssh2'
import type { UnreachableError } from '../model/errors.ts'
import { hostAndPort } from '../util/ip-address.ts'
import { NoChannel, unreachable } from './connect-errors.ts'
import type { Connection, Exit, RemoteProcess } from './connection.ts'
import { type Login, logIn } from './ssh2-login.ts'
import type { SshTarget } from './target.ts'

/**
 * Connects and logs in, over jump hosts and proxy commands where the target has some.
 * @throws UnreachableError when the host does not answer in time, ends the connection, or refuses the login.
 * @throws RollcallError when its key does not pass, or there is nothing to log in with.
 */
export async function connectSsh2(target: SshTarget): Promise<Connection> {
  return serve(await logIn(target), target)
}

function serve({ client, onLost, release }: Login, target: SshTarget): Connection {
  let lost: UnreachableError | undefined
  const lose = (reason: string) => {
    lost ??= unreachable(target, reason)
    return lost
  }
  const gone = new Promise<UnreachableError>((resolve) => onLost((reason) => resolve(lose(reason))))
  // Said before the reason is known: what a ProxyCommand has to say of its end takes a moment.
  let ended = false
  client.once('close', () => {
    ended = true
  })
  const end = { gone, isOver: () => ended }

  return {
    description: `${target.user}@${hostAndPort(target.address, target.port)}`,
    async start(command, { pty = false } = {}) {
      if (lost !== undefined) throw lost
      return new Promise<RemoteProcess>((resolve, reject) => {
        // Listened to at once: the end of a short process may come in the same packet as the word that it has started.
        const opened = (error: Error | undefined, channel: ClientChannel) => {
          if (!error) resolve(remoteProcess(channel, end))
          else if (ended) gone.then(reject)
          else reject(lost ?? new NoChannel(target.host, error.message, error))
        }
        try {
          client.exec(command.text, pty ? { pty: true } : {}, opened)
        } catch (error) {
          reject(lose((error as Error).message))
        }
      })
    },
    async close() {
      if (lost !== undefined) return
      lose('the connection was closed')
      await release()
    },
  }
}

interface LinkEnd {
  readonly gone: Promise<UnreachableError>
  readonly isOver: () => boolean
}

function remoteProcess(channel: ClientChannel, { gone, isOver }: LinkEnd): RemoteProcess {
  let settle: (exit: Exit) => void = () => undefined
  const exit = new Promise<Exit>((resolve, reject) => {
    settle = resolve
    channel.once('exit', (code: number | null, signal?: string) => resolve({ code, signal: signal ?? null }))
    // The channel's own end comes only after its output has been read, so a lost connection is told apart from it.
    gone.then(reject)
    // The server closed the channel and did not say how the process ended.
    channel.once('close', () => {
      if (!isOver()) setImmediate(resolve, { code: null, signal: null })
    })
  })
  exit.catch(() => undefined)
  channel.on('error', () => undefined)
  return {
    stdin: channel.stdin,
    stdout: channel.stdout,
    stderr: channel.stderr,
    exit,
    kill() {
      channel.signal('TERM')
      channel.close()
      // Nobody may be reading any more, and an unread channel never ends.
      channel.stdout.resume()
      channel.stderr.resume()
      // OpenSSH says nothing more of a process that outlives the signal.
      setTimeout(settle, 1000, { code: null, signal: 'SIGTERM' }).unref()
    },
  }
}
