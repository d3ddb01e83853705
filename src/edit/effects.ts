import { isDeepStrictEqual } from 'node:util'
import type { InventoryModel } from '../model/inventory.ts'
import { mask } from '../util/redact.ts'
import { Secret } from '../util/secret.ts'

/** An inventory as plain data that can be compared: `hosts`, `groups` and whatever else its model has. */
export interface Plain {
  readonly hosts: { readonly [host: string]: PlainHost }
  readonly groups: { readonly [group: string]: readonly string[] }
  readonly order: readonly string[]
  readonly [other: string]: unknown
}
export interface PlainHost {
  readonly groups: readonly string[]
  readonly vars: { readonly [name: string]: unknown }
  readonly varLevels: { readonly [name: string]: readonly { readonly level: string; readonly group?: string; readonly value: unknown }[] }
  readonly connection: { readonly [setting: string]: unknown }
  readonly privateIp?: string
  readonly publicIp?: string
}

/** Lines of the file are left out, since every edit moves some. */
export function plainOf({ at: _, hosts, ...model }: InventoryModel): Plain {
  return { ...(plain(model) as object), hosts: plain(hosts), order: [...hosts.keys()] } as unknown as Plain
}

function plain(value: unknown): unknown {
  // What a secret holds may be locked, and is nobody's business here.
  if (value instanceof Secret) return mask
  if (typeof value === 'function') return String(value)
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, each]) => [name, plain(each)]))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([name, each]) => (isLine(name, each) ? [] : [[name, plain(each)]])))
}

function isLine(name: string, value: unknown): boolean {
  return name === 'at' && typeof value === 'object' && value !== null && 'file' in value && 'line' in value
}

export interface Difference {
  /** `hosts`, `web-1`, `vars`, `sitePort`. */
  readonly path: readonly string[]
  readonly before: unknown
  readonly after: unknown
}

/** Every place where two values differ, as deep as both are objects. */
export function differences(before: unknown, after: unknown, path: readonly string[] = []): readonly Difference[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }]
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((name) => differences(before[name], after[name], [...path, name]))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `sitePort of web-1: 80 → 8080`. */
export function sentence({ path, before, after }: Difference): string {
  const [half, name, ...rest] = path
  const what = half === 'hosts' ? `${rest.join('.').replace(/^vars\./, '') || 'host'} of ${name}` : [half, name, ...rest].join('.')
  const text = (value: unknown) => (value === undefined ? '(none)' : shorten(JSON.stringify(value)))
  return `${what}: ${text(before)} → ${text(after)}`
}

const shorten = (text: string) => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
