import type { Duplex } from 'node:stream'
import type { Secret } from '../util/secret.ts'
import type { AlgorithmWishes } from './ssh-algorithms.ts'
import type { KnownHostsPolicy } from './verify-host-key.ts'

/** Ways to log in, as OpenSSH calls them. */
export type LoginMethod = 'publickey' | 'keyboard-interactive' | 'password'

/** What leads to the port of a host that is not reached from here by itself. */
export type Via =
  /** Over another host, which is logged in to first, with settings and a host key of its own. */
  | { readonly kind: 'jump'; readonly target: SshTarget }
  /** Over standard input and output of a command that the user's shell runs here; its tokens are filled in. */
  | { readonly kind: 'command'; readonly command: string }

/** A setting as it was written, and by whom: `inventory`, `~/.ssh/config:12`. */
export interface SettingOrigin {
  readonly value: string
  readonly from: string
}

/** Where and how to log in: everything that the inventory and the ssh configuration have decided. */
export interface SshTarget {
  /** The inventory's name, for messages. */
  readonly host: string
  /** For which host this one is jumped over, for messages. */
  readonly jumpTo?: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** Private keys to try, in this order; files that do not exist are passed over. */
  readonly identityFiles?: readonly string[]
  /** The inventory names the key, so it goes before all that an agent holds. */
  readonly identityFirst?: boolean
  /** Of the agent's keys, try only those that are in `identityFiles` (their `.pub` beside them). */
  readonly identitiesOnly?: boolean
  /** Certificates that the configuration names; only the system's ssh can show them. */
  readonly certificateFiles?: readonly string[]
  /** Of an encrypted key; asked for where there is none. */
  readonly passphrase?: Secret
  /** Socket of an ssh-agent. */
  readonly agent?: string
  readonly password?: Secret
  /** In which order; those that are missing are not tried. OpenSSH's order by default. */
  readonly methods?: readonly LoginMethod[]
  /** Nobody is to be asked for anything. */
  readonly batch?: boolean
  readonly knownHosts: KnownHostsPolicy
  readonly hostKeyAlias?: string
  readonly algorithms?: AlgorithmWishes
  /** Bounds everything until the login: connecting, handshake, authentication. 10 s by default. */
  readonly connectTimeoutMs?: number
  /** How often it is tried again where the host does not answer as a host does; 0 by default. */
  readonly connectRetries?: number
  /** Also where it did not answer in time, which takes as long again. */
  readonly retryTimeouts?: boolean
  /** A link that does not answer for `keepaliveCount` of these is lost; 15 s by default. */
  readonly keepaliveMs?: number
  /** 3 by default. */
  readonly keepaliveCount?: number
  /** 4 or 6: addresses of one kind only. */
  readonly family?: 4 | 6
  /** The address of this machine to connect from. */
  readonly bindAddress?: string
  readonly via?: Via
  /** Another way to the port than TCP from here, e.g. through a network namespace. */
  readonly dial?: (address: string, port: number) => Promise<Duplex>
  /** Where settings are from, by their names in ssh_config. What is missing is a default. */
  readonly origins?: { readonly [keyword: string]: SettingOrigin }
}
