import type { HostRecord, InventoryModel } from '../../model/inventory.ts'
import { Secret } from '../../util/secret.ts'

/**
 * The module that stands for an inventory where it is type-checked: names of hosts and groups, and of each group's vars what its
 * hosts have. A var that some of them lack may be absent. Values stay in memory.
 */
export function typesModule(model: InventoryModel, path: string, shown: string): string {
  const groups = [...model.groups].map(([name, members]) => `  ${keyText(name)}: ${shapeOf(members.map((host) => model.hosts.get(host)!))}`)
  const body = groups.join('\n')
  const imports = /\bSecret\b/.test(body) ? 'type Secret, sourceInventory' : 'sourceInventory'
  return `// What ${shown} holds, as types. Rollcall writes this anew whenever it reads that file.
import { ${imports} } from 'rollcall'

export const inventory = sourceInventory<{
${body}
}>(${JSON.stringify(path)})
`
}

function shapeOf(hosts: readonly HostRecord[]): string {
  const names = hosts.map(({ name }) => JSON.stringify(name)).join(' | ') || 'never'
  const withoutIp = hosts.length === 0 || hosts.some(({ privateIp }) => privateIp === undefined)
  const vars = objectType(hosts.map(({ vars: of }) => of as Readonly<Record<string, unknown>>))
  return `{ readonly host: ${names}; readonly vars: ${vars}; readonly privateIp: ${withoutIp ? 'string | undefined' : 'string'} }`
}

/** What all of these objects fit: a name that some lack is optional. */
function objectType(objects: readonly Readonly<Record<string, unknown>>[]): string {
  const values = new Map<string, unknown[]>()
  for (const object of objects)
    for (const [name, value] of Object.entries(object)) {
      const known = values.get(name)
      if (known) known.push(value)
      else values.set(name, [value])
    }
  if (values.size === 0) return '{}'
  const fields = [...values].map(([name, each]) => `${keyText(name)}${each.length < objects.length ? '?' : ''}: ${valueType(each)}`)
  return `{ ${fields.map((field) => `readonly ${field}`).join('; ')} }`
}

/** What all of these values are. */
export function valueType(values: readonly unknown[]): string {
  const kinds = new Set<string>()
  const [lists, objects]: [unknown[], Record<string, unknown>[]] = [[], []]
  let hasList = false
  for (const value of values) {
    if (value === null) kinds.add('null')
    else if (value instanceof Secret) kinds.add('Secret')
    else if (Array.isArray(value)) {
      hasList = true
      lists.push(...value)
    } else if (typeof value === 'object') objects.push(value as Record<string, unknown>)
    else kinds.add(typeof value)
  }
  // An empty list fits whatever list is asked for.
  if (hasList) kinds.add(`readonly (${lists.length === 0 ? 'never' : valueType(lists)})[]`)
  if (objects.length > 0) kinds.add(objectType(objects))
  return [...kinds].join(' | ')
}

function keyText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}
