import { unknown } from '../dsl/resource.ts'

/** A value of any kind as people read it: text as it is, all else as JSON. Secrets stay hidden; what JSON lacks is named. */
export function printValue(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(plain(value, []), null, 2) ?? 'undefined')
}

function plain(value: unknown, above: readonly object[]): unknown {
  if (value === unknown) return '(unknown)'
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return '(function)'
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) return '(circular)'
  if (value instanceof Uint8Array) return `(${value.length} bytes)`
  if (value instanceof Error) return `${value.name}: ${value.message}`
  const { toJSON } = value as { readonly toJSON?: unknown }
  const inner = [...above, value]
  if (typeof toJSON === 'function') return plain(toJSON.call(value), inner)
  if (value instanceof Map) return plain(Object.fromEntries(value), inner)
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => plain(item, inner))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, inner)]))
}
