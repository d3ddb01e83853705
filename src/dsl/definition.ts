import type { Secret } from '../util/secret.ts'
import type { Read, ReadSet, Unknown } from './resource.ts'
import type { ParamsSchema } from './schema.ts'
import type { Step } from './step.ts'
import type { Rendering } from './template.ts'

/** A file on the controller, read by the engine: absolute, or relative to the project's root; or a file: URL. */
export interface ControllerFile {
  readonly kind: 'controllerFile'
  readonly path: string | URL
}
export type InputSource = ControllerFile | Rendering | Uint8Array | Secret
export type InputSet = { readonly [name: string]: InputSource | undefined }
/** What the engine makes of an input before reads and plan see it. */
export interface ResolvedInput {
  readonly bytes: Uint8Array
  /** Lower-case hex. */
  readonly sha256: string
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

/** How a run goes, for the few definitions that must know. */
export interface Mode {
  readonly check: boolean
}

/** What happened to each step, as an action's result sees it. */
export interface StepOutcome {
  readonly code: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

interface Named {
  readonly name: string
  readonly summary: string
  readonly params: ParamsSchema
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
  readonly touches?: (params: any) => readonly string[]
  readonly result?: (params: any, change: { readonly before: AnyFound; readonly after: AnyFound; readonly changed: boolean }) => object
}
export interface ActionDefinition extends Named {
  readonly kind: 'action'
  readonly inputs?: (params: any) => InputSet
  readonly reads: (params: any) => ReadSet
  readonly due: (params: any, found: AnyFound) => true | string
  readonly steps: (params: any, inputs: any) => readonly Step[]
  readonly touches: (params: any) => readonly string[]
  readonly result: (params: any, outcomes: readonly StepOutcome[]) => object
}
export interface QueryDefinition extends Named {
  readonly kind: 'query'
  readonly reads: (params: any, mode: Mode) => ReadSet
  readonly result: (params: any, found: AnyFound, mode: Mode) => object
}
export interface ControllerDefinition extends Named {
  readonly kind: 'controller'
  readonly run: (params: any, mode: Mode) => object | Promise<object>
}
export type Definition = ModuleDefinition | ActionDefinition | QueryDefinition | ControllerDefinition

/** A module, action or query says why it cannot do what is asked; the engine adds host, task and line. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly fix: string | undefined
  constructor(message: string, fix?: string) {
    super(message)
    this.fix = fix
  }
}
