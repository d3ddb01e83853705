import { isDeepStrictEqual } from 'node:util'
import { type Read, type ReadSet, type Unknown, unknown } from '../dsl/resource.ts'
import type { DiffEntry, DiffSide } from '../model/event.ts'
import { mask } from '../util/redact.ts'
import { Secret } from '../util/secret.ts'
import { Script } from '../util/sh.ts'
import { type Hidden, maskedFields } from './seal.ts'

export type State = { readonly [field: string]: unknown }
export type States = { readonly [name: string]: State }
export type WantedStates = { readonly [name: string]: State | undefined }

/** One resource whose wanted fields are not what was found. */
export interface Difference {
  readonly name: string
  readonly read: Read
  /** The fields that differ. */
  readonly fields: readonly string[]
}

/** Which resources differ. Only wanted fields count; a wanted `unknown` can neither differ nor be verified. */
export function differences(reads: ReadSet, found: States, wanted: WantedStates): readonly Difference[] {
  return Object.entries(wanted).flatMap(([name, state]) => {
    const read = reads[name]
    if (!state || !read) return []
    const fields = Object.keys(state).filter((field) => state[field] !== unknown && !isDeepStrictEqual(found[name]?.[field], state[field]))
    return fields.length === 0 ? [] : [{ name, read, fields }]
  })
}

/** What is left when the wanted fields are laid over what was found. */
export function merge(found: State | undefined, wanted: State | undefined): State {
  return { ...found, ...wanted }
}

/** Before and after of what differs, ready for a report. */
export function diffOf(differing: readonly Difference[], found: States, after: States, hidden: Hidden = {}): readonly DiffEntry[] {
  return differing.map(({ name, read, fields }) => {
    const secret = fields.filter((field) => hidden[name]?.has(field))
    const before = side(read, found[name] ?? {}, hidden[name], secret)
    const left = side(read, after[name] ?? {}, hidden[name], secret, before)
    const changed = new Set(
      [...Object.keys(before.fields), ...Object.keys(left.fields)].filter((field) => before.fields[field] !== left.fields[field]),
    )
    const only = (fields: DiffSide['fields']) => Object.fromEntries(Object.entries(fields).filter(([field]) => changed.has(field)))
    const texts = before.text !== left.text
    return {
      resource: read.key,
      before: { fields: only(before.fields), ...(texts && before.text !== undefined && { text: before.text }) },
      after: { fields: only(left.fields), ...(texts && left.text !== undefined && { text: left.text }) },
    }
  })
}

function side(read: Read, whole: State, hidden: ReadonlySet<string> | undefined, secret: readonly string[], was?: DiffSide): DiffSide {
  const state = Object.fromEntries(Object.entries(whole).filter(([field]) => !hidden?.has(field)))
  const unsure = Object.keys(state).filter((field) => state[field] === unknown)
  const sure = Object.fromEntries(Object.entries(state).filter(([, value]) => value !== unknown))
  const { fields, text } = read.kind.describe(sure)
  const masks = maskedFields(read, whole, secret, was)
  return {
    fields: { ...fields, ...Object.fromEntries(unsure.map((field) => [field, '(unknown)'])), ...masks },
    ...(text !== undefined && { text }),
  }
}

/** A value as JSON for events: bytes become their length, scripts what people may see of them, functions are left out. */
export function jsonSafe(value: unknown): unknown {
  if (value === unknown) return '(unknown)'
  if (value instanceof Secret) return mask
  if (value instanceof Script) return value.shown
  if (value instanceof Uint8Array) return { bytes: value.length }
  if (Array.isArray(value)) return value.map(jsonSafe)
  if (typeof value === 'object' && value !== null) {
    if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON()
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => typeof inner !== 'function')
        .map(([key, inner]) => [key, jsonSafe(inner)]),
    )
  }
  return typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : value
}
export type { Unknown }
