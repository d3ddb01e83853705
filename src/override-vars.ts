import type { HostRecord, InventoryModel, VarLevel } from './model/inventory.ts'

export interface Override {
  readonly value: unknown
  /** `-e`, `release.yaml:3:10`. */
  readonly from: string
}

/** The inventory as `-e` makes it: a var that is given wins on every host that has it, over whatever level. */
export function overrideVars(model: InventoryModel, overrides: ReadonlyMap<string, Override>): InventoryModel {
  if (overrides.size === 0) return model
  const { resolve } = model
  return {
    ...model,
    hosts: new Map([...model.hosts].map(([name, host]) => [name, overridden(host, overrides)])),
    ...(resolve && { resolve: (name, host, fail) => overridden(resolve(name, host, fail), overrides) }),
  }
}

function overridden(host: HostRecord, overrides: ReadonlyMap<string, Override>): HostRecord {
  const own = [...overrides].filter(([name]) => Object.hasOwn(host.vars, name))
  const levels = own.map(([name, { value, from }]): [string, readonly VarLevel[]] => [
    name,
    [...(host.varLevels?.get(name) ?? []), { level: 'given', from, value }],
  ])
  return {
    ...host,
    vars: Object.freeze({ ...host.vars, ...Object.fromEntries(own.map(([name, { value }]) => [name, value])) }),
    varLevels: new Map([...(host.varLevels ?? []), ...levels]),
  }
}

/** Every var that some host has. */
export function varsOf({ hosts }: InventoryModel): ReadonlySet<string> {
  return new Set([...hosts.values()].flatMap(({ vars }) => Object.keys(vars)))
}
