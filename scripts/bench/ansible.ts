import type { BenchHost, Hosts } from './hosts.ts'
import type { Job } from './tool.ts'

export interface Ansible {
  readonly tool: string
  playJob(hosts: Hosts, chosen: readonly BenchHost[], expected: { readonly changed: number }): Job
  factsJob(hosts: Hosts, chosen: readonly BenchHost[]): Job
}
