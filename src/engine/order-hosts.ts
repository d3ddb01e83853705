import type { HostOrder } from '../dsl/refuse-play.ts'

/** The hosts of a play in the order it asks for; names are compared by code points, as in Ansible. */
export function orderHosts(
  hosts: readonly string[],
  order: HostOrder = 'inventory',
  random: () => number = Math.random,
): readonly string[] {
  switch (order) {
    case 'inventory':
      return hosts
    case 'reverseInventory':
      return [...hosts].reverse()
    case 'sorted':
      return [...hosts].sort(byName)
    case 'reverseSorted':
      return [...hosts].sort(byName).reverse()
    case 'shuffle':
      return shuffled(hosts, random)
    default:
      return order satisfies never
  }
}

const byName = (left: string, right: string) => (left < right ? -1 : 1)

function shuffled(hosts: readonly string[], random: () => number): readonly string[] {
  const mixed = [...hosts]
  for (let left = mixed.length - 1; left > 0; left--) {
    const other = Math.floor(random() * (left + 1))
    ;[mixed[left], mixed[other]] = [mixed[other]!, mixed[left]!]
  }
  return mixed
}
