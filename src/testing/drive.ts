import { isDeepStrictEqual } from 'node:util'
import type { Call } from '../dsl/call.ts'
import type { Definition, FoundSoFar, InputSet, InputSource, ResolvedInput, StepOutcome } from '../dsl/definition.ts'
import { type Read, type ReadSet, unknown } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import { Rendering } from '../dsl/template.ts'
import { digest, readController } from '../engine/controller-files.ts'
import { stepJob } from '../resources/step-job.ts'
import { Secret } from '../util/secret.ts'
import type { LawPlace } from './law-host.ts'

/** What runs scripts. */
type Host = Pick<LawPlace, 'run'>
/** States by the names of their reads. */
export type States = { readonly [name: string]: { readonly [field: string]: unknown } }

export interface DriveOptions {
  /** Renders templates; a kit for modules knows no template engine. */
  readonly render?: (rendering: Rendering) => Uint8Array
  readonly check?: boolean
}

/** What a call would do on a host. */
export interface Plan {
  readonly reads: ReadSet
  readonly found: States
  readonly wanted: States
  /** `resource.field` of what differs; for an action that is due, `run`. */
  readonly differs: readonly string[]
  readonly steps: readonly Step[]
  /** What a query or a call on the controller gives. */
  readonly result?: object
}

/**
 * Plans a call on a host: reads, up to three rounds, then the pure part. A small second implementation beside the
 * engine's, so that a law does not hold just because the engine bends it.
 * @throws Refusal as the module does.
 */
export async function plan(call: Call<any>, host: Host, options: DriveOptions = {}): Promise<Plan> {
  const { definition, params } = call
  const inputs = resolveInputs(definition, params, options)
  const { reads, found } = await readAll(host, (soFar) => readsOf(definition, params, soFar, inputs, options))
  if (definition.kind === 'module') {
    const wanted = definition.plan(params, found, inputs) as States
    const differs = fieldsThatDiffer(found, wanted)
    return { reads, found, wanted, differs, steps: differs.length === 0 ? [] : definition.steps(params, { found, wanted, inputs }) }
  }
  const nothing = { reads, found, wanted: {}, differs: [], steps: [] }
  if (definition.kind === 'action')
    return definition.due(params, found) === true ? { ...nothing, differs: ['run'], steps: definition.steps(params, inputs) } : nothing
  const mode = { check: options.check ?? false }
  if (definition.kind === 'query') return { ...nothing, result: definition.result(params, found, mode) }
  return { ...nothing, result: await definition.run(params, mode) }
}

/**
 * Runs a plan's steps.
 * @throws Error with the step's own words when one fails.
 */
export async function apply(planned: Plan, host: Host): Promise<readonly StepOutcome[]> {
  const outcomes: StepOutcome[] = []
  for (const [index, step] of planned.steps.entries()) {
    const outcome = await host.run(stepJob(step, `law${index}`))
    outcomes.push(outcome)
    if (outcome.code !== 0) throw new Error(`step ${index + 1} ended with exit code ${outcome.code}: ${text(outcome.stderr).trim()}`)
  }
  return outcomes
}

/** The states of some reads, straight from the host. */
export async function readStates(host: Host, reads: ReadSet): Promise<States> {
  const states = await fetch(host, Object.values(reads))
  return Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, states.get(read.key) as States[string]]))
}

/** `resource.field` of each wanted field that is not as found. `unknown` cannot differ. */
export function fieldsThatDiffer(found: States, wanted: States): string[] {
  return Object.entries(wanted).flatMap(([name, state]) =>
    Object.entries(state ?? {}).flatMap(([field, value]) =>
      value === unknown || isDeepStrictEqual(found[name]?.[field], value) ? [] : [`${name}.${field}`],
    ),
  )
}

async function readAll(host: Host, readsFor: (soFar: FoundSoFar) => ReadSet): Promise<{ reads: ReadSet; found: States }> {
  const known = new Map<string, { readonly need: number; readonly state: object }>()
  const soFar = { get: (read: Read) => known.get(read.key)?.state } as FoundSoFar
  for (let round = 0; ; round++) {
    const reads = readsFor(soFar)
    const missing = Object.values(reads).filter((read) => (known.get(read.key)?.need ?? -1) < needOf(read))
    if (missing.length === 0)
      return {
        reads,
        found: Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, known.get(read.key)!.state as States[string]])),
      }
    if (round === 3) throw new Error(`reads did not settle within three rounds: ${missing.map((read) => read.key).join(', ')}`)
    const states = await fetch(host, missing)
    for (const read of missing) known.set(read.key, { need: needOf(read), state: states.get(read.key)! })
  }
}

async function fetch(host: Host, reads: readonly Read[]): Promise<ReadonlyMap<string, object>> {
  const states = new Map<string, object>()
  for (const kind of new Set(reads.map((read) => read.kind))) {
    const requests = [...new Map(reads.filter((read) => read.kind === kind).map((read) => [read.key, read])).values()]
    const { code, stdout, stderr } = await host.run({ script: kind.script(requests) })
    if (code !== 0) throw new Error(`reading ${kind.name} ended with exit code ${code}: ${text(stderr)}`)
    const parsed = kind.parse(stdout, requests)
    for (const [index, read] of requests.entries()) states.set(read.key, parsed[index]!)
  }
  return states
}

function readsOf(definition: Definition, params: object, soFar: FoundSoFar, inputs: object, { check = false }: DriveOptions): ReadSet {
  switch (definition.kind) {
    case 'module':
      return definition.reads(params, soFar, inputs)
    case 'action':
      return definition.reads(params)
    case 'query':
      return definition.reads(params, { check })
    case 'controller':
      return {}
  }
}

function resolveInputs(definition: Definition, params: object, options: DriveOptions): { readonly [name: string]: ResolvedInput } {
  const inputs: InputSet = definition.kind === 'module' || definition.kind === 'action' ? (definition.inputs?.(params) ?? {}) : {}
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, source]) => {
      if (source === undefined) return []
      return [[name, resolveInput(source, options)]]
    }),
  )
}

function resolveInput(source: InputSource, { render }: DriveOptions): ResolvedInput {
  if (source instanceof Uint8Array) return digest(source)
  if (source instanceof Secret) return digest(new TextEncoder().encode(source.reveal()))
  if (!(source instanceof Rendering)) return readController(source.path)
  if (!render) throw new Error('give the law kit `render` to try calls that take templates')
  return digest(render(source))
}

const needOf = (read: Read) => read.kind.needs.indexOf(read.need)
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
