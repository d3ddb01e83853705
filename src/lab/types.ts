import type { ProcessId } from '../util/process-id.ts'

/** Which lab of this machine is meant. Several can be up at once, with the same addresses: each has its own network. */
export interface LabId {
  readonly name: string
}

/** A host as the inventory asks for it: `systemd` boots a whole system, `sshd` runs nothing but an SSH server. */
export interface LabHost {
  readonly name: string
  readonly address: string
  readonly kind: 'systemd' | 'sshd'
}

/** Receives one line, without a newline, for each thing that takes noticeable time. */
export type Progress = (line: string) => void

export type { ProcessId }

/** A host of a lab that is up. `stopped` is final until somebody starts the host again. */
export interface LabHostState extends LabHost {
  readonly state: 'running' | 'stopped'
  /** The host's PID 1 as the machine numbers it; absent while stopped. */
  readonly init?: ProcessId
  /** Whether somebody has seen its SSH server let users in since this boot. */
  readonly answered?: true
  /** Why it is stopped, when nobody asked for it. */
  readonly reason?: string
}

/** What the supervisor writes down about a running lab; other processes only read it. */
export interface LabState {
  readonly version: 1
  readonly name: string
  readonly supervisor: ProcessId
  /** PID 1 of the lab: entering its network namespace is what makes the hosts' addresses reachable. */
  readonly init: ProcessId
  readonly controllerAddress: string
  readonly cgroup: string
  readonly startedAt: string
  readonly expiresAt: string
  readonly hosts: readonly LabHostState[]
}
