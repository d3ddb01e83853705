import { connect as connectTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Client, ClientChannel, ServerHostKeyAlgorithm } from 'ssh2'
import { RollcallError, type UnreachableError } from '../model/errors.ts'
import { hostAndPort } from '../util/ip-address.ts'
import { prepareAuthentication } from './authenticate.ts'
import { NoChannel, unreachable } from './connect-errors.ts'
import type { Connection, Exit, RemoteProcess } from './connection.ts'
import { gatherWrites } from './gather-writes.ts'
import { hostKeyAlgorithms, knownHostName } from './known-hosts.ts'
import { spareTurns } from './ssh2-turns.ts'
import type { SshTarget } from './target.ts'
import { readKnownHosts, verifyHostKey } from './verify-host-key.ts'

/**
 * Connects and logs in.
 * @throws UnreachableError when the host does not answer in time, ends the connection, or refuses the login.
 * @throws RollcallError when its key does not pass, or there is nothing to log in with.
 */
export async function connectSsh2(target: SshTarget): Promise<Connection> {
  // Loading ssh2 costs 70 ms of CPU, which a run that ends before connecting need not pay.
  const ssh2 = (await import('ssh2')).default
  const [authentication, known] = await Promise.all([prepareAuthentication(ssh2, target), readKnownHosts(target.knownHosts.files)])
  const name = knownHostName(target.address, target.port, target.hostKeyAlias)
  const client = new ssh2.Client()
  const limit = target.connectTimeoutMs ?? 10_000
  let phase = 'waiting for the TCP connection'
  let timer: NodeJS.Timeout | undefined
  let socket: Duplex | undefined

  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(target, `no answer within ${limit / 1000} s, ${phase}`)), limit)
  })
  const login = async () => {
    socket = gatherWrites(await dial(target))
    phase = "waiting for the SSH server's greeting"
    await new Promise<void>((resolve, reject) => {
      let refusal: Error | undefined
      client.once('ready', resolve)
      client.once('handshake', () => {
        phase = 'logging in'
      })
      client.on('error', (error: Error & { level?: string }) => {
        if (error.level === 'agent') return // the next method is tried
        reject(
          refusal ??
            (error.level === 'client-authentication' ? authentication.refused() : unreachable(target, `${phase}: ${error.message}`, error)),
        )
      })
      client.once('close', () => reject(refusal ?? unreachable(target, `the connection was closed, ${phase}`)))
      client.connect({
        sock: socket as Duplex,
        username: target.user,
        readyTimeout: 0, // the limit above counts from the first attempt to connect
        keepaliveInterval: target.keepaliveMs ?? 15_000,
        keepaliveCountMax: 3,
        algorithms: {
          // Fast without a native binding: these are in Node's own crypto.
          kex: { prepend: ['curve25519-sha256', 'curve25519-sha256@libssh.org'], append: [], remove: [] },
          cipher: { prepend: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'], append: [], remove: [] },
          serverHostKey: hostKeyAlgorithms(known.entries, name) as ServerHostKeyAlgorithm[],
          compress: ['none'],
        },
        hostVerifier: (key: Buffer, verified: (good: boolean) => void) => {
          phase = 'checking the host key'
          verifyHostKey(target.host, name, key, known, target.knownHosts).then(
            () => {
              phase = 'finishing the handshake'
              verified(true)
            },
            (error: Error) => {
              refusal = error
              reject(error) // `false` below ends the connection with a message that says less
              verified(false)
            },
          )
        },
        authHandler: authentication.handler,
      })
      spareTurns(client)
    })
  }
  const loggedIn = login()
  try {
    await Promise.race([loggedIn, tooLate])
  } catch (error) {
    // A dial that comes through after the limit must not stay open.
    loggedIn.catch(() => undefined).finally(() => socket?.destroy())
    client.destroy()
    socket?.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
  return serve(client, socket as Duplex, target)
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  EHOSTUNREACH: 'no route to the host, or it does not answer',
  ENETUNREACH: 'no route to its network',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
}

async function dial(target: SshTarget): Promise<Duplex> {
  try {
    return await (target.dial ?? dialTcp)(target.address, target.port)
  } catch (error) {
    if (error instanceof RollcallError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw unreachable(target, reasons[code] ?? (error as Error).message, error as Error)
  }
}

function dialTcp(address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address, port, noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

function serve(client: Client, socket: Duplex, target: SshTarget): Connection {
  let lost: UnreachableError | undefined
  let problem: Error | undefined
  const lose = (reason: string) => {
    lost ??= unreachable(target, reason, problem)
    return lost
  }
  client.on('error', (error) => {
    problem ??= error
    client.destroy()
  })
  const gone = new Promise<UnreachableError>((resolve) => {
    client.once('close', () =>
      resolve(lose(problem === undefined ? 'the connection was closed' : `the connection was lost: ${problem.message}`)),
    )
  })

  return {
    description: `${target.user}@${hostAndPort(target.address, target.port)}`,
    async start(command, { pty = false } = {}) {
      if (lost !== undefined) throw lost
      return new Promise<RemoteProcess>((resolve, reject) => {
        // Listened to at once: the end of a short process may come in the same packet as the word that it has started.
        const opened = (error: Error | undefined, channel: ClientChannel) =>
          error ? reject(lost ?? new NoChannel(target.host, error.message, error)) : resolve(remoteProcess(channel, gone))
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
      // Our goodbye is on its way; what the server does until it closes its end costs a round trip, and nobody's time.
      const said = new Promise((resolve) => socket.once('finish', resolve))
      client.end()
      const timer = setTimeout(() => client.destroy(), 1000)
      gone.then(() => clearTimeout(timer))
      await Promise.race([said, gone])
    },
  }
}

function remoteProcess(channel: ClientChannel, gone: Promise<UnreachableError>): RemoteProcess {
  let settle: (exit: Exit) => void = () => undefined
  const exit = new Promise<Exit>((resolve, reject) => {
    settle = resolve
    channel.once('exit', (code: number | null, signal?: string) => resolve({ code, signal: signal ?? null }))
    // The channel's own end comes only after its output has been read, so a lost connection is told apart from it.
    gone.then(reject)
    // The server closed the channel and did not say how the process ended.
    channel.once('close', () => setImmediate(resolve, { code: null, signal: null }))
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
