import type { ShownHost, ShownInventory } from '../../show-inventory.ts'

/** A group as a box, with what stands in it. Lengths are pixels; places are those of the whole picture. */
export interface Box {
  readonly group: string
  /** Hosts of the group, those of groups in it among them. */
  readonly size: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly depth: number
  /** A group below two others is drawn in the first; in the others only its name stands. */
  readonly elsewhere: boolean
  readonly boxes: readonly Box[]
  readonly chips: readonly Chip[]
}
export interface Chip {
  readonly host: ShownHost
  readonly x: number
  readonly y: number
  /** In how many groups it is drawn. */
  readonly times: number
}
export interface Picture {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  /** All chips are alike, so that names stand in columns. */
  readonly chipWidth: number
}

export const chipHeight = 38
export const letter = 7.4
const gap = 8
const padding = 12
const header = 30
const widest = 1400
/** Longer names are cut in the picture, and whole in its titles. */
export const longest = 34

/** What stands in a group before it has a place. */
interface Content {
  readonly group: string
  readonly size: number
  readonly elsewhere: boolean
  readonly within: readonly Content[]
  readonly hosts: readonly ShownHost[]
}

/** The line below a host's name: the address that tells most. */
export function addressOf({ privateIp, publicIp, connection }: ShownHost): string {
  const { address } = connection as { readonly address?: string }
  return address ?? publicIp ?? privateIp ?? ''
}

/**
 * Groups as boxes in each other, hosts in the innermost of their groups. Deterministic: the same inventory gives the
 * same picture. A group that a pattern leaves empty is not drawn.
 */
export function layOut(inventory: ShownInventory, narrowed: boolean): Picture {
  const contents = contentsOf(inventory, narrowed)
  const times = new Map<string, number>()
  count(contents, times)
  const several = [...times.values()].some((each) => each > 1) ? 10 : 0
  const names = inventory.hosts.flatMap((host) => [host.host.length, (addressOf(host).length + several) * 0.85])
  const chipWidth = Math.ceil(Math.min(longest, Math.max(8, ...names)) * letter) + 2 * padding
  const { boxes, right, bottom } = shelve(contents, { x: gap, y: gap }, widest, 0, chipWidth, times)
  return { width: Math.max(right, 120) + gap, height: Math.max(bottom, header) + gap, boxes, chipWidth }
}

function contentsOf({ groups, children, hosts }: ShownInventory, narrowed: boolean): readonly Content[] {
  const byName = new Map(hosts.map((host) => [host.host, host]))
  const shown = (group: string) => group in groups && !(narrowed && groups[group]!.length === 0)
  const below = (group: string) => (group === 'all' ? [] : (children[group] ?? []).filter(shown))
  const drawn = new Set<string>()
  const contentOf = (group: string): Content => {
    const elsewhere = drawn.has(group)
    drawn.add(group)
    const inner = new Set(below(group).flatMap((child) => groups[child]!))
    return {
      group,
      size: groups[group]!.length,
      elsewhere,
      within: elsewhere ? [] : below(group).map(contentOf),
      hosts: elsewhere ? [] : groups[group]!.filter((host) => !inner.has(host)).flatMap((host) => byName.get(host) ?? []),
    }
  }
  const inside = new Set(Object.keys(groups).flatMap(below))
  const roots = Object.keys(groups).filter((group) => group !== 'all' && !inside.has(group) && shown(group))
  const alone = hosts.filter((host) => host.groups.length === 0)
  const ungrouped: Content = { group: 'ungrouped', size: alone.length, elsewhere: false, within: [], hosts: alone }
  return [...roots.map(contentOf), ...(alone.length === 0 ? [] : [ungrouped])]
}

function count(contents: readonly Content[], times: Map<string, number>): void {
  for (const { hosts, within } of contents) {
    for (const { host } of hosts) times.set(host, (times.get(host) ?? 0) + 1)
    count(within, times)
  }
}

interface Place {
  readonly x: number
  readonly y: number
}

/** Boxes beside each other until a row is full, then below. */
function shelve(
  contents: readonly Content[],
  from: Place,
  room: number,
  depth: number,
  chipWidth: number,
  times: ReadonlyMap<string, number>,
): { readonly boxes: readonly Box[]; readonly right: number; readonly bottom: number } {
  const boxes: Box[] = []
  let { x, y } = from
  let [right, bottom] = [from.x, from.y]
  for (const content of contents) {
    let box = boxOf(content, { x, y }, room, depth, chipWidth, times)
    if (x > from.x && x + box.width > from.x + room) {
      x = from.x
      y = bottom + gap
      box = boxOf(content, { x, y }, room, depth, chipWidth, times)
    }
    boxes.push(box)
    x += box.width + gap
    right = Math.max(right, box.x + box.width)
    bottom = Math.max(bottom, box.y + box.height)
  }
  return { boxes, right, bottom }
}

function boxOf(content: Content, { x, y }: Place, room: number, depth: number, chipWidth: number, times: ReadonlyMap<string, number>): Box {
  const { group, size, elsewhere, hosts } = content
  const inner = room - 2 * padding
  const most = Math.max(1, Math.floor((inner + gap) / (chipWidth + gap)))
  // Somewhat wider than high, as screens are.
  const columns = Math.min(most, Math.max(1, Math.ceil(Math.sqrt(hosts.length * 0.7))))
  const chips = hosts.map((host, at) => ({
    host,
    x: x + padding + (at % columns) * (chipWidth + gap),
    y: y + header + Math.floor(at / columns) * (chipHeight + gap),
    times: times.get(host.host) ?? 1,
  }))
  const rows = Math.ceil(hosts.length / columns)
  const below = y + header + rows * (chipHeight + gap)
  const { boxes, right, bottom } = shelve(content.within, { x: x + padding, y: below }, inner, depth + 1, chipWidth, times)
  const title = Math.ceil((Math.min(group.length, longest) + String(size).length + 9) * letter) + 2 * padding
  const grid = hosts.length === 0 ? 0 : Math.min(columns, hosts.length) * (chipWidth + gap) - gap
  const width = Math.max(title, grid + 2 * padding, boxes.length === 0 ? 0 : right - x + padding)
  const end = boxes.length > 0 ? bottom : hosts.length > 0 ? below - gap : y + header - padding
  return { group, size, x, y, width, height: end - y + padding, depth, elsewhere, boxes, chips }
}
