import type { Read, ReadSet } from '../dsl/resource.ts'
import type { DiffSide } from '../model/event.ts'
import { mask, redact } from '../util/redact.ts'
import { maskText } from '../util/secret.ts'
import type { State, States, WantedStates } from './compare.ts'

/** Fields nobody may see, by the name of the read. Empty for a call that holds no secret. */
export type Hidden = { readonly [name: string]: ReadonlySet<string> }

/**
 * What a sealed call hides: content and hashes of it, whole, on both sides, since what was there before may hold the
 * secret's last value; and whatever else it wants that a secret stands in.
 */
export function hiddenFields(sealed: boolean, reads: ReadSet, wanted: WantedStates): Hidden {
  if (!sealed) return {}
  return Object.fromEntries(
    Object.entries(reads).map(([name, read]) => {
      const fields = Object.entries(wanted[name] ?? {}).filter(([, value]) => tells(value))
      return [name, new Set([...(read.kind.contentFields ?? []), ...fields.map(([field]) => field)])]
    }),
  )
}

function tells(value: unknown): boolean {
  const text = typeof value === 'string' ? value : typeof value === 'object' && value !== null ? (JSON.stringify(value) ?? '') : ''
  return redact(text) !== text
}

/**
 * How one side of a diff shows hidden fields that differ: that they are there and, after a change, that they are others.
 * Several fields of content are one to a reader.
 */
export function maskedFields(read: Read, state: State, differing: readonly string[], before?: DiffSide): DiffSide['fields'] {
  const content = read.kind.contentFields ?? []
  const there = differing.filter((field) => state[field] !== undefined)
  const labels = there.map((field) => (content.includes(field) ? content[0]! : field))
  return Object.fromEntries(labels.map((label) => [label, before?.fields[label] === undefined ? mask : `${mask}, changed`]))
}

/** A result without the hidden values, wherever in it a module put them. */
export function sealResult(result: object, states: readonly States[], hidden: Hidden): object {
  const values = new Set<unknown>()
  for (const of of states)
    for (const [name, fields] of Object.entries(hidden))
      for (const field of fields) {
        const value = of[name]?.[field]
        if (typeof value === 'string' || (typeof value === 'object' && value !== null)) values.add(value)
      }
  return values.size === 0 ? result : (without(result, values) as object)
}

function without(value: unknown, hidden: ReadonlySet<unknown>): unknown {
  if (typeof value === 'string') return hidden.has(value) ? maskText() : value
  if (Array.isArray(value))
    return value.filter((item) => typeof item === 'string' || !hidden.has(item)).map((item) => without(item, hidden))
  if (typeof value !== 'object' || value === null || ![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      typeof inner !== 'string' && hidden.has(inner) ? [] : [[key, without(inner, hidden)]],
    ),
  )
}
