import { isDeepStrictEqual } from 'node:util'
import type { VarLevel } from '../model/inventory.ts'
import { type Desk, entryOf, tooDynamic } from './definition.ts'
import type { Plain } from './effects.ts'
import { isUnwritten, objectOf } from './find.ts'
import { addHost, commentAbove, putAddresses, sshOf } from './hosts.ts'
import { dropUnused } from './imports.ts'
import { inNoGroup, knownGroups, knownHost, knownTarget, type Plan, refuse, unlike, without } from './plan.ts'
import { renameGroup, renameHost } from './rename.ts'
import type { Edit } from './request.ts'
import { dropProperty, putWords, setVar, unsetVar, wordsOf } from './steps.ts'
import { valuesOf } from './values.ts'

type Of<V extends Edit['verb']> = Extract<Edit, { verb: V }>

/** Does an edit to the texts of an inventory. @throws RollcallError (exit 1) for what cannot be, and where code stands in the way. */
export function doEdit(desk: Desk, edit: Edit): Plan {
  switch (edit.verb) {
    case 'add':
      return addHost(desk, edit)
    case 'set':
      return set(desk, edit)
    case 'unset':
      return unset(desk, edit)
    case 'rename':
      return desk.model.groups.has(edit.name) ? renameGroup(desk, edit) : renameHost(desk, edit)
    case 'remove':
      return remove(desk, edit)
    case 'move':
      return move(desk, edit)
    default:
      return edit satisfies never
  }
}

/** The value that one level gives a var; undefined where it gives none. */
function levelOf(model: Desk['model'], half: string, whose: string, name: string): { readonly value: unknown } | undefined {
  const of = (levels: readonly VarLevel[] | undefined) =>
    levels?.find(({ level, group }) =>
      half === 'hosts' ? level === 'host' : whose === 'all' ? level === 'all' : level === 'group' && group === whose,
    )
  if (half === 'hosts') return of(model.hosts.get(whose)?.varLevels?.get(name))
  for (const host of model.hosts.values()) {
    const found = of(host.varLevels?.get(name))
    if (found) return found
  }
  return undefined
}

/** Whether a path of the model is a var of these names that a target bears on. */
function bears({ model }: Desk, half: string, whose: string, vars: readonly string[]): Plan['may'] {
  const hosts = half === 'hosts' ? [whose] : (model.groups.get(whose) ?? [])
  return ([top, host = '', key, name = '']) =>
    (top === 'hosts' && hosts.includes(host) && (key === 'vars' || key === 'varLevels') && vars.includes(name)) ||
    // A var that -e may override takes its type from its first value.
    (top === 'overridable' && vars.includes(host))
}

function set(desk: Desk, edit: Of<'set'>): Plan {
  const { model } = desk
  const target = knownTarget(model, edit.name)
  const { name, half } = target
  const ssh = sshOf(edit)
  const addresses = Object.fromEntries(
    Object.entries({ privateIp: edit.privateIp, publicIp: edit.publicIp }).filter(([, value]) => value !== undefined),
  )
  const settings = [...Object.keys(addresses), ...Object.keys(ssh)]
  if (settings.length > 0 && half === 'groups') refuse('Only a host has addresses', `'${name}' is a group`, 'Name a host.')
  if (settings.length === 0 && edit.words.length === 0)
    refuse('There is nothing to set', `'${name}'`, `rollcall inventory set ${name} sitePort=8080`)
  const vars = valuesOf(edit.words, target, model, edit.isNew)
  for (const each of vars) {
    const now = levelOf(model, half, name, each.name)
    if (now === undefined || !isDeepStrictEqual(now.value, each.value)) setVar(desk, half, name, each.name, each.value)
  }
  putAddresses(desk, name, edit)
  const mayVars = bears(
    desk,
    half,
    name,
    vars.map((each) => each.name),
  )
  return {
    done: `${name} has ${[...vars.map((each) => `${each.name} ${JSON.stringify(each.value)}`), ...Object.entries({ ...addresses, ...ssh }).map(([key, value]) => `${key} ${String(value)}`)].join(', ')}`,
    may: (path) =>
      mayVars(path) ||
      (path[0] === 'hosts' && path[1] === name && (path[2]! in addresses || (settings.length > 0 && path[2]!.startsWith('connection')))),
    missed: (after) => {
      if (half === 'hosts') {
        const host = after.hosts[name]!
        return (
          unlike(Object.fromEntries(vars.map((each) => [each.name, each.value])), host.vars) ??
          unlike(addresses, { ...host }) ??
          unlike(ssh, host.connection)
        )
      }
      return vars
        .map((each) => unlike({ [each.name]: each.value }, { [each.name]: plainLevel(after, name, each.name, each.value) }))
        .find(Boolean)
    },
  }
}

/** What a group gives, as some host shows it; of a group without hosts nobody can tell. */
function plainLevel(after: Plain, group: string, name: string, otherwise: unknown): unknown {
  for (const host of Object.values(after.hosts))
    for (const each of host.varLevels[name] ?? []) if (group === 'all' ? each.level === 'all' : each.group === group) return each.value
  return (after.groups[group] ?? []).length === 0 ? otherwise : undefined
}

function unset(desk: Desk, { name, vars }: Of<'unset'>): Plan {
  const { model } = desk
  const { half } = knownTarget(model, name)
  for (const each of new Set(vars)) {
    const here = levelOf(model, half, name, each)
    const members = half === 'hosts' ? [name] : (model.groups.get(name) ?? [])
    if (here === undefined && members.length > 0) {
      const from = [...(model.hosts.get(members[0]!)?.varLevels?.get(each) ?? [])].at(-1)
      const where = from === undefined ? 'it has no such var' : `it comes from ${from.group ?? from.level}`
      refuse(
        'This var is not set there',
        `${each} of ${name}: ${where}`,
        from === undefined ? 'Nothing is to be taken away.' : `rollcall inventory unset ${from.group ?? from.level} ${each}`,
      )
    }
    unsetVar(desk, half, name, each)
  }
  return {
    done: `${name} no longer sets ${[...new Set(vars)].join(', ')}`,
    may: bears(desk, half, name, vars),
    missed: (after) => {
      const left = Object.entries(after.hosts).flatMap(([host, { varLevels }]) =>
        vars.filter((each) =>
          (varLevels[each] ?? []).some(({ level, group }) =>
            half === 'hosts' ? level === 'host' && host === name : (group ?? level) === name,
          ),
        ),
      )
      return left.length === 0 ? undefined : `${left[0]} would still be set there`
    },
  }
}

function remove(desk: Desk, { name, force }: Of<'remove'>): Plan {
  knownHost(desk.model, name)
  const { source, object } = entryOf(desk, 'hosts', name)
  const above = commentAbove(desk, name)
  dropProperty(desk, { source, object }, name, name)
  dropUnused(desk, source)
  const stays = above !== undefined && desk.sources.read(source.path).text.includes(above)
  return {
    done: `${name} is removed`,
    kept: (before) => without(before, name),
    may: () => false,
    missed: () => undefined,
    gone: name,
    force,
    notes: stays ? [`the comment above it stays: ${above}`] : [],
  }
}

function move(desk: Desk, edit: Of<'move'>): Plan {
  const { model } = desk
  const { name } = knownHost(model, edit.name)
  const { definition } = entryOf(desk, 'hosts', name)
  const now = wordsOf(desk, definition, 'groups', name)
  if (now === undefined) throw tooDynamic(desk, `the groups of ${name} are not written out`, [])
  const wanted = knownGroups(model, [
    ...(edit.groups === undefined ? now.filter((group) => !edit.from?.includes(group)) : knownGroups(model, edit.groups)),
    ...knownGroups(model, edit.add ?? []),
  ])
  for (const group of edit.from ?? [])
    if (!now.includes(group))
      refuse(
        'The host is not in this group',
        `${name} is in ${now.join(', ') || 'no group but all'}, not '${group}'`,
        'Leave it out of --from.',
      )
  const find = () => {
    const found = objectOf(desk.sources, ...entryValue(desk, name))
    if (isUnwritten(found)) throw tooDynamic(desk, `what is declared of '${name}' is not written out`, [found])
    return found
  }
  if (!isDeepStrictEqual(now, wanted)) putWords(desk, find, 'groups', wanted, name)
  return {
    done: `${name} is in ${wanted.length === 0 ? 'no group but all' : wanted.join(', ')}`,
    kept: (before) => inNoGroup(before, name),
    seen: (after) => inNoGroup(after, name),
    may: ([half, host, key = '']) =>
      half === 'hosts' && host === name && ['groups', 'vars', 'varLevels', 'connection', 'connectionLevels'].includes(key),
    tells: true,
    missed: (after) => unlike({ groups: wanted }, { groups: after.hosts[name]?.groups.slice(0, wanted.length) }),
  }
}

function entryValue(desk: Desk, name: string) {
  const { source, property } = entryOf(desk, 'hosts', name)
  return [source, property.value] as const
}
