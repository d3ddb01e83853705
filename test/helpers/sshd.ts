import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { knownHostLine } from '../../src/transport/known-hosts.ts'
import type { DeclaredTarget } from '../../src/transport/ssh-config.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { testFolder } from './folder.ts'
import { makeKey, type TestKey, writePrivate } from './ssh-keys.ts'

/** How the server's configuration departs from the plain one. */
export interface SshdOptions {
  /** Lines of sshd_config. */
  readonly config?: readonly string[]
  /** The login shell, as `shell -c command`. */
  readonly loginShell?: string
  /** Commands of a shell that come before each server, in a mount namespace of its own: only root may. `$folder` is the server's. */
  readonly before?: string
  /** Another server than sshd: what is started for each connection. The files `host_key` and `authorized_keys` are in the folder. */
  readonly server?: (folder: string) => readonly string[]
  /** What stands in the environment of each session. */
  readonly env?: Readonly<Record<string, string>>
}

/** OpenSSH's own server on 127.0.0.1; whoever runs the tests logs in to it. */
export interface TestSshd {
  readonly port: number
  readonly user: string
  readonly hostKey: TestKey
  readonly userKey: TestKey
  readonly folder: string
  readonly identityFile: string
  readonly knownHostsFile: string
  /** For the transport by ssh2. */
  target(changes?: Partial<SshTarget>): SshTarget
  /** For the transport by the system's ssh, which resolves the rest itself. */
  declared(changes?: Partial<DeclaredTarget>): DeclaredTarget
  readonly connections: number
  /** Connections that are open now. */
  readonly open: number
  /** Ends the servers of all connections without a word; what they started lives on. */
  cut(): void
  close(): Promise<void>
}

const program = '/usr/sbin/sshd'

/** Starts a listener that hands each connection to an `sshd -i`, so that no port has to be guessed. */
export async function startSshd({ config = [], loginShell, before, server: other, env = {} }: SshdOptions = {}): Promise<TestSshd> {
  try {
    accessSync(program, constants.X_OK)
  } catch {
    throw new Error(`${program} is missing, and the tests need it: apt-get install openssh-server`)
  }
  // sshd wants this directory when root starts it; the package's service makes it, and that is not running.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const folder = testFolder()
  const user = userInfo().username
  const hostKey = makeKey()
  const userKey = makeKey()
  const hostKeyFile = writePrivate(folder, 'host_key', hostKey.privateText)
  const identityFile = writePrivate(folder, 'id_ed25519', userKey.privateText)
  writeFileSync(join(folder, 'authorized_keys'), userKey.publicText)
  const configuration = writePrivate(
    folder,
    'sshd_config',
    [
      ...config,
      ...(Object.keys(env).length === 0 ? [] : [`SetEnv ${Object.entries(env).map(setting).join(' ')}`]),
      `HostKey ${hostKeyFile}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'PermitRootLogin yes',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PidFile none',
      // In place of a user with another shell: what sshd would run is `shell -c command`.
      ...(loginShell === undefined ? [] : [`ForceCommand exec ${loginShell} -c "$SSH_ORIGINAL_COMMAND"`]),
      '',
    ].join('\n'),
  )
  const own = other?.(folder)
  const servers = new Set<ChildProcess>()
  let connections = 0
  const listener = createServer({ pauseOnConnect: true }, (socket: Socket) => {
    connections += 1
    socket.on('error', () => undefined)
    // A process group of its own, so that `cut` reaches all processes of sshd.
    const words = own ?? [program, '-i', '-e', '-f', configuration]
    const argv = before === undefined ? words : ['unshare', '--mount', 'sh', '-c', `folder=${folder}\n${before}\nexec "$0" "$@"`, ...words]
    const server = spawn(argv[0]!, argv.slice(1), { stdio: [socket, socket, 'ignore'], detached: true })
    servers.add(server)
    server.once('exit', () => servers.delete(server))
    socket.destroy()
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  const knownHostsFile = writePrivate(folder, 'known_hosts', `${knownHostLine(`[127.0.0.1]:${port}`, hostKey.publicKey)}\n`)
  const cut = () => {
    for (const { pid } of servers) {
      try {
        if (pid !== undefined) process.kill(-pid, 'SIGKILL')
      } catch (error) {
        // It has ended by itself, and its event is still to come.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }
  return {
    port,
    user,
    hostKey,
    userKey,
    folder,
    identityFile,
    knownHostsFile,
    target: (changes = {}) => ({
      host: 'honor-viper',
      address: '127.0.0.1',
      port,
      user,
      identityFiles: [identityFile],
      knownHosts: { files: [knownHostsFile], policy: 'strict' },
      ...changes,
    }),
    declared: (changes = {}) => ({
      host: 'honor-viper',
      address: '127.0.0.1',
      port,
      user,
      identityFile,
      knownHostsFiles: [knownHostsFile],
      ...changes,
    }),
    get connections() {
      return connections
    },
    get open() {
      return servers.size
    },
    cut,
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      cut()
      await closed
    },
  }
}

/** One word of `SetEnv`. */
function setting([name, value]: readonly [string, string]): string {
  return `"${name}=${value.replace(/["\\]/g, '\\$&')}"`
}
