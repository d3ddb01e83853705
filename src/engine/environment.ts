import { checkEnvironment, type Environment, type EnvironmentValues } from '../dsl/environment.ts'
import type { TaskRecord } from '../dsl/record.ts'
import type { Read, ReadSet } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import { inLines, Script, sh } from '../util/sh.ts'

/**
 * Commands that set a task's environment on a host, the inner one's variables before the outer one's; undefined where nothing is said.
 * They stand in front of a script, so that no value is a word of a process.
 */
export function environmentFor(outer: readonly Environment[], task: TaskRecord, scope: object): Script | undefined {
  const all = [...outer, ...task.environment]
  if (all.length === 0) return undefined
  const values: EnvironmentValues = Object.assign(
    {},
    ...all.map((given) => (typeof given === 'function' ? checkEnvironment(given(scope), `task '${task.name}'`, task.at) : given)),
  )
  const lines = Object.entries(values).map(([name, value]) => sh`export ${name}=${value}`)
  return lines.length === 0 ? undefined : inLines(lines)
}

/** Steps that run in an environment; a file's own check is run in it, too. People are shown what they were shown. */
export function stepsIn(environment: Script | undefined, steps: readonly Step[]): readonly Step[] {
  if (!environment) return steps
  return steps.map((step): Step => {
    if (step.kind === 'run') return { ...step, script: before(environment, step.script) }
    const { validate } = step
    return validate ? { ...step, validate: (path) => before(environment, validate(path)) } : step
  })
}

/** Reads of what may hang on it: live ones, which are the user's own scripts and what lies behind a network. */
export function readsIn(environment: Script | undefined, reads: ReadSet): ReadSet {
  if (!environment) return reads
  return Object.fromEntries(
    Object.entries(reads).map(([name, read]: [string, Read]) =>
      read.kind.freshness === 'live'
        ? [name, { ...read, environment, key: `${read.key} (environment ${ordinalOf(environment)})` }]
        : [name, read],
    ),
  )
}

/** A script that is run in an environment, and looks as it did. */
export function before(environment: Script, script: Script): Script {
  const text = () => `${environment.text}\n${script.text}`
  return new Script(environment.sealed || script.sealed ? text : text(), script.shown)
}

const ordinals = new Map<string, number>()

/** A number, since the values are nobody's business. */
function ordinalOf({ text }: Script): number {
  const ordinal = ordinals.get(text) ?? ordinals.size + 1
  ordinals.set(text, ordinal)
  return ordinal
}
