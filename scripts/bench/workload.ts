import type { Ansible } from './ansible.ts'
import type { BenchHost, Hosts } from './hosts.ts'
import type { Rollcall } from './rollcall.ts'
import type { Scratch } from './scratch.ts'
import type { Summary } from './summary.ts'
import type { Job } from './tool.ts'

/** Where a workload takes place: the hosts, and the tools that were chosen. */
export interface Place {
  readonly scratch: Scratch
  /** Bundled programs of the benchmark. */
  readonly programs: string
  readonly hosts: Hosts
  /** This clone's own command line, whether it is to be measured or not. */
  readonly own: Rollcall
  /** Those to be measured. */
  readonly rollcalls: readonly Rollcall[]
  readonly ansibles: readonly Ansible[]
  wants(tool: string): boolean
  say(line: string): void
}

/** Jobs of several tools that are compared with each other. */
export interface Comparison {
  /** What part of the workload it is: 'first', 'unchanged'; empty when there is one. */
  readonly part: string
  /** Hosts whose CPU is counted. */
  readonly hosts: readonly BenchHost[]
  /** The hosts are reached past the relay, which then counts nothing. */
  readonly direct?: boolean
  readonly jobs: readonly Job[]
}

export interface Workload {
  readonly name: string
  readonly summary: string
  /** How many hosts, and which round trip times, when the command line does not say. None: it needs no host. */
  readonly defaults: { readonly hosts: readonly number[]; readonly rtt: readonly number[] }
  /** Whether Ansible takes part; hosts get Python for it. */
  readonly ansible?: true
  /** Makes hosts and tools ready, and gives one comparison after another: the next is asked for when the last is done. */
  comparisons(place: Place, hosts: readonly BenchHost[], rttMs: number): AsyncIterable<Comparison>
  /** What follows from the medians, in sentences. */
  conclude?(summaries: readonly Summary[]): readonly string[]
}
