import { isAbsolute } from 'node:path'
import { isUserName } from '../model/become.ts'
import { RollcallError } from '../model/errors.ts'
import { hostKeyProblem } from '../model/host-key.ts'
import type {
  BecomeSettings,
  ChrootSettings,
  ContainerSettings,
  GivenLab,
  LabSettings,
  LocalSettings,
  NspawnSettings,
  SshSettings,
} from '../model/inventory.ts'
import { parseProxyJump } from '../model/jump-spec.ts'
import { becomeProblem } from './become.ts'

/** A host reached over SSH. Whatever is not given comes from `~/.ssh/config`, then from SSH's own defaults. */
export function ssh(settings: Omit<SshSettings, 'type'> = {}): SshSettings {
  const wrong = hostKeyProblem({ type: 'ssh', ...settings })
  if (wrong) throw new RollcallError({ summary: 'The inventory is wrong', ...wrong, exitCode: 1 })
  return checked({ type: 'ssh', ...settings })
}

/** A host of the lab on this machine: started when a run needs it, reached over real SSH at its private address. */
export function lab(settings: Partial<Omit<LabSettings, 'type'>> = {}): GivenLab {
  return checked({ type: 'lab', ...settings })
}

/** The controller itself, without SSH; `connection: 'local'` says the same. */
export function local(settings: Omit<LocalSettings, 'type'> = {}): LocalSettings {
  return checked({ type: 'local', ...settings })
}

/** A running container of docker, by `docker exec`; its name is the host's unless `container` says another. */
export function docker(settings: Omit<ContainerSettings, 'type' | 'program'> = {}): ContainerSettings {
  return container({ type: 'container', program: 'docker', ...settings })
}

/** A running container of podman, by `podman exec`; its name is the host's unless `container` says another. */
export function podman(settings: Omit<ContainerSettings, 'type' | 'program'> = {}): ContainerSettings {
  return container({ type: 'container', program: 'podman', ...settings })
}

/** A directory of the controller that holds a system, by `chroot`; only root may. */
export function chroot(settings: Omit<ChrootSettings, 'type'>): ChrootSettings {
  return checked({ type: 'chroot', ...withUser(withDirectory('chroot', settings)) })
}

/** A directory of the controller that holds a system, as a container of `systemd-nspawn` while a run needs it; only root may. */
export function nspawn(settings: Omit<NspawnSettings, 'type'>): NspawnSettings {
  return checked({ type: 'nspawn', ...withUser(withDirectory('nspawn', settings)) })
}

function container(settings: ContainerSettings): ContainerSettings {
  const { container: name } = settings
  if (name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name))
    throw wrong(
      `container: '${name}' is no name of a container`,
      'It begins with a letter or digit; letters, digits, dots, - and _ may follow.',
    )
  return checked(withUser(settings))
}

function withDirectory<S extends { readonly directory: string }>(way: string, settings: S): S {
  if (typeof settings.directory === 'string' && isAbsolute(settings.directory)) return settings
  throw wrong(`${way}({ directory: '${settings.directory}' })`, 'Give the directory from / on: a run may be started anywhere.')
}

function withUser<S extends { readonly user?: string }>(settings: S): S {
  if (settings.user === undefined || isUserName(settings.user)) return settings
  throw wrong(`user: '${settings.user}' is no name of a user`, 'Give a name or a number, without its group.')
}

/** What ssh calls 0 is for ever, and what others call 0 is off. */
function checked<S extends BecomeSettings & { readonly controlPersistSeconds?: number }>(settings: S): S {
  const { becomeMethod: method, becomeUser: user } = settings
  const problem = becomeProblem({ ...(method !== undefined && { method }), ...(user !== undefined && { user }) })
  if (problem) throw new RollcallError({ summary: 'The inventory is wrong', ...problem, exitCode: 1 })
  const own: Partial<SshSettings> = settings
  const { connectRetries: retries, proxyJump } = own
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0))
    throw wrong(`connectRetries: ${retries} is no whole number from 0`, 'connectRetries: 3 tries four times in all, 0 once.')
  if (proxyJump !== undefined && proxyJump !== 'none' && parseProxyJump(proxyJump) === undefined)
    throw wrong(
      `proxyJump: '${proxyJump}' names no host to jump over`,
      "Write it as ssh_config does: proxyJump: 'admin@gate.example.com:2222'",
    )
  const { controlPersistSeconds: seconds } = settings
  if (seconds === undefined || (Number.isInteger(seconds) && seconds >= 1)) return settings
  throw wrong(
    `controlPersistSeconds: ${seconds} is no whole number from 1`,
    'Leave it out to keep no connection, or give the seconds: controlPersistSeconds: 300',
  )
}

function wrong(detail: string, fix: string): RollcallError {
  return new RollcallError({ summary: 'The inventory is wrong', detail, fix })
}
