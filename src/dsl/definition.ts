import type { DynamicSet } from '../model/host-set.ts'
import type { AskedHost } from '../model/new-host.ts'
import type { Secret } from '../util/secret.ts'
import type { Script } from '../util/sh.ts'
import type { Read, ReadSet, Unknown } from './resource.ts'
import type { ParamsSchema } from './schema.ts'
import type { Step } from './step.ts'
import type { Rendering } from './template.ts'

/** A file on the controller, read by the engine: absolute, or relative to the project's root; or a file: URL. */
export interface ControllerFile {
  readonly kind: 'controllerFile'
  readonly path: string | URL
  /** A directory may be named as well; then its `entries` are what counts. */
  readonly orDirectory?: true
}
/** What lies in a directory of the controller; symbolic links are followed. */
export interface ControllerEntry {
  /** From the directory on, with `/`; directories come before what is in them. */
  readonly path: string
  readonly type: 'file' | 'directory'
  readonly content: ResolvedInput
}
export type InputSource = ControllerFile | Rendering | Uint8Array | Secret
export type InputSet = { readonly [name: string]: InputSource | undefined }
/** What the engine makes of an input before reads and plan see it. */
export interface ResolvedInput {
  readonly bytes: Uint8Array
  /** Lower-case hex. */
  readonly sha256: string
  /** Of a file of the controller: four octal digits. */
  readonly mode?: string
  /** Of a directory of the controller, which has no bytes of its own. */
  readonly entries?: readonly ControllerEntry[]
  /** Of sealed content, for people: `[secret]` stands for what is secret in it. Absent where nothing is. */
  readonly shown?: Uint8Array
  /** Code made something of a secret: more of it may tell the secret than `shown` hides. */
  readonly opaque?: true
}
export type Inputs<I extends InputSet> = { readonly [K in keyof I]: undefined extends I[K] ? ResolvedInput | undefined : ResolvedInput }

/** What has been read in earlier rounds, for reads that depend on reads. */
export interface FoundSoFar {
  get<S extends object>(read: Read<S>): S | undefined
}

/** What a call may ask of the run itself. */
export type MetaAction = 'endHost' | 'endBatch' | 'endPlay' | 'clearHostErrors' | 'resetConnection' | 'refreshInventory' | 'noop'

/** How a run goes, for the few definitions that must know. */
export interface Mode {
  readonly check: boolean
  /** Controller calls: does the work once for all hosts on which the task runs now, and gives each its result. */
  readonly once?: <T>(work: () => Promise<T>) => Promise<T>
  /** Controller calls: asks the person at the terminal; absent where there is none. */
  readonly ask?: Ask
  /** Controller calls: shows a line right away, not first in the task's result. */
  readonly say?: (line: string) => void
  /** Controller calls: puts the host of the task into a group. Absent where nothing runs. */
  readonly join?: (group: DynamicSet) => void
  /** Controller calls: adds a host; false where it is there already. Absent where nothing runs. */
  readonly add?: (host: AskedHost) => boolean
  /** Controller calls: steers the run, as seen from the host of the task. Gives what there is to say of it, on one host. */
  readonly meta?: (action: MetaAction) => Promise<string | undefined>
}

/** Asks a person a question and gives what was typed, without the newline. */
export type Ask = (question: string, options: { readonly echo: boolean }) => Promise<string>

/** What happened to each step, as an action's result sees it. */
export interface StepOutcome {
  readonly code: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

/** Around an action's steps, by the controller's clock. */
export interface Happening {
  readonly start: Date
  readonly end: Date
}

/** A host that goes away with an action's steps and comes back: the engine drops its links and connects anew. */
export interface Return {
  /** Seconds from the steps to the first attempt. */
  readonly delay: number
  /** Seconds, from the end of the delay, until it must be back. */
  readonly timeout: number
  /** Seconds for one attempt to connect; absent: as long as for the first connection. */
  readonly connectTimeout: number | undefined
  /** Runs as the task's user over each new link. Exit code 0: the host is back. What it prints is told when it never is. */
  readonly test: Script
  /** What was waited for, as in `the host is not back after the reboot`. */
  readonly after: string
  /** What to do when it is not back. */
  readonly fix: string
}

/** A command that its steps only start: the engine looks at it until it has ended. */
export interface Waiting {
  /** How long it may run. */
  readonly seconds: number
  /** Seconds between two looks. */
  readonly poll: number
  /** Looks at it, by what the last step said; changes nothing. */
  readonly look: (started: StepOutcome) => Script
  /** What a look has found; undefined while it runs. `problem`: why that is no end. */
  readonly ended: (stdout: Uint8Array) => { readonly outcome: StepOutcome; readonly problem?: string } | undefined
  /** Sets `o` and `e` to the files that its two outputs go to while it runs. */
  readonly outputs?: (started: StepOutcome) => Script
  /** Removes what it has left, once that was seen. */
  readonly tidy: (started: StepOutcome) => Script
}

/** A sentence for each field of a result. */
export interface ResultFields {
  readonly [field: string]: string
}

interface Named {
  readonly name: string
  readonly summary: string
  readonly params: ParamsSchema
  readonly resultFields?: ResultFields
}
type AnyFound = { readonly [name: string]: any }
type AnyWanted = { readonly [name: string]: { readonly [field: string]: unknown | Unknown } | undefined }

/** The engine's view of a module: parameters and states without their static types. */
export interface ModuleDefinition extends Named {
  readonly kind: 'module'
  readonly inputs?: (params: any) => InputSet
  readonly reads: (params: any, found: FoundSoFar, inputs: any) => ReadSet
  readonly plan: (params: any, found: AnyFound, inputs: any) => AnyWanted
  readonly steps: (params: any, change: { readonly found: AnyFound; readonly wanted: AnyWanted; readonly inputs: any }) => readonly Step[]
  readonly again?: (params: any, of: { readonly found: AnyFound; readonly inputs: any }) => readonly Step[]
  readonly touches?: (params: any) => readonly string[]
  readonly leaves?: (params: any, change: { readonly wanted: AnyWanted; readonly after: AnyFound }) => AnyWanted
  readonly result?: (
    params: any,
    change: {
      readonly before: AnyFound
      readonly after: AnyFound
      readonly changed: boolean
      readonly outcomes: readonly StepOutcome[]
    },
  ) => object
}
export interface ActionDefinition extends Named {
  readonly kind: 'action'
  readonly inputs?: (params: any) => InputSet
  readonly reads: (params: any) => ReadSet
  readonly due: (params: any, found: AnyFound) => true | string
  readonly steps: (params: any, inputs: any) => readonly Step[]
  readonly touches: (params: any) => readonly string[]
  readonly result: (params: any, outcomes: readonly StepOutcome[], happening: Happening) => object
  readonly idle: (params: any, reason: string) => object
  readonly okCodes?: (params: any) => readonly number[]
  readonly returns?: (params: any, found: AnyFound) => Return
  readonly waits?: (params: any) => Waiting | undefined
  readonly would?: string
}
export interface QueryDefinition extends Named {
  readonly kind: 'query'
  readonly reads: (params: any, mode: Mode) => ReadSet
  readonly result: (params: any, found: AnyFound, mode: Mode) => object
}
export interface ControllerDefinition extends Named {
  readonly kind: 'controller'
  readonly refuse?: (params: any) => void
  readonly run: (params: any, mode: Mode) => object | Promise<object>
}
export type Definition = ModuleDefinition | ActionDefinition | QueryDefinition | ControllerDefinition

/**
 * A module, action or query says why it cannot do what is asked; the engine adds host, task and line. `result` is what is
 * known all the same, for the task's `failedWhen`.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly fix: string | undefined
  readonly result: object | undefined
  constructor(message: string, fix?: string, result?: object) {
    super(message)
    this.fix = fix
    this.result = result
  }
}
