import { spawn } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket, type Server as TcpServer } from 'node:net'
import ssh2, { type ServerChannel } from 'ssh2'
import { knownHostLine } from '../../src/transport/known-hosts.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { testFolder } from './folder.ts'
import { makeKey, type TestKey, writePrivate } from './ssh-keys.ts'
import { countTraffic, type Traffic } from './traffic.ts'

/** How a test server behaves; by default it is an honest server that runs commands with the given shell. */
export interface SshServerOptions {
  /** The login shell's path, run as `shell -c command`. */
  readonly shell?: string
  readonly env?: NodeJS.ProcessEnv
  /** Also accepts this password. */
  readonly password?: string
  /** Hears each password that is tried. */
  readonly heard?: (password: string) => void
  /** The ways in which a password may be given; `password` by default. */
  readonly methods?: readonly ('password' | 'keyboard-interactive')[]
  /** Says nothing after accepting TCP, or stops after the first line of the protocol. */
  readonly hang?: 'after-accept' | 'in-handshake'
  /** Channels beyond this number are refused. */
  readonly maxChannels?: number
}

export interface TestSshServer {
  readonly port: number
  readonly hostKey: TestKey
  readonly traffic: Traffic
  /** A target that logs in with a key that the server accepts and knows the server's key. */
  target(changes?: Partial<SshTarget>): SshTarget
  readonly knownHostsFile: string
  readonly folder: string
  /** Ends all connections without a word, as when a host loses power behind a router that resets. */
  cut(): void
  readonly connections: number
  close(): Promise<void>
}

/** An SSH server in this process, on 127.0.0.1, that runs real shells. */
export async function startSshServer(options: SshServerOptions = {}): Promise<TestSshServer> {
  const hostKey = makeKey()
  const userKey = makeKey()
  const folder = testFolder()
  const traffic = countTraffic()
  const sockets = new Set<Socket>()
  let connections = 0
  const server: TcpServer =
    options.hang === undefined
      ? (sshServer(options, hostKey, userKey, traffic) as unknown as TcpServer)
      : createServer((socket) => {
          if (options.hang === 'in-handshake') socket.write('SSH-2.0-test\r\n')
        })
  const listener: TcpServer = options.hang === undefined ? ((server as unknown as { _srv: TcpServer })._srv ?? server) : server
  listener.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const identityFile = writePrivate(folder, 'id_ed25519', userKey.privateText)
  const knownHostsFile = writePrivate(folder, 'known_hosts', `${knownHostLine(`[127.0.0.1]:${port}`, hostKey.publicKey)}\n`)
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port,
    hostKey,
    traffic,
    knownHostsFile,
    folder,
    get connections() {
      return connections
    },
    target: (changes = {}) => ({
      host: 'honor-viper',
      address: '127.0.0.1',
      port,
      user: 'admin',
      identityFiles: [identityFile],
      knownHosts: { files: [knownHostsFile], policy: 'strict' },
      ...changes,
    }),
    cut,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      cut()
      await closed
    },
  }
}

function sshServer(options: SshServerOptions, hostKey: TestKey, userKey: TestKey, traffic: Traffic) {
  return new ssh2.Server({ hostKeys: [hostKey.privateText] }, (client) => {
    let user = ''
    let open = 0
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      user = context.username
      if (context.method === 'publickey' && context.key.data.equals(userKey.publicKey)) return context.accept()
      const methods = options.password === undefined ? [] : (options.methods ?? ['password'])
      if (context.method === 'password') options.heard?.(context.password)
      const refuse = () => context.reject(['publickey', ...methods])
      if (context.method === 'password' && methods.includes('password') && context.password === options.password) return context.accept()
      if (context.method === 'keyboard-interactive' && methods.includes('keyboard-interactive'))
        return context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
          options.heard?.(answers[0] ?? '')
          return answers[0] === options.password ? context.accept() : refuse()
        })
      refuse()
    })
    client.on('session', (accept, reject) => {
      if (options.maxChannels !== undefined && open >= options.maxChannels) return reject()
      open += 1
      const session = accept()
      session.on('exec', (acceptExec, _reject, { command }) => run(options, acceptExec(), traffic.open(user, command), command, session))
    })
  })
}

function run(
  options: SshServerOptions,
  channel: ServerChannel,
  seen: ReturnType<Traffic['open']>,
  command: string,
  session: ssh2.Session,
): void {
  const child = spawn(options.shell ?? 'sh', ['-c', command], { env: options.env ?? process.env })
  session.on('signal', (_accept, _reject, { name }) => void child.kill(`SIG${name}` as NodeJS.Signals))
  child.stdin.on('error', () => undefined)
  channel.on('error', () => undefined)
  channel.on('data', (data: Buffer) => seen.fromClient(data)).pipe(child.stdin)
  child.stdout.on('data', () => seen.fromServer()).pipe(channel, { end: false })
  child.stderr.on('data', () => seen.fromServer()).pipe(channel.stderr, { end: false })
  channel.once('close', () => {
    child.stdin.destroy()
    child.stdout.destroy()
    child.stderr.destroy()
  })
  child.once('exit', (code, signal) => (signal === null ? channel.exit(code ?? 0) : channel.exit(signal.replace(/^SIG/, ''))))
  child.once('close', () => channel.end())
}
