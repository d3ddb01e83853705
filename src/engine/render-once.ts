import type { Rendering } from '../dsl/template.ts'
import { isFleetGroup } from '../model/host-groups.ts'
import { Secret } from '../util/secret.ts'

/** Renderings of one template that are kept: hosts that differ in what they give it come in few kinds, or in as many as there are hosts. */
const mostKept = 8
const deepest = 20

interface Kept<T> {
  readonly given: unknown
  readonly result: T
}

/**
 * Renders a template once for all hosts that hand it the same: over the whole fleet on every host it would be the square of the
 * fleet. Templates are pure, so what counts is that the input is the same beyond doubt: groups of the fleet, which never change,
 * text, numbers, secrets, and plain data of these, compared with a copy that nobody else has. Anything else is rendered anew.
 */
export function renderOnce<T>(render: (rendering: Rendering) => T): (rendering: Rendering) => T {
  const known = new WeakMap<object, Kept<T>[]>()
  return (rendering) => {
    const { template, given: input } = rendering.made
    const kept = known.get(template) ?? []
    const alike = kept.find(({ given }) => isSame(given, input))
    if (alike) return alike.result
    const result = render(rendering)
    const given = copyOf(input, 0)
    if (given !== changing) known.set(template, [{ given, result }, ...kept].slice(0, mostKept))
    return result
  }
}

/** In place of what may be another thing tomorrow; equal to nothing. */
const changing = Symbol('changing')

function isFixed(value: unknown): boolean {
  return (typeof value !== 'object' && typeof value !== 'function') || value === null || isFleetGroup(value) || value instanceof Secret
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}

function copyOf(value: unknown, depth: number): unknown {
  if (isFixed(value)) return value
  if (!isPlain(value) || depth > deepest) return changing
  const copy: Record<PropertyKey, unknown> = Array.isArray(value) ? ([] as never) : {}
  for (const key of Reflect.ownKeys(value)) {
    const inner = copyOf(Reflect.get(value, key), depth + 1)
    if (inner === changing) return changing
    copy[key] = inner
  }
  return copy
}

function isSame(copy: unknown, value: unknown): boolean {
  if (isFixed(copy)) return Object.is(copy, value)
  if (!isPlain(copy) || !isPlain(value) || Array.isArray(copy) !== Array.isArray(value)) return false
  const keys = Reflect.ownKeys(copy)
  if (keys.length !== Reflect.ownKeys(value).length) return false
  return keys.every((key) => Object.hasOwn(value, key) && isSame(Reflect.get(copy, key), Reflect.get(value, key)))
}
