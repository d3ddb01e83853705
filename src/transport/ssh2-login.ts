import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { prepareAuthentication } from './authenticate.ts'
import { mayPass, unreachable } from './connect-errors.ts'
import { type Dialled, dial } from './dial.ts'
import { gatherWrites } from './gather-writes.ts'
import { hostKeyAlgorithms, knownHostName } from './known-hosts.ts'
import { type Limit, startLimit } from './limit.ts'
import { tryAgain } from './retry.ts'
import { algorithmsFor } from './ssh-algorithms.ts'
import { hasGreeted, spareTurns } from './ssh2-turns.ts'
import type { SshTarget } from './target.ts'
import { knownFor, verifyHostKey } from './verify-host-key.ts'

/** A login that stands. */
export interface Login {
  readonly client: Client
  readonly socket: Duplex
  /** Says goodbye, and lets go of what led there. */
  release(): Promise<void>
  /** Calls back once, when the link is gone, with the reason where there is one. */
  onLost(listener: (reason: string) => void): void
}

/**
 * Connects, checks the host's key and logs in; again where the host does not answer as one does.
 * @throws UnreachableError when the host does not answer in time, ends the connection, or refuses the login.
 * @throws RollcallError when its key does not pass, or there is nothing to log in with.
 */
export async function logIn(target: SshTarget): Promise<Login> {
  return tryAgain(target, () => attempt(target))
}

async function attempt(target: SshTarget): Promise<Login> {
  // Loading ssh2 costs 70 ms of CPU, which a run that ends before connecting need not pay.
  const ssh2 = (await import('ssh2')).default
  let limit: Limit | undefined
  const name = knownHostName(target.address, target.port, target.hostKeyAlias)
  const [authentication, known] = await Promise.all([
    prepareAuthentication(ssh2, target, (work) => limit?.pause(work) ?? work()),
    knownFor(name, target.knownHosts),
  ])
  const algorithms = await algorithmsFor(target.host, target.algorithms ?? {}, hostKeyAlgorithms(known.entries, name))
  const limitMs = target.connectTimeoutMs ?? 10_000
  const client = new ssh2.Client()
  let phase = 'waiting for the TCP connection'
  const where = () => (phase === greeting && hasGreeted(client) ? 'in the key exchange' : phase)
  const late = () => {
    const error = unreachable(target, `no answer within ${limitMs / 1000} s, ${where()}`)
    return phase === loggingIn ? error : mayPass(error, 'late')
  }
  // Over a jump host the time begins when that has let us in: it has a time of its own, and may have to ask somebody.
  let way: Dialled | undefined = target.via?.kind === 'jump' && !target.dial ? await dial(target) : undefined
  limit = startLimit(limitMs, late)
  const login = async () => {
    way ??= await dial(target)
    const socket = gatherWrites(way.stream)
    phase = greeting
    await new Promise<void>((resolve, reject) => {
      let refusal: Error | undefined
      const lost = (reason: string, cause?: Error) => {
        const early = phase === greeting && !hasGreeted(client)
        const give = (why?: string) => {
          const error = unreachable(target, [reason, ...(why === undefined ? [] : [why])].join('\n'), cause)
          reject(early ? mayPass(error, 'soon') : error)
        }
        if (way?.why) way.why().then(give, () => give())
        else give()
      }
      client.once('ready', resolve)
      client.once('handshake', () => {
        phase = loggingIn
      })
      client.on('error', (error: Error & { level?: string; code?: unknown }) => {
        if (error.level === 'agent') return // the next method is tried
        if (refusal) reject(refusal)
        else if (error.level === 'client-authentication') reject(authentication.refused())
        // The host's own goodbye while somebody logs in: it has had enough, or lets this user in by no means.
        else if (phase === loggingIn && typeof error.code === 'number')
          reject(authentication.refused(`it ended the connection: ${error.message}`))
        else lost(`${where()}: ${error.message}`, error)
      })
      client.once('close', () => (refusal ? reject(refusal) : lost(`the connection was closed, ${where()}`)))
      client.on('change password', () => reject(authentication.refused('the password has expired, and a new one is asked for')))
      client.connect({
        sock: socket,
        username: target.user,
        readyTimeout: 0, // the limit counts from the first attempt to connect
        ...keepalive(target),
        algorithms,
        hostVerifier: (key: Buffer, verified: (good: boolean) => void) => {
          phase = 'checking the host key'
          verifyHostKey(target, name, key, known, target.knownHosts).then(
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
      authentication.watch(client)
    })
  }
  const loggedIn = login()
  try {
    await Promise.race([loggedIn, limit.over])
  } catch (error) {
    // A way that comes through after the limit must not stay open.
    const letGo = async () => {
      client.destroy()
      way?.stream.destroy()
      await way?.release?.()
    }
    loggedIn.catch(() => undefined).then(letGo, () => undefined)
    await letGo()
    throw error
  } finally {
    limit.clear()
  }
  return follow(client, way as Dialled, target)
}

const greeting = "waiting for the SSH server's greeting"
const loggingIn = 'logging in'

/** ssh2 asks once more than it is told before it gives up; a link that is dead shall be noticed within interval times count. */
function keepalive({ keepaliveMs = 15_000, keepaliveCount = 3 }: SshTarget) {
  return { keepaliveInterval: keepaliveMs, keepaliveCountMax: Math.max(1, keepaliveCount - 1) }
}

function follow(client: Client, way: Dialled, target: SshTarget): Login {
  let problem: string | undefined
  let released = false
  client.on('error', (error: Error & { level?: string }) => {
    const { keepaliveInterval, keepaliveCountMax } = keepalive(target)
    const silent = (keepaliveInterval * (keepaliveCountMax + 1)) / 1000
    problem ??= error.level === 'client-timeout' ? `nothing was heard for ${silent} s` : error.message
    client.destroy()
    way.stream.destroy()
  })
  const gone = new Promise<string>((resolve) => {
    client.once('close', () => {
      const reason = problem === undefined ? 'the connection was closed' : `the connection was lost: ${problem}`
      const more = (released ? undefined : way.why?.().catch(() => undefined)) ?? Promise.resolve(undefined)
      more.then((why) => {
        resolve([reason, ...(why === undefined ? [] : [why])].join('\n'))
        way.release?.()
      })
    })
  })
  return {
    client,
    socket: way.stream,
    onLost: (listener) => void gone.then(listener),
    async release() {
      released = true
      // Our goodbye is on its way; what the server does until it closes its end costs a round trip, and nobody's time.
      const said = new Promise((resolve) => way.stream.once('finish', resolve))
      client.end()
      const timer = setTimeout(() => {
        client.destroy()
        way.stream.destroy()
      }, 1000)
      gone.then(() => clearTimeout(timer))
      await Promise.race([said, gone])
    },
  }
}
