import type { Desk } from './definition.ts'
import { ownImports, ownNames } from './find.ts'
import { append, listOf, takeAway } from './list.ts'
import { nodesIn, type Source } from './source.ts'
import { newlineOf, quoted, styleOf } from './style.ts'

/** The name by which a file calls something of `rollcall`; imported now, if it was not. */
export function importedAs({ sources }: Desk, path: string, name: string): string {
  const source = sources.read(path)
  const known = ownNames(source.program, name)[0]
  if (known !== undefined) return known
  const style = styleOf(source)
  const end = style.semicolons ? ';' : ''
  const found = ownImports(source.program).find((each) => each.specifiers.every(({ type }) => type === 'ImportSpecifier'))
  if (found && found.specifiers.length > 0) {
    const list = namesOf(source, found)
    const names = found.specifiers.map((each) => each.local.name)
    const next = names.findIndex((each) => each.localeCompare(name) > 0)
    const sorted = [...names].sort((a, b) => a.localeCompare(b)).every((each, at) => each === names[at])
    const oneLine = !source.text.slice(list.open, list.close).includes('\n')
    if (next !== -1 && sorted && oneLine)
      sources.edit(path, [{ from: list.items[next]!.start, to: list.items[next]!.start, text: `${name}, ` }])
    else
      sources.edit(
        path,
        append(list, style, () => name, ' '),
      )
    return name
  }
  const at = source.program.body[0]?.start ?? 0
  sources.edit(path, [{ from: at, to: at, text: `import { ${name} } from ${quoted('rollcall', style)}${end}${newlineOf(source.text)}` }])
  return name
}

/** Takes away names of `rollcall` that nothing in a file needs any more. @param before The file when they were needed. */
export function dropUnused({ sources }: Desk, before: Source): void {
  const { path } = before
  for (;;) {
    const source = sources.read(path)
    const used = counts(source)
    const was = counts(before)
    const found = ownImports(source.program)
      .map((each) => ({ each, index: each.specifiers.findIndex(({ local }) => used.get(local.name) === 1 && was.get(local.name)! > 1) }))
      .find(({ index }) => index !== -1)
    if (found === undefined || found.each.specifiers.some(({ type }) => type !== 'ImportSpecifier')) return
    // An import that is left without names would still load what it names.
    if (found.each.specifiers.length === 1) {
      const end = /[ \t]*\r?\n?/y
      end.lastIndex = found.each.end
      sources.edit(path, [{ from: found.each.start, to: found.each.end + end.exec(source.text)![0].length, text: '' }])
    } else sources.edit(path, takeAway(namesOf(source, found.each), found.index))
  }
}

function namesOf(source: Source, { start, end, specifiers, source: { start: from } }: ReturnType<typeof ownImports>[number]) {
  const open = source.plain.indexOf('{', start)
  const close = source.plain.lastIndexOf('}', from) + 1
  return listOf(source, { start: open, end: Math.min(close, end) }, specifiers)
}

/** How often each name stands in a file; an import counts once, as it is. */
function counts({ program }: Source): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const seen = new Set<number>()
  for (const node of nodesIn(program)) {
    if (node.type !== 'Identifier' || seen.has(node.start)) continue
    seen.add(node.start)
    found.set(node.name, (found.get(node.name) ?? 0) + 1)
  }
  return found
}
