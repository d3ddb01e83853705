/** What a host says about its operating system. Source: /etc/os-release, uname, and which tools exist. */
export interface OsFacts {
  readonly hostname: string
  readonly fqdn: string
  /** `ID` of os-release: debian, ubuntu, alpine, fedora, … */
  readonly distribution: string
  /** `VERSION_ID` of os-release: `12`, `24.04`; empty on rolling releases. */
  readonly distributionVersion: string
  /** `VERSION_CODENAME` of os-release: `bookworm`; empty where there is none. */
  readonly distributionRelease: string
  readonly osFamily: 'debian' | 'redhat' | 'suse' | 'arch' | 'alpine' | 'other'
  /** `uname -r`. */
  readonly kernel: string
  /** `uname -m`: x86_64, aarch64, … */
  readonly architecture: string
  readonly packageManager: 'apt' | 'dnf' | 'zypper' | 'pacman' | 'apk' | 'unknown'
  readonly serviceManager: 'systemd' | 'openrc' | 'runit' | 'sysvinit' | 'unknown'
}

export interface InterfaceAddress {
  readonly family: 'inet' | 'inet6'
  readonly address: string
  readonly prefix: number
}

export interface NetworkInterface {
  readonly name: string
  /** Empty where the interface has none. */
  readonly mac: string
  readonly addresses: readonly InterfaceAddress[]
}

/** Interfaces and addresses. Source: `ip -o addr`, else /proc/net and ifconfig. */
export interface NetworkFacts {
  readonly interfaces: readonly NetworkInterface[]
  /** Every address of every interface but loopback, IPv4 first. */
  readonly addresses: readonly string[]
  readonly defaultIpv4?: { readonly address: string; readonly interface: string; readonly gateway: string }
}

/** Memory and processors. Source: /proc/meminfo, /proc/cpuinfo. */
export interface HardwareFacts {
  /** MemTotal in MiB, rounded down. */
  readonly memoryMb: number
  readonly swapMb: number
  /** Processors online. */
  readonly cpuCount: number
}

/** The built-in families. A play lists those it reads; reading another is a type error. */
export type FactFamilies = {
  readonly os: OsFacts
  readonly network: NetworkFacts
  readonly hardware: HardwareFacts
}
export type BuiltInFamily = keyof FactFamilies
export const builtInFamilies: readonly BuiltInFamily[] = ['os', 'network', 'hardware']

declare const gives: unique symbol
/** A family of facts of the user's own, as types see it; `defineFacts` makes one. */
export interface OwnFamily<N extends string = string, T extends object = object> {
  readonly name: N
  readonly [gives]: T
}
/** What plays list under `facts.families`: the name of a built-in family, or one of the user's own. */
export type Family = BuiltInFamily | OwnFamily

/** The facts of one host, by the names of the families. */
export type Facts<F extends Family = BuiltInFamily> = {
  readonly [K in F as K extends OwnFamily<infer N> ? N : K & string]: K extends BuiltInFamily
    ? FactFamilies[K]
    : K extends OwnFamily<string, infer T>
      ? T
      : never
}

/** Facts of one host by family: the built-in ones with their types, the user's own by name. */
export type FactValues = Partial<FactFamilies> & { readonly [own: string]: object | undefined }

/** Where a fact comes from: read in this run, remembered from an earlier one, or written in the inventory. */
export type FactOrigin = 'live' | 'cached' | 'declared'

/** Facts an inventory may declare for a host: used for whatever the host cannot be asked. */
export type DeclaredFacts = { readonly [K in BuiltInFamily]?: Partial<FactFamilies[K]> } & { readonly [own: string]: object | undefined }

export interface KnownFamily<T extends object = object> {
  readonly value: T
  readonly origin: FactOrigin
  readonly ageSeconds: number
}

/**
 * What came of asking a host in this run: it answered, it failed to, or it was not asked: nobody had to (`notAsked`), or it was
 * waited for in vain a moment ago (`spared`). Of the last two nobody knows whether the host is up.
 */
export type Contact = 'answered' | 'failed' | 'notAsked' | 'spared'

/** What is known of one host in this run: the families, where each came from, and why the rest is missing. */
export interface HostKnowledge {
  readonly host: string
  readonly contact: Contact
  readonly families: { readonly [K in BuiltInFamily]?: KnownFamily<FactFamilies[K]> } & { readonly [own: string]: KnownFamily | undefined }
  /** Facts the inventory declares: read where a family is neither live nor cached. */
  readonly declared?: DeclaredFacts
  /** Why the host was not asked or did not answer; absent for a host whose facts are live. */
  readonly reason?: string
}
