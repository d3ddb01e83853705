import type { SourceLine } from '../../model/errors.ts'
import type { InventoryModel } from '../../model/inventory.ts'
import type { InventoryData } from './inventory-data.ts'
import type { AddressVars } from './to-model.ts'

/** Where in its files an inventory says something. */
export interface SourcePlace extends SourceLine {
  /** False where only the place of the host or group is known. */
  readonly exact: boolean
}

/** Finds what stands where, by the keys that lead to it in a typed inventory: `['hosts', 'web-1', 'privateIp']`. */
export function sourcePlaces(
  data: InventoryData,
  model: InventoryModel,
  addressVars: AddressVars,
): (keys: readonly string[]) => SourcePlace {
  return ([part = '', owner = '', key, name]) => {
    const levels = model.hosts.get(owner)?.varLevels
    const isAddress = key === 'privateIp' || key === 'publicIp'
    const wanted = isAddress
      ? [addressVars[key]]
      : key === 'connection'
        ? ['ansible_host', 'ansible_ssh_host']
        : name === undefined
          ? []
          : [name]
    const exact = part === 'hosts' ? wanted.map((each) => levels?.get(each)?.at(-1)?.at).find(Boolean) : undefined
    if (exact) return { ...exact, exact: true }
    const whole = part === 'hosts' ? data.hosts.get(owner)?.at : data.groups.get(owner)?.at
    return { ...(whole && whole.file !== '' ? whole : model.at!), exact: key === undefined && whole !== undefined }
  }
}
