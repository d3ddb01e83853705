import type { Alias, Document, Node, Pair, ParseOptions, Scalar, YAMLMap } from 'yaml'
import type { SourceLine } from '../../model/errors.ts'
import { importModule } from '../../util/import-module.ts'
import { refused } from './refuse.ts'
import { EncryptedValue, type MapEntry, nodeOf, type ScalarNode, type SourceNode } from './values.ts'
import { floatOf, type PlainScalar, plainScalar, wholeOf } from './yaml-scalars.ts'

type Yaml = typeof import('yaml')

/** What is told while a file is read. */
export interface YamlNotes {
  /** A name that stands twice in one mapping: the last one counts. */
  readonly twice: (name: string, at: SourceLine) => void
}

/**
 * Reads YAML, or JSON, as Ansible does: by the rules of YAML 1.1 as PyYAML knows them, with `!vault` and `!unsafe`. Undefined: the
 * text holds nothing. `shown` is false for what was encrypted, of which no message may quote anything.
 * @throws RollcallError with the line, for all that Ansible refuses.
 */
export async function readSourceYaml(text: string, file: string, notes: YamlNotes): Promise<SourceNode | undefined> {
  const yaml = (await importModule('yaml')) as Yaml
  const lines = new yaml.LineCounter()
  const placeOf = (offset = 0): SourceLine => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const options = { version: '1.1', schema: 'failsafe', uniqueKeys: false, lineCounter: lines, prettyErrors: false, logLevel: 'error' }
  const document = yaml.parseDocument(text, options as ParseOptions)
  const json = jsonOf(text)
  const [error] = document.errors
  if (error) {
    if (json) return nodeOf(json.value, { file, line: 1 })
    throw refused(words[error.code] ?? 'this is no YAML', 'Correct the file.', placeOf(error.pos[0]))
  }
  if (document.contents === null) return undefined
  return nodesOf(document, yaml, placeOf, notes, json !== undefined)(document.contents as Node)
}

/** What is wrong, by the parser's code for it: its own words quote what they stumble on, and secrets may stand there. */
const words: { readonly [code: string]: string } = {
  BAD_ALIAS: 'an alias must name an anchor that stands before it',
  BAD_DQ_ESCAPE: 'a wrong escape in double quotes: a backslash is written \\\\',
  BAD_INDENT: 'the indentation is wrong',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon on a line: a text with a colon needs quotes',
  MISSING_CHAR: 'a quote, a bracket, a comma or a colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a name and its colon must stand on one line',
  MULTIPLE_DOCS: 'there are several documents in it, and one is wanted',
  TAB_AS_INDENT: 'a tab is no indentation: use spaces',
}

function jsonOf(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*[[{"\d-]|^\s*(?:true|false|null)\s*$/.test(text)) return undefined
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function nodesOf(document: Document, yaml: Yaml, placeOf: (offset?: number) => SourceLine, notes: YamlNotes, isJson: boolean) {
  const open: Node[] = []
  const wrong = (node: Node, detail: string) => refused(detail, 'Correct the file.', placeOf(node.range?.[0]))

  const convert = (node: Node | null, path: readonly string[] = [], unsafe = false): SourceNode => {
    if (node === null) return { kind: 'scalar', at: placeOf(), value: null }
    if (yaml.isAlias(node)) return convert(target(node), path, unsafe)
    const at = placeOf(node.range?.[0])
    const below = unsafe || node.tag === '!unsafe'
    if (yaml.isScalar(node)) return { kind: 'scalar', at, ...scalar(node, at, path), ...(below && { unsafe: true }) }
    if (open.includes(node)) throw wrong(node, 'an alias stands within what it names')
    open.push(node)
    const tag = shortTag(node)
    try {
      if (yaml.isSeq(node) && tag !== 'omap' && tag !== 'pairs') {
        if (!['', 'seq', '!unsafe'].includes(tag)) throw unknownTag(node)
        return { kind: 'list', at, items: node.items.map((item, index) => convert(item as Node, [...path, String(index)], below)) }
      }
      if (yaml.isMap(node) && ['', 'map', '!unsafe'].includes(tag)) {
        const marked = jsonMark(node)
        if (marked) return { kind: 'scalar', at, ...marked(at) }
        return { kind: 'map', at, entries: entriesOf(node, path, below) }
      }
      throw unknownTag(node)
    } finally {
      open.pop()
    }
  }

  const target = (alias: Alias): Node => {
    const found = alias.resolve(document)
    if (found === undefined) throw wrong(alias, words.BAD_ALIAS!)
    return found as Node
  }
  const unknownTag = (node: Node) => wrong(node, `the tag ${node.tag} is not known: there are !vault and !unsafe`)

  /** In JSON, and only there, Ansible marks values by names of its own. */
  const jsonMark = (node: YAMLMap): ((at: SourceLine) => Pick<ScalarNode, 'value' | 'unsafe'>) | undefined => {
    if (!isJson) return undefined
    const text = (name: string) => {
      const value = (node.items.find(({ key }) => yaml.isScalar(key) && key.value === name)?.value as Scalar | undefined)?.value
      return typeof value === 'string' ? value : undefined
    }
    const [vault, unsafe] = [text('__ansible_vault'), text('__ansible_unsafe')]
    if (vault !== undefined) return (at) => ({ value: new EncryptedValue(vault, at) })
    return unsafe === undefined ? undefined : () => ({ value: unsafe, unsafe: true })
  }

  /** What is merged in by `<<` comes first, and what stands here itself lays over it. */
  const entriesOf = (map: YAMLMap, path: readonly string[], unsafe: boolean): readonly MapEntry[] => {
    const own = new Map<string, MapEntry>()
    const merged: MapEntry[] = []
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (isMerge(pair.key)) merged.push(...mergedBy(pair.value, path, unsafe))
      else {
        const entry = entryOf(pair, path, unsafe)
        if (own.has(entry.name)) notes.twice(entry.name, entry.at)
        own.set(entry.name, entry)
      }
    }
    return merged.length === 0 ? [...own.values()] : [...new Map([...merged.map((each) => [each.name, each] as const), ...own]).values()]
  }
  const isMerge = (key: unknown) =>
    yaml.isScalar(key) && key.value === '<<' && key.type === 'PLAIN' && (key.tag === undefined || key.tag === 'tag:yaml.org,2002:merge')
  const mergedBy = (node: Node | null, path: readonly string[], unsafe: boolean): readonly MapEntry[] => {
    const of = yaml.isAlias(node) ? target(node) : node
    if (yaml.isMap(of)) return entriesOf(of, path, unsafe)
    if (!yaml.isSeq(of)) throw wrong((of ?? document.contents) as Node, 'behind << a mapping is wanted, or a list of mappings')
    // Earlier ones win, so they are laid last.
    return of.items.toReversed().flatMap((item) => {
      const each = yaml.isAlias(item) ? target(item) : item
      if (!yaml.isMap(each)) throw wrong(each as Node, 'behind << a mapping is wanted, or a list of mappings')
      return entriesOf(each, path, unsafe)
    })
  }
  const entryOf = ({ key: given, value }: Pair<Node, Node | null>, path: readonly string[], unsafe: boolean): MapEntry => {
    const key = yaml.isAlias(given) ? target(given) : given
    const at = placeOf((given ?? value)?.range?.[0])
    if (key !== null && !yaml.isScalar(key))
      throw wrong(key, 'a list or a mapping cannot be a name: text that begins with { or [ needs quotes')
    const known = key === null ? { value: null } : scalar(key, at, path)
    if (known.value instanceof EncryptedValue) throw wrong(key!, 'an encrypted value cannot be a name')
    const name = String(known.value)
    const node = value === null ? ({ kind: 'scalar', at, value: null } as const) : convert(value, [...path, name], unsafe)
    return { name, isText: typeof known.value === 'string', at, node }
  }

  const scalar = (node: Scalar, at: SourceLine, path: readonly string[]): Omit<ScalarNode, 'kind' | 'at'> => {
    const text = String(node.value ?? '')
    const tag = shortTag(node)
    if (tag === '!vault' || tag === '!vault-encrypted') return { value: new EncryptedValue(text, at, path.join('.')) }
    try {
      const known = tagged(tag, text, node.type === 'PLAIN' || node.type === undefined)
      if (known === undefined) throw unknownTag(node)
      const keep = known.odd || (typeof known.value !== 'string' && known.value !== null)
      return { ...known, ...(keep && { source: text }) }
    } catch (cause) {
      throw cause instanceof SyntaxError ? wrong(node, cause.message) : cause
    }
  }
  return convert
}

const shortTag = ({ tag }: { readonly tag?: string | undefined }) => (tag ?? '').replace(/^tag:yaml\.org,2002:/, '')

function tagged(tag: string, text: string, plain: boolean): PlainScalar | undefined {
  switch (tag) {
    case '':
      return plain ? plainScalar(text) : { value: text }
    case '!':
    case 'str':
    case '!unsafe':
      return { value: text }
    case 'int':
      return wholeOf(text)
    case 'float':
      return floatOf(text)
    case 'bool':
    case 'null':
    case 'timestamp':
      return plainScalar(text)
    default:
      return undefined
  }
}
