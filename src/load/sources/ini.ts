import type { SourceLine } from '../../model/errors.ts'
import { suggest } from '../../util/suggest.ts'
import { expandHosts } from './host-range.ts'
import type { InventoryData } from './inventory-data.ts'
import { pythonLiteral, UnhashableKey } from './python-literal.ts'
import { refused } from './refuse.ts'
import { shellWords } from './shell-words.ts'
import { type GivenVar, isTemplate } from './values.ts'

const kinds = ['hosts', 'children', 'vars']
const section = /^\[([^:\]\s]+)(?::([\p{L}\p{N}_]+))?\]\s*(?:#.*)?$/u
const groupName = /^([^:\]\s]+)\s*(?:#.*)?$/
/** As Python's `splitlines`: a form feed ends a line, too. */
const lineEnds = /\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]/

/** A group that is named before it is declared, and where. */
interface Pending {
  readonly at: SourceLine
  readonly by: 'vars' | 'children'
  readonly parents: { readonly group: string; readonly at: SourceLine }[]
}

/**
 * Adds an INI inventory to what is known so far.
 * @throws RollcallError with the line, for all that Ansible refuses.
 */
export function readIni(text: string, file: string, data: InventoryData): void {
  const pending = new Map<string, Pending>()
  let group = 'ungrouped'
  let kind = 'hosts'
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(lineEnds)
    .entries()) {
    const at: SourceLine = { file, line: index + 1 }
    const line = raw.trim()
    if (line === '' || line.startsWith(';') || line.startsWith('#')) continue
    const head = section.exec(line)
    if (head) {
      group = head[1]!
      kind = head[2] ?? 'hosts'
      if (!kinds.includes(kind)) throw unknownKind(line, kind, at)
      declare(group, kind, at, data, pending)
    } else if (line.startsWith('[') && line.endsWith(']'))
      throw refused(`'${line}' is no section`, 'A section is [group], [group:vars] or [group:children], without spaces.', at)
    else if (kind === 'hosts') readHosts(line, group, at, data)
    else if (kind === 'vars') readVar(line, group, at, data)
    else readChild(line, group, at, data, pending)
  }
  for (const [name, { at, by, parents }] of pending)
    throw by === 'vars'
      ? refused(`[${name}:vars] is for a group that is declared nowhere`, `Declare it, even without hosts:\n[${name}]`, at)
      : refused(`'${name}', a child of '${parents[0]!.group}', is declared nowhere`, declareOrMean(name, data), at)
}

function declareOrMean(name: string, data: InventoryData): string {
  const meant = suggest(
    name,
    [...data.groups.keys()].filter((each) => each !== name),
  )
  return meant ? `Did you mean '${meant}'?` : `Declare it, even without hosts:\n[${name}]`
}

function unknownKind(line: string, kind: string, at: SourceLine): Error {
  const meant = suggest(kind, kinds)
  return refused(`'${line}' is a section of an unknown kind`, meant ? `Did you mean ':${meant}'?` : `There are: ${kinds.join(', ')}.`, at)
}

/** `[x:vars]` alone declares no group: it waits for one of the other two, which may come later. */
function declare(group: string, kind: string, at: SourceLine, data: InventoryData, pending: Map<string, Pending>): void {
  if (!data.groups.has(group)) {
    if (kind === 'vars' && !pending.has(group)) pending.set(group, { at, by: 'vars', parents: [] })
    data.addGroup(group, at)
  }
  if (kind === 'vars') return
  if (pending.get(group)?.by === 'children') adopt(group, data, pending)
  else pending.delete(group)
}

/** A group that others wait for is there: it goes below them, and they below those that wait for them. */
function adopt(group: string, data: InventoryData, pending: Map<string, Pending>): void {
  for (const { group: parent, at } of pending.get(group)!.parents) {
    data.addChild(parent, group, at)
    if (pending.get(parent)?.by === 'children') adopt(parent, data, pending)
  }
  pending.delete(group)
}

function readChild(line: string, group: string, at: SourceLine, data: InventoryData, pending: Map<string, Pending>): void {
  const child = groupName.exec(line)?.[1]
  if (child === undefined) throw refused(`'${line}' cannot be the name of a group`, 'Below [group:children] stands one group a line.', at)
  if (data.groups.has(child)) data.addChild(group, child, at)
  else {
    const waiting = pending.get(child) ?? { at, by: 'children', parents: [] }
    waiting.parents.push({ group, at })
    pending.set(child, waiting)
  }
}

function readVar(line: string, group: string, at: SourceLine, data: InventoryData): void {
  const equals = line.indexOf('=')
  if (equals < 0) throw refused(`'${line}' is no name=value`, `Below [${group}:vars] stands one var a line: name=value`, at)
  data.setVar(group, line.slice(0, equals).trim(), given(line.slice(equals + 1).trim(), at))
}

function readHosts(line: string, group: string, at: SourceLine, data: InventoryData): void {
  const [pattern = '', ...words] = wordsOf(line, at)
  const { hosts, port } = expand(pattern, at)
  if (pattern.trim().endsWith(':') && port === undefined)
    throw refused(`'${pattern}' ends in a colon`, 'A port stands behind it: web:2222. If this is YAML, its name must end in .yml.', at)
  if (hosts.some((host) => host.trim() === '---'))
    throw refused("a line is '---', which begins a file of YAML", 'If this is YAML, let its name end in .yml; else remove the line.', at)
  const vars = words.map((word): [string, GivenVar] => {
    const equals = word.indexOf('=')
    if (equals < 0)
      throw refused(`'${word}', behind host '${pattern}', is no name=value`, 'A value with spaces needs quotes: name="a b"', at)
    return [word.slice(0, equals), given(word.slice(equals + 1), at)]
  })
  for (const host of hosts) {
    data.addHost(host, group, at, port)
    for (const [name, value] of vars) data.setVar(host, name, value)
  }
}

function wordsOf(line: string, at: SourceLine): readonly string[] {
  try {
    return shellWords(line)
  } catch (cause) {
    throw refused(
      `a quote is not closed, or nothing stands behind a backslash: ${(cause as Error).message}`,
      'Correct the line.',
      at,
      cause,
    )
  }
}

/** @throws RollcallError for a range that is none. */
export function expand(pattern: string, at: SourceLine): ReturnType<typeof expandHosts> {
  try {
    return expandHosts(pattern)
  } catch (cause) {
    throw refused((cause as Error).message, 'A range is [1:20], [01:20], [a:f], or has a step: [1:20:2].', at, cause)
  }
}

function given(text: string, at: SourceLine): GivenVar {
  try {
    const { value, odd } = pythonLiteral(text) ?? { value: text, odd: [] }
    return { value, at, odd, templated: isTemplate(text) }
  } catch (cause) {
    if (!(cause instanceof UnhashableKey)) throw cause
    throw refused(
      `Ansible takes the value '${text}' for a set or dictionary of Python, in which a list or another set is a key`,
      'Quote it, so that it is text.',
      at,
      cause,
    )
  }
}
