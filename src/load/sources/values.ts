import type { SourceLine } from '../../model/errors.ts'

/** A value that Ansible Vault encrypted by itself, and where. */
export class EncryptedValue {
  readonly text: string
  readonly at: SourceLine
  /** The names that lead to it in its file, joined by dots, as `defineSecrets` wants them; undefined where nothing leads there. */
  readonly path: string | undefined
  constructor(text: string, at: SourceLine, path?: string) {
    this.text = text
    this.at = at
    this.path = path
  }
}

/** A value of a file that is encrypted as a whole: a secret, as the text it is written as. */
export class ClearedValue {
  readonly text: string
  readonly file: string
  readonly path: string
  constructor(text: string, file: string, path: string) {
    this.text = text
    this.file = file
    this.path = path
  }
}

/** A value of YAML or JSON as Ansible understands it, with its place. */
export type SourceNode = MapNode | ListNode | ScalarNode

interface Placed {
  readonly at: SourceLine
}
export interface MapNode extends Placed {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}
export interface MapEntry extends Placed {
  readonly name: string
  /** False: Ansible sees a number, a truth value or null, and takes it for no name of a host or group. */
  readonly isText: boolean
  readonly node: SourceNode
}
export interface ListNode extends Placed {
  readonly kind: 'list'
  readonly items: readonly SourceNode[]
}
export interface ScalarNode extends Placed {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null | EncryptedValue | ClearedValue
  /** As it is written, where that says more than the value. */
  readonly source?: string
  /** `!unsafe`: braces in it are text. */
  readonly unsafe?: boolean
  /** A number that Python writes otherwise. */
  readonly odd?: boolean
}

/** What a place of an inventory gives a var. */
export interface GivenVar extends Placed {
  /** Plain data; encrypted values are in it as they are. */
  readonly value: unknown
  /** Jinja stands in it, which Ansible would fill in during a run. */
  readonly templated: boolean
  /** Numbers that Python writes otherwise. */
  readonly odd: readonly string[]
}

/** The value of a node, and what is to be said of it. */
export function givenOf(node: SourceNode, at: SourceLine = node.at): GivenVar {
  const odd: string[] = []
  let templated = false
  const plain = (each: SourceNode): unknown => {
    if (each.kind === 'list') return each.items.map(plain)
    if (each.kind === 'map') return Object.fromEntries(each.entries.map(({ name, node: inner }) => [name, plain(inner)]))
    if (each.odd) odd.push(each.source ?? String(each.value))
    if (typeof each.value === 'string' && !each.unsafe && isTemplate(each.value)) templated = true
    return each.value
  }
  return { value: plain(node), at, templated, odd }
}

/** Whether Ansible would take a text for a template. */
export function isTemplate(text: string): boolean {
  return /\{\{|\{%/.test(text)
}

/** Plain data, such as JSON holds, as a node; all of it stands at one place. Ansible's own marks in JSON are honoured. */
export function nodeOf(value: unknown, at: SourceLine): SourceNode {
  if (Array.isArray(value)) return { kind: 'list', at, items: value.map((item) => nodeOf(item, at)) }
  if (typeof value !== 'object' || value === null)
    return { kind: 'scalar', at, value: value as ScalarNode['value'], ...(isOddNumber(value) && { odd: true }) }
  const marked = value as { readonly __ansible_vault?: unknown; readonly __ansible_unsafe?: unknown }
  if (typeof marked.__ansible_vault === 'string') return { kind: 'scalar', at, value: new EncryptedValue(marked.__ansible_vault, at) }
  if (typeof marked.__ansible_unsafe === 'string') return { kind: 'scalar', at, value: marked.__ansible_unsafe, unsafe: true }
  return { kind: 'map', at, entries: Object.entries(value).map(([name, each]) => ({ name, isText: true, at, node: nodeOf(each, at) })) }
}

const isOddNumber = (value: unknown) => typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value)

/** What a node is, for messages. */
export function kindOf(node: SourceNode): string {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'a mapping' : 'a list'
  if (node.value === null) return 'nothing'
  if (typeof node.value === 'object') return 'an encrypted value'
  return `the ${typeof node.value === 'string' ? 'text' : typeof node.value} ${JSON.stringify(node.value)}`
}

/** The same node with each of its values a secret. Null stays, for it says that there is none. */
export function clearedNode(node: SourceNode, file: string, path: readonly string[] = []): SourceNode {
  if (node.kind === 'list') return { ...node, items: node.items.map((item, at) => clearedNode(item, file, [...path, String(at)])) }
  if (node.kind === 'map')
    return { ...node, entries: node.entries.map((each) => ({ ...each, node: clearedNode(each.node, file, [...path, each.name]) })) }
  const { at, value, source } = node
  if (value === null || typeof value === 'object') return node
  return { kind: 'scalar', at, value: new ClearedValue(source ?? String(value), file, path.join('.')) }
}
