import type { Duplex } from 'node:stream'
import type { Secret } from '../util/secret.ts'
import type { KnownHostsPolicy } from './verify-host-key.ts'

/** Where and how to log in: everything that the inventory and `~/.ssh/config` have decided. */
export interface SshTarget {
  /** The inventory's name, for messages. */
  readonly host: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** Private keys to try, in this order; files that do not exist are passed over. */
  readonly identityFiles?: readonly string[]
  /** Of the agent's keys, try only those that are in `identityFiles` (their `.pub` beside them). */
  readonly identitiesOnly?: boolean
  /** Socket of an ssh-agent. */
  readonly agent?: string
  readonly password?: Secret
  readonly knownHosts: KnownHostsPolicy
  readonly hostKeyAlias?: string
  /** Bounds everything until the login: connecting, handshake, authentication. 10 s by default. */
  readonly connectTimeoutMs?: number
  /** A link that does not answer for three of these is lost; 15 s by default. */
  readonly keepaliveMs?: number
  /** Another way to the port than TCP from here, e.g. through a network namespace. */
  readonly dial?: (address: string, port: number) => Promise<Duplex>
}
