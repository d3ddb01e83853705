import type { SourceLine } from './errors.ts'
import type { DeclaredFacts } from './facts.ts'
import type { Vars } from './inventory.ts'

/** How a host is reached, as data say it: settings of `ssh()` unless `type` says otherwise. */
export interface SourcedConnection {
  readonly type?: 'ssh' | 'lab' | 'local'
  readonly address?: string
  readonly port?: number
  readonly user?: string
  readonly [setting: string]: unknown
}
/** A host as a source tells it. Groups are those that the inventory declares. */
export interface SourcedHost {
  readonly groups?: readonly string[]
  readonly privateIp?: string
  readonly publicIp?: string
  readonly vars?: Vars
  readonly connection?: SourcedConnection | 'local'
  readonly facts?: DeclaredFacts
}
/** What a source answers. */
export interface SourcedInventory {
  readonly hosts: { readonly [name: string]: SourcedHost }
}

/** How long an answer is good for, and what to do where there is none. */
export interface SourceCache {
  /** For how long an answer is used without asking again, in seconds. 0: it is asked each time, and its answer kept for `onError`. */
  readonly maxAge: number
  readonly onError: 'fail' | 'lastKnown'
}

/** Where hosts come from that code does not declare. */
export interface HostSource {
  readonly kind: 'source'
  /** For messages, and what its cache goes by. */
  readonly name: string
  readonly from:
    | { readonly file: string }
    | { readonly argv: readonly string[] }
    | { readonly load: (options: { readonly signal: AbortSignal }) => Promise<SourcedInventory> }
  readonly timeout: number
  readonly cache?: SourceCache
  /** Vars that are secrets. */
  readonly secrets: readonly string[]
  /** Groups that the inventory does not declare. */
  readonly otherGroups: 'fail' | 'ignore'
}

/** How a source was asked, for the header of a run. */
export interface SourceAnswer {
  readonly source: string
  readonly hosts: number
  /** `lastKnown`: it failed, and an earlier answer stands in for it. */
  readonly origin: 'asked' | 'cached' | 'lastKnown'
  readonly ageSeconds: number
  /** Why it failed. */
  readonly failure?: string
}

/** Where a host comes from that code does not declare. */
export interface Origin {
  /** The name of its source. */
  readonly source: string
  /** The line of a part of the host (`['hosts', 'web-1', 'vars', 'port']`), where the source is a file. */
  readonly lineOf?: (keys: readonly (string | number)[]) => SourceLine | undefined
}
