import { type Desk, entryOf, type Half, halfOf, settingOf, shown, tooDynamic } from './definition.ts'
import { isUnwritten, membersOf, objectOf, ownEntry, type Place, unwritten } from './find.ts'
import { append, endOf, indentAt, isTall, listOf, takeAway } from './list.ts'
import { bare, literalOf, type ObjectExpression, placeOf, type Source } from './source.ts'
import { key, newlineOf, object, printed, property, quoted, type Style, styleOf } from './style.ts'

const propertiesOf = ({ source, object: { start, end, properties } }: Place) => listOf(source, { start, end }, properties)

/** A property more at the end of an object. */
export function addProperty({ sources }: Desk, place: Place, text: (indent: string, style: Style) => string): void {
  const style = styleOf(place.source)
  sources.edit(
    place.source.path,
    append(propertiesOf(place), style, (indent) => text(indent, style), style.brace),
  )
}

/** Sets a property of an object. @throws RollcallError where its value is code. */
export function putProperty(desk: Desk, place: Place, name: string, value: unknown, whose: string): void {
  const own = ownEntry(place, name)
  if (own === undefined) {
    addProperty(desk, place, (_, style) => property(name, printed(value, style), style))
    return
  }
  const { source, property: found } = own
  if (found.shorthand || literalOf(found.value) === undefined)
    throw tooDynamic(desk, `${name} of ${whose} is no plain value`, [unwritten(source, found.value)])
  desk.sources.edit(source.path, [{ from: found.value.start, to: found.value.end, text: printed(value, styleOf(source)) }])
}

/** Takes a property away. `about`: a comment above that tells of this name goes as well. */
export function dropProperty({ sources }: Desk, place: Place, name: string, about?: string): void {
  const index = place.object.properties.indexOf(ownEntry(place, name)!.property)
  sources.edit(place.source.path, takeAway(propertiesOf(place), index, about))
}

/** Sets a var of a host, a group or `all`. */
export function setVar(desk: Desk, half: Half, whose: string, name: string, value: unknown): void {
  if (half === 'groups' && whose === 'all' && !halfOf(desk, 'groups').entries.some((each) => each.name === 'all')) {
    const { main, unwritten } = halfOf(desk, 'groups')
    if (main === undefined || unwritten.length > 0) throw tooDynamic(desk, `group 'all' is not written out`, unwritten)
    addProperty(desk, main, (_, style) => property('all', printed({ vars: { [name]: value } }, style), style))
    return
  }
  const { definition } = entryOf(desk, half, whose)
  const vars = settingOf(desk, definition, 'vars', whose)
  if (vars === undefined) addProperty(desk, definition, (_, style) => property('vars', printed({ [name]: value }, style), style))
  else putProperty(desk, placeIn(desk, vars.source, vars.property.value, `the vars of ${whose}`), name, value, whose)
}

/** Takes a var away, and `vars` with the last one. */
export function unsetVar(desk: Desk, half: Half, whose: string, name: string): void {
  const { definition } = entryOf(desk, half, whose)
  const vars = settingOf(desk, definition, 'vars', whose)
  const place = vars && placeIn(desk, vars.source, vars.property.value, `the vars of ${whose}`)
  const own = place && ownEntry(place, name)
  if (own === undefined) {
    const other = place && membersOf(desk.sources, place)
    const from = other?.entries.filter((each) => each.name === name).map((each) => unwritten(each.source, each.property)) ?? []
    throw tooDynamic(desk, `${name} of ${whose} does not stand in its own vars`, [...from, ...(other?.unwritten ?? [])])
  }
  const inside = place!.source.text.slice(place!.object.start + 1, place!.object.end - 1)
  const comment = /\/[/*]/.test(inside.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, ''))
  if (place!.object.properties.length > 1 || comment || bare(vars!.property.value).type !== 'ObjectExpression')
    dropProperty(desk, place!, name)
  else dropProperty(desk, definition, 'vars')
}

export function placeIn(desk: Desk, source: Source, node: Parameters<typeof objectOf>[2], what: string): Place {
  const found = objectOf(desk.sources, source, node)
  if (isUnwritten(found)) throw tooDynamic(desk, `${what}: not written out`, [found])
  return found
}

/** An entry of hosts, written as its neighbours are. */
export function addEntry(desk: Desk, place: Place, name: string, settings: (style: Style) => readonly string[]): void {
  const own = place.object.properties.flatMap((each) => (each.type === 'Property' ? [each] : []))
  const objects = own.flatMap(({ value }) => (bare(value).type === 'ObjectExpression' ? [bare(value) as ObjectExpression] : []))
  const tallOnes = objects.filter((each) => isTall(listOf(place.source, each, each.properties)))
  // As most of them are, or as the last one where there are as many of both.
  const tall = tallOnes.length * 2 > objects.length || (tallOnes.length * 2 === objects.length && tallOnes.at(-1) === objects.at(-1))
  const quote = own.some(
    ({ key: { type, ...rest } }) => type === 'Literal' && /^[A-Za-z_$][\w$]*$/.test(String('value' in rest && rest.value)),
  )
  addProperty(desk, place, (indent, found) => {
    const { source } = place
    const like = tallOnes.at(-1)
    const style = { ...found, quotedKeys: settingsQuoted(place, found), ...(like && unitOf(source, like)) }
    const head = `${key(name, style, quote || style.quotedKeys)}${style.colon}`
    const one = `${head}${object(settings(style), style)}`
    if (!tall && indent.length + one.length < style.width) return one
    const newline = newlineOf(source.text)
    const lines = settings(style).map((each) => `${newline}${indent}${style.unit}${each}`)
    return `${head}{${lines.join(',')}${style.trailing ? ',' : ''}${newline}${indent}}`
  })
}

/** The step of indentation of an object of several lines. */
function unitOf({ text }: Source, { start, properties }: ObjectExpression): { readonly unit?: string } {
  const [outer, inner] = [indentAt(text, start), indentAt(text, properties[0]!.start)]
  return inner.length > outer.length && inner.startsWith(outer) ? { unit: inner.slice(outer.length) } : {}
}

/** Whether `groups` and the like stand in quotes in the entries of an object. */
function settingsQuoted({ object: { properties } }: Place, { quotedKeys }: Style): boolean {
  for (const each of properties) {
    const inner = each.type === 'Property' ? bare(each.value) : undefined
    const first = inner?.type === 'ObjectExpression' ? inner.properties[0] : undefined
    if (first?.type === 'Property' && !first.computed) return first.key.type === 'Literal'
  }
  return quotedKeys
}

/** Another name for a host or a group where it is declared. */
export function renameKey(desk: Desk, half: Half, from: string, to: string): void {
  const { source, property: found } = entryOf(desk, half, from)
  const style = styleOf(source)
  if (found.shorthand) {
    desk.sources.edit(source.path, [{ from: found.start, to: found.start, text: `${key(to, style)}${style.colon}` }])
    return
  }
  const raw = source.text[found.key.start]
  const text = raw === `'` || raw === '"' ? quoted(to, { quote: raw }) : key(to, style, false)
  desk.sources.edit(source.path, [{ from: found.key.start, to: found.key.end, text }])
}

/** The words of a list that a setting is: the groups of a host, the children of a group. */
export function wordsOf(desk: Desk, place: Place, setting: string, whose: string): readonly string[] | undefined {
  const entry = settingOf(desk, place, setting, whose)
  if (entry === undefined) return undefined
  const value = literalOf(entry.property.value)?.value
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[]
  throw tooDynamic(desk, `${setting} of ${whose}: not written out as a list of names`, [unwritten(entry.source, entry.property.value)])
}

/** Makes a list of names another one, and touches no name that stays where it is. */
export function putWords(desk: Desk, find: () => Place, setting: string, wanted: readonly string[], whose: string): void {
  const list = () => {
    const entry = settingOf(desk, find(), setting, whose)!
    const node = bare(entry.property.value)
    if (node.type !== 'ArrayExpression') throw tooDynamic(desk, `${setting} of ${whose}`, [unwritten(entry.source, node)])
    const items = node.elements.flatMap((each) => each ?? [])
    return { source: entry.source, items, list: listOf(entry.source, node, items), words: items.map((each) => literalOf(each)?.value) }
  }
  for (let now = list(); ; now = list()) {
    const gone = now.words.findLastIndex((word) => !wanted.includes(word as string))
    if (gone === -1) break
    desk.sources.edit(now.source.path, takeAway(now.list, gone))
  }
  for (const word of wanted) {
    const { source, list: current, words } = list()
    const style = styleOf(source)
    if (!words.includes(word))
      desk.sources.edit(
        source.path,
        append(current, style, () => quoted(word, style), style.bracket),
      )
  }
  const { source, items, words } = list()
  const style = styleOf(source)
  const edits = items.flatMap((item, at) =>
    words[at] === wanted[at] ? [] : [{ from: item.start, to: endOf(source, item), text: quoted(wanted[at]!, style) }],
  )
  desk.sources.edit(source.path, edits)
}

/** Another name in a list, where it stands. */
export function renameWord(desk: Desk, place: Place, setting: string, from: string, to: string, whose: string): void {
  const entry = settingOf(desk, place, setting, whose)!
  const node = bare(entry.property.value)
  const items = node.type === 'ArrayExpression' ? node.elements : []
  const edits = items.flatMap((item) => {
    const inner = item && bare(item)
    if (inner?.type !== 'Literal' || inner.value !== from) return []
    return [{ from: inner.start, to: inner.end, text: quoted(to, { quote: inner.raw![0] as `'` }) }]
  })
  desk.sources.edit(entry.source.path, edits)
}

/** `inventory/lab.ts:12:5` of a host or group. */
export function lineOf(desk: Desk, half: Half, name: string): string | undefined {
  const entry = halfOf(desk, half).entries.findLast((each) => each.name === name)
  return entry && shown(desk, placeOf(entry.source, entry.property.start))
}
