import { mask } from '../util/redact.ts'
import type { Change } from './change.ts'
import { differences, type State, type States, type WantedStates } from './compare.ts'
import { cached } from './host-state.ts'
import { narrow } from './narrow.ts'
import { CallFailed } from './outcome.ts'
import type { Due } from './run-call.ts'

/** That the state wanted is the state left; a difference is the module's fault, or something on the host undoes it. */
export function verify(
  { call, playHost, as }: Due,
  planned: NonNullable<Change['state']>,
  states: ReadonlyMap<string, State | Error>,
): States {
  const { reads, wanted, hidden } = planned
  const after: States = Object.fromEntries(
    Object.entries(reads).map(([name, read]) => {
      const state = states.get(read.key) ?? cached(playHost.state, as, read)
      if (state instanceof Error) throw state
      return [name, state ? narrow(read, state) : planned.after[name]!]
    }),
  )
  const { definition, params } = call
  const left = definition.kind === 'module' ? (definition.leaves?.(params, { wanted, after }) as WantedStates | undefined) : undefined
  const wrong = differences(reads, after, left ?? wanted)
  if (wrong.length === 0) return after
  const lines = wrong.flatMap(({ name, read, fields }) =>
    fields.map((field) => {
      if (hidden[name]?.has(field)) return `${read.key} ${field}: it is not the ${mask} that was wanted`
      return `${read.key} ${field}: wanted ${show(wanted[name]?.[field])}, is ${show(after[name]?.[field])}`
    }),
  )
  throw new CallFailed(
    {
      summary: `Module ${call.definition.name} planned one state and left another`,
      detail: lines.join('\n'),
      fix: 'Either something else on the host changes it back, or this is a fault of the module.',
    },
    { result: undefined, touched: true },
  )
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
