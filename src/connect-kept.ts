import { userSocketDir } from './store/index.ts'
import type { Connection } from './transport/connection.ts'
import { connectKept } from './transport/kept.ts'
import { socketNameLength } from './transport/kept-records.ts'
import { configuredLogin, type DecidedLogin, explicitLogin } from './transport/kept-target.ts'
import { type DeclaredTarget, resolveTarget } from './transport/ssh-config.ts'
import type { SshTarget } from './transport/target.ts'

interface KeepOptions {
  readonly persistSeconds: number
  /** Takes none that is there: the host has gone down meanwhile. */
  readonly fresh: boolean
}

/** A kept connection to a host, by what the inventory declares and `~/.ssh/config` adds. */
export async function connectKeptSsh(
  declared: DeclaredTarget,
  transport: 'ssh2' | 'openssh',
  options: KeepOptions,
): Promise<{ readonly connection: Connection; readonly user: string }> {
  const login = transport === 'openssh' ? await configuredLogin(declared) : await explicitLogin(await resolveTarget(declared))
  return { connection: await keep(login, options), user: login.ssh.user }
}

/** A kept connection to a host of a lab; another boot of the lab is another lab. */
export async function connectKeptLab(
  target: SshTarget,
  lab: { readonly name: string; readonly boot: unknown; readonly wrap: (argv: readonly string[]) => readonly string[] },
  options: KeepOptions,
): Promise<Connection> {
  const login = await explicitLogin(target)
  return keep({ ...login, decides: [login.decides, lab.name, lab.boot] }, options, { lab: lab.name, wrap: lab.wrap })
}

function keep(
  login: DecidedLogin,
  { persistSeconds, fresh }: KeepOptions,
  where: { readonly lab?: string; readonly wrap?: (argv: readonly string[]) => readonly string[] } = {},
): Promise<Connection> {
  const target = { ...login, ...where, decides: [login.decides, persistSeconds], persistSeconds }
  return connectKept(userSocketDir(socketNameLength), target, { fresh })
}
