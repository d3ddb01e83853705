import type { Node, ParseOptions, Scalar } from 'yaml'
import { importModule } from './import-module.ts'

/** A place in a text, counted from 1. */
export interface TextPlace {
  readonly line: number
  readonly column: number
}
/** Where a text is no YAML. It never quotes the text: secrets may stand in it. */
export interface YamlProblem extends TextPlace {
  readonly message: string
}
/** A value that `!vault` marks: Ansible's, encrypted by itself. */
export class VaultText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
/** One value below the top: its names joined by dots, and its text as it is written, so that `0644` stays that. */
export interface YamlLeaf extends TextPlace {
  readonly path: string
  /** Undefined: it is null, or an empty list or mapping. */
  readonly text: string | VaultText | undefined
}
export interface YamlMapping {
  readonly entries: readonly (TextPlace & { readonly name: string; readonly value: unknown })[]
  readonly leaves: () => readonly YamlLeaf[]
}

/** What is wrong, by the parser's code for it: its own words may quote what they stumble on. */
const words: { readonly [code: string]: string } = {
  ALIAS_PROPS: 'an alias has no properties of its own',
  BAD_ALIAS: 'an alias must name an anchor that stands before it',
  BAD_DQ_ESCAPE: 'a wrong escape in double quotes: a backslash is written \\\\',
  BAD_INDENT: 'the indentation is wrong',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon on a line: a text with a colon needs quotes',
  DUPLICATE_KEY: 'this name is there twice',
  MISSING_CHAR: 'a quote, a bracket, a comma or a colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a name and its colon must stand on one line',
  MULTIPLE_DOCS: 'there are several documents in it, and one is wanted',
  TAB_AS_INDENT: 'a tab is no indentation: use spaces',
}

/**
 * Reads a mapping from YAML 1.2, of which JSON is a part, with the place of each value. Its library stays in node_modules and is
 * loaded at the first call.
 */
export async function readYaml(text: string): Promise<{ readonly mapping: YamlMapping } | { readonly problem: YamlProblem }> {
  const yaml = (await importModule('yaml')) as typeof import('yaml')
  const lines = new yaml.LineCounter()
  const place = (offset = 0): TextPlace => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const wrong = (offset: number | undefined, message: string) => ({ problem: { ...place(offset), message } })
  const vault = { tag: '!vault', resolve: (given: string) => new VaultText(given) }
  const options = { lineCounter: lines, prettyErrors: false, logLevel: 'error', customTags: [vault] } as const
  const document = yaml.parseDocument(text, options as ParseOptions)
  const [error] = document.errors
  if (error) return wrong(error.pos[0], words[error.code] ?? 'this is no YAML')
  if (document.contents === null) return { mapping: { entries: [], leaves: () => [] } }
  const top = document.contents
  if (!yaml.isMap(top)) return wrong(top.range?.[0], 'names with values must stand here: name: value')
  const unknownTag = document.warnings[0]
  if (unknownTag) return wrong(unknownTag.pos[0], 'this tag is not known; there is !vault')
  for (const { key } of top.items)
    if (!yaml.isScalar(key) || typeof key.value !== 'string') return wrong((key as Node | null)?.range?.[0], 'a name must be text')
  let values: { readonly [name: string]: unknown }
  try {
    values = document.toJS() as typeof values
  } catch {
    return wrong(0, words.BAD_ALIAS!)
  }
  const leavesOf = (node: unknown, path: readonly string[]): readonly YamlLeaf[] => {
    const of = yaml.isAlias(node) ? node.resolve(document) : node
    if (yaml.isMap(of)) return of.items.flatMap(({ key, value }) => leavesOf(value, [...path, String((key as Scalar).value)]))
    if (yaml.isSeq(of)) return of.items.flatMap((item, at) => leavesOf(item, [...path, String(at)]))
    const scalar = of as Scalar | undefined
    const value = scalar?.value
    const shown =
      value instanceof VaultText || typeof value === 'string' ? value : value == null ? undefined : (scalar?.source ?? String(value))
    return [{ path: path.join('.'), text: shown, ...place((node as Node | undefined)?.range?.[0]) }]
  }
  return {
    mapping: {
      entries: top.items.map(({ key, value }) => {
        const name = (key as Scalar<string>).value
        return { name, value: values[name], ...place(((value ?? key) as Node).range?.[0]) }
      }),
      leaves: () => leavesOf(top, []),
    },
  }
}
