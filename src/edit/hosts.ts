import { isIP } from 'node:net'
import type { InventoryModel } from '../model/inventory.ts'
import { type Desk, entryOf, halfOf, settingOf, tooDynamic } from './definition.ts'
import { isUnwritten, objectOf, ownEntry, ownNames, type Place, unwritten } from './find.ts'
import { importedAs } from './imports.ts'
import { freeName, knownGroups, type Plan, refuse, unlike, without } from './plan.ts'
import type { Edit, Values } from './request.ts'
import { bare, literalOf, placeOf } from './source.ts'
import { addEntry, addProperty, placeIn, putProperty } from './steps.ts'
import { object, printed, property, quoted, styleOf } from './style.ts'
import { valuesOf } from './values.ts'

/** A host more. */
export function addHost(desk: Desk, edit: Extract<Edit, { verb: 'add' }>): Plan {
  const { model } = desk
  const { name } = edit
  freeName(model, name)
  const groups = knownGroups(model, edit.groups)
  const vars = valuesOf(edit.words, { name, half: 'hosts', groups: withParents(model, groups) }, model, edit.isNew)
  const ssh = sshOf(edit)
  const place = placeFor(desk, groups)
  const kind = connectionOf(edit, ssh, place)
  const called = kind === undefined || kind === `'local'` ? undefined : importedAs(desk, place.source.path, kind)
  addEntry(desk, placeFor(desk, groups), name, (style) => [
    property('groups', printed(groups, style), style),
    ...(['privateIp', 'publicIp'] as const).flatMap((key) =>
      edit[key] === undefined ? [] : property(key, printed(edit[key], style), style),
    ),
    ...(vars.length === 0
      ? []
      : [property('vars', printed(Object.fromEntries(vars.map((each) => [each.name, each.value])), style), style)]),
    ...(kind === undefined
      ? []
      : [
          property(
            'connection',
            called === undefined ? quoted('local', style) : `${called}(${Object.keys(ssh).length > 0 ? printed(ssh, style) : ''})`,
            style,
          ),
        ]),
  ])
  return {
    done: `${name} is added, in ${groups.length === 0 ? 'no group but all' : groups.join(', ')}${kind === undefined ? '' : `, by ${kind === `'local'` ? 'local' : kind}`}`,
    seen: (after) => without(after, name),
    may: () => false,
    missed: (after) => {
      const host = after.hosts[name]
      if (host === undefined) return `${name} would not be there`
      return (
        unlike({ groups }, { groups: host.groups.slice(0, groups.length) }) ??
        unlike(given({ privateIp: edit.privateIp, publicIp: edit.publicIp }), { ...host }) ??
        unlike(ssh, host.connection) ??
        unlike(Object.fromEntries(vars.map((each) => [each.name, each.value])), host.vars)
      )
    },
  }
}

/** Groups with those that they are in. */
export function withParents({ children }: InventoryModel, groups: readonly string[]): readonly string[] {
  const all = new Set(groups)
  for (const group of all) for (const [parent, below] of children ?? []) if (below.includes(group)) all.add(parent)
  return [...all]
}

const given = (values: object) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

/** What SSH is told of a host. @throws RollcallError for what is no address and no port. */
export function sshOf({ privateIp, publicIp, address, user, port }: Values): { readonly [setting: string]: unknown } {
  for (const [option, value] of Object.entries({ '--private-ip': privateIp, '--public-ip': publicIp }))
    if (value !== undefined && isIP(value) === 0) refuse('This is no IP address', `${option} ${value}`, 'A name belongs behind --address.')
  if (address !== undefined && isIP(address) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(address))
    refuse('This is no address', `--address ${address}`, 'Give an IP address, or a name that DNS or ~/.ssh/config knows.')
  if (address !== undefined && /^[\d.]+$/.test(address) && isIP(address) === 0)
    refuse('This is no IP address', `--address ${address}`, 'Four numbers from 0 to 255.')
  if (port !== undefined && !(/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535))
    refuse('This is no port', `--port ${port}`, 'It is a whole number from 1 to 65535.')
  if (user !== undefined && (user === '' || /[\s\x00-\x1f]/.test(user)))
    refuse('This cannot be a user', `--user '${user}'`, 'Give the name by which one logs in.')
  return given({ address, port: port === undefined ? undefined : Number(port), user })
}

type Connection = 'ssh' | 'lab' | 'local' | `'local'`

/** How a new host is reached: as it is said, else as all its neighbours are, where they say so themselves. */
function connectionOf(
  { connection, address }: Extract<Edit, { verb: 'add' }>,
  ssh: object,
  { source, object: { properties } }: Place,
): Connection | undefined {
  const settings = Object.keys(ssh)
  if (
    settings.length > 0 &&
    connection !== undefined &&
    connection !== 'ssh' &&
    (connection === 'local' || address !== undefined || settings.includes('port'))
  )
    refuse('These options exclude each other', `--connection ${connection} and --${settings[0]}`, 'Only ssh takes an address and a port.')
  if (connection !== undefined) return connection
  if (settings.length > 0) return 'ssh'
  const own = properties.map((each) => {
    const definition = each.type === 'Property' ? bare(each.value) : undefined
    const value =
      definition?.type === 'ObjectExpression' ? ownEntry({ source, object: definition }, 'connection')?.property.value : undefined
    if (value === undefined) return undefined
    if (literalOf(value)?.value === 'local') return `'local'`
    const call = bare(value)
    if (call.type !== 'CallExpression' || call.arguments.length > 0 || call.callee.type !== 'Identifier') return undefined
    const { name } = call.callee
    return (['lab', 'local'] as const).find((kind) => ownNames(source.program, kind).includes(name))
  })
  const [first] = own
  return own.length > 0 && own.every((each) => each === first) ? first : undefined
}

/** The object in which a host of these groups belongs: where most of its like stand. */
function placeFor(desk: Desk, groups: readonly string[]): Place {
  const { main, places, entries, unwritten: dynamic } = halfOf(desk, 'hosts')
  const [best] = places
    .map((place) => {
      const own = entries.filter((each) => each.object === place.object)
      const like = own.filter((each) => {
        const definition = objectOf(desk.sources, each.source, each.property.value)
        const list = isUnwritten(definition) ? undefined : ownEntry(definition, 'groups')
        const words = list && literalOf(list.property.value)?.value
        return Array.isArray(words) && words.length === groups.length && groups.every((group) => words.includes(group))
      })
      return { place, score: like.length > 0 ? like.length + 1 : own.length > 0 ? 1 : 0 }
    })
    .sort((a, b) => b.score - a.score)
  const place = best === undefined || best.score === 0 ? main : best.place
  if (place === undefined) throw tooDynamic(desk, 'the hosts are not written out as an object', dynamic)
  return place
}

/** Sets addresses and how a host is reached. */
export function putAddresses(desk: Desk, name: string, edit: Values): void {
  for (const key of ['privateIp', 'publicIp'] as const) {
    const value = edit[key]
    if (value === undefined) continue
    const { definition } = entryOf(desk, 'hosts', name)
    settingOf(desk, definition, key, name)
    putProperty(desk, definition, key, value, name)
  }
  for (const [setting, value] of Object.entries(sshOf(edit))) putConnection(desk, name, setting, value)
}

function putConnection(desk: Desk, name: string, setting: string, value: unknown): void {
  const { definition } = entryOf(desk, 'hosts', name)
  const entry = settingOf(desk, definition, 'connection', name)
  if (entry === undefined) {
    const called = importedAs(desk, definition.source.path, 'ssh')
    const { definition: fresh } = entryOf(desk, 'hosts', name)
    addProperty(desk, fresh, (_, style) =>
      property('connection', `${called}(${object([property(setting, printed(value, style), style)], style)})`, style),
    )
    return
  }
  const { source } = entry
  const call = bare(entry.property.value)
  const known =
    call.type === 'CallExpression' && call.callee.type === 'Identifier' && ownNames(source.program, 'ssh').includes(call.callee.name)
  if (!known) throw tooDynamic(desk, `the connection of ${name} is no call of ssh`, [unwritten(source, entry.property.value)])
  const [argument] = call.arguments
  if (argument) putProperty(desk, placeIn(desk, source, argument, `the connection of ${name}`), setting, value, name)
  else desk.sources.edit(source.path, [{ from: call.end - 1, to: call.end - 1, text: printed({ [setting]: value }, styleOf(source)) }])
}

/** The line of comment that stays above what is gone, if there is one. */
export function commentAbove(desk: Desk, name: string): string | undefined {
  const { source, property: found } = entryOf(desk, 'hosts', name)
  const { line } = placeOf(source, found.start)
  const above = source.text.split('\n')[line - 2] ?? ''
  return /^\s*(\/\/|\/\*|\*)/.test(above) ? above.trim() : undefined
}
