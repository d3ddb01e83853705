import type { Secret } from '../util/secret.ts'
import type { BecomeMethod } from './become.ts'
import type { SourceLine } from './errors.ts'
import type { DeclaredFacts } from './facts.ts'
import type { InputDeclaration } from './input.ts'
import type { Origin, SourceAnswer } from './sourced.ts'

export type Vars = { readonly [name: string]: unknown }

/** How a host is reached, resolved over all levels. */
export type ConnectionSettings = SshSettings | LabSettings | ContainerSettings | ChrootSettings | NspawnSettings | LocalSettings
/** What one level says of that. Made by `ssh()`, `lab()`, `docker()`, `podman()`, `chroot()`, `nspawn()` and `local()`. */
export type GivenConnection = SshSettings | GivenLab | ContainerSettings | ChrootSettings | NspawnSettings | LocalSettings
/** Where no level says more, a lab host is `systemd`, and its user `admin`. */
export type GivenLab = Pick<LabSettings, 'type'> & Partial<LabSettings>

/** How `become` is done on a host, where a task does not say. */
export interface BecomeSettings {
  /** Default `sudo`. */
  readonly becomeMethod?: BecomeMethod
  /** Default `root`. */
  readonly becomeUser?: string
  /** For where a password is asked for. sudo and doas want the login user's, su that of the user to become. */
  readonly becomePassword?: Secret
}

export interface SshSettings extends BecomeSettings {
  readonly type: 'ssh'
  /**
   * `ssh2` (the default) speaks SSH itself; `openssh` has the system's `ssh` log in, for what only that can do:
   * certificates, GSSAPI, security keys.
   */
  readonly transport?: 'ssh2' | 'openssh'
  /** Host name or address to connect to; default the host's public, else private address, else its name. */
  readonly address?: string
  readonly port?: number
  readonly user?: string
  readonly identityFile?: string
  /** Of the key, where it is encrypted and no agent holds it. */
  readonly identityPassphrase?: Secret
  readonly password?: Secret
  /**
   * Hosts to jump over, as ssh_config writes them: `admin@gate:2222`, several by commas. One that the inventory has is
   * logged in to as that says. `none` for none, whatever `~/.ssh/config` has.
   */
  readonly proxyJump?: string
  /** Files of known host keys; default `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`. */
  readonly knownHostsFiles?: readonly string[]
  /**
   * Its public key, as in `ssh-ed25519 AAAA…`, or several: the host must show one of them, and no file of known host keys is asked. For
   * the transport `ssh2`, without `controlPersistSeconds`.
   */
  readonly hostKey?: string | readonly string[]
  readonly hostKeyAlias?: string
  readonly connectTimeoutSeconds?: number
  /** How often a host that refuses or drops the connection, or does not answer in time, is tried again. */
  readonly connectRetries?: number
  /**
   * Keeps the login for later runs, as ssh's ControlPersist: until no run has used it for so many seconds. `rollcall
   * connections` lists and closes them. Off by default; needs OpenSSH's client.
   */
  readonly controlPersistSeconds?: number
}
export interface LabSettings extends BecomeSettings {
  readonly type: 'lab'
  /** `systemd`: a whole system with services; `sshd`: sshd as the only process, starts faster. */
  readonly kind: 'systemd' | 'sshd'
  readonly user: string
  /** As for `ssh()`. */
  readonly controlPersistSeconds?: number
}
/** A container that runs. Its users are become by the engine itself, unless a `becomeMethod` is given. */
export interface ContainerSettings extends BecomeSettings {
  readonly type: 'container'
  /** The engine's client on the controller. */
  readonly program: 'docker' | 'podman'
  /** Name or id; default the host's name. */
  readonly container?: string
  /** Default the container's own user. */
  readonly user?: string
  /** Words for the client before its command: `['--context', 'build']`, `['--host', 'ssh://admin@build']`. */
  readonly args?: readonly string[]
}
/** A directory of the controller with a system in it. Its users are become by chroot itself, unless a `becomeMethod` is given. */
export interface ChrootSettings extends BecomeSettings {
  readonly type: 'chroot'
  /** Absolute. */
  readonly directory: string
  /** Default `root`. */
  readonly user?: string
}
/**
 * A directory of the controller with a system in it, as a container of systemd-nspawn while a run needs it. Its users are become by the
 * way itself, unless a `becomeMethod` is given.
 */
export interface NspawnSettings extends BecomeSettings {
  readonly type: 'nspawn'
  /** Absolute. */
  readonly directory: string
  /** Default `root`. */
  readonly user?: string
  /** Words for systemd-nspawn: `['--bind=/srv/cache', '--private-network']`. */
  readonly args?: readonly string[]
}
export interface LocalSettings extends BecomeSettings {
  readonly type: 'local'
}

/** One of the places that set a var of a host, or a setting of its connection. */
export interface VarLevel {
  /** Nearer to the host wins: all < groups, from above < host; what a run was given by `-e` wins over all. */
  readonly level: 'all' | 'group' | 'host' | 'given'
  readonly group?: string
  /** Where it was given: `-e`, `release.yaml:3:10`. */
  readonly from?: string
  /** The line that sets it, where that is known. */
  readonly at?: SourceLine
  readonly value: unknown
}

/** One host of the inventory with everything declared for it, values resolved over the three levels. */
export interface HostRecord {
  readonly name: string
  /** Groups in the order the host names them, then those that these are in, without `all`. */
  readonly groups: readonly string[]
  readonly vars: Vars
  /** Var → every level that sets it, the one that counts last. */
  readonly varLevels?: ReadonlyMap<string, readonly VarLevel[]>
  readonly privateIp?: string
  readonly publicIp?: string
  readonly connection: ConnectionSettings
  /** Setting of the connection → every level that gives it, the one that counts last; those that nobody gives are absent. */
  readonly connectionLevels?: ReadonlyMap<string, readonly VarLevel[]>
  /** Hosts of the inventory that its `proxyJump` names. */
  readonly jumpHosts?: ReadonlyMap<string, HostRecord>
  readonly facts?: DeclaredFacts
  /** Absent of a host that code declares. */
  readonly origin?: Origin
}

/** A host that the inventory does not have, as a task adds it. */
export interface NewHost {
  readonly groups: readonly string[]
  readonly privateIp?: string
  readonly publicIp?: string
  readonly vars?: Vars
  readonly connection?: GivenConnection | 'local'
}

/** The inventory as the engine sees it: every host, always, in the order declared. */
export interface InventoryModel {
  readonly hosts: ReadonlyMap<string, HostRecord>
  /** Group → names of its hosts in inventory order; `all` is there too. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  /** Group → the groups directly below it, for groups that have some. `groups` counts the hosts of all of them. */
  readonly children?: ReadonlyMap<string, readonly string[]>
  /** Group → JSON schema that vars of its hosts must fit. */
  readonly schemas?: ReadonlyMap<string, object>
  /** Vars that a run may be given by `-e`. */
  readonly overridable?: ReadonlyMap<string, InputDeclaration>
  /** How its sources were asked, where it has some. */
  readonly sources?: readonly SourceAnswer[]
  /**
   * A host as the inventory would have it: vars and connection over all levels. `fail` does not return. Absent where hosts cannot be
   * added.
   */
  readonly resolve?: (name: string, host: NewHost, fail: (detail: string, fix: string) => never) => HostRecord
  readonly at?: SourceLine
}

/** Types of one group: the names of its hosts, the vars each has, and whether each declares a private address. */
export interface GroupShape {
  readonly host: string
  readonly vars: object
  readonly privateIp: string | undefined
}
/** Group → its types. Worked out once by `defineInventory`; everything typed by an inventory hangs on it. */
export interface Shape {
  readonly [group: string]: GroupShape
}
