import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2, { type Client, type ClientChannel, type ServerChannel, type Session } from 'ssh2'
import { makeKey, type TestKey } from './ssh-keys.ts'
import { countTraffic, type Traffic } from './traffic.ts'

/** The real host behind the proxy. */
export interface Upstream {
  /** A connected stream to the real host's sshd. */
  dial(): Promise<Duplex>
  /** A private key (its text) that the real host accepts for every user that logs in through the proxy. */
  readonly privateKey: string
}

export interface CountingProxy {
  readonly port: number
  /** The key that the proxy shows; put its line into the known_hosts of the target. */
  readonly hostKey: TestKey
  readonly traffic: Traffic
  /** SSH connections that were made to the proxy. */
  readonly connections: number
  close(): Promise<void>
}

/**
 * An SSH server on 127.0.0.1 in front of a real host: it lets everybody in, logs in on the host under the same name,
 * and hands every command and every byte on. What it counts is what the host's sshd would see.
 */
export async function countingProxy(upstream: Upstream): Promise<CountingProxy> {
  const hostKey = makeKey()
  const traffic = countTraffic()
  const clients = new Set<{ end(): void }>()
  let connections = 0
  const server = new ssh2.Server({ hostKeys: [hostKey.privateText] }, (client) => {
    connections += 1
    clients.add(client)
    let host: Promise<Client> | undefined
    let user = ''
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      user = context.username
      if (context.method !== 'publickey' && context.method !== 'password') return context.reject(['publickey', 'password'])
      host ??= logIn(upstream, user)
      host.then(
        () => context.accept(),
        () => client.end(),
      )
    })
    client.on('session', (accept) => {
      const session = accept()
      session.on('pty', (acceptPty) => acceptPty?.())
      session.on('exec', (acceptExec, rejectExec, { command }) => {
        host?.then((connected) => {
          connected.exec(command, (error, far) => (error ? rejectExec() : relay(acceptExec(), far, session, traffic.open(user, command))))
        })
      })
    })
    client.once('close', () => {
      clients.delete(client)
      host?.then(
        (connected) => connected.end(),
        () => undefined,
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    hostKey,
    traffic,
    get connections() {
      return connections
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const client of clients) client.end()
      await closed
    },
  }
}

async function logIn(upstream: Upstream, username: string): Promise<Client> {
  const sock = await upstream.dial()
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.on('error', reject)
    client.once('ready', () => resolve(client))
    client.connect({ sock, username, privateKey: upstream.privateKey })
  })
}

function relay(near: ServerChannel, far: ClientChannel, session: Session, seen: ReturnType<Traffic['open']>): void {
  near.on('error', () => undefined)
  far.on('error', () => undefined)
  near.on('data', (data: Buffer) => seen.fromClient(data)).pipe(far)
  far.on('data', () => seen.fromServer()).pipe(near, { end: false })
  far.stderr.on('data', () => seen.fromServer()).pipe(near.stderr, { end: false })
  session.on('signal', (_accept, _reject, { name }) => far.signal(name))
  far.once('exit', (code: number | null, signal?: string) =>
    signal === undefined ? near.exit(code ?? 0) : near.exit(signal.replace(/^SIG/, '')),
  )
  far.once('close', () => near.end())
  near.once('close', () => far.close())
}
