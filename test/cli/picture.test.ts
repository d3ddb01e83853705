import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Box, chipHeight, layOut } from '../../src/cli/picture/lay-out.ts'
import type { ShownHost, ShownInventory } from '../../src/show-inventory.ts'
import { chance } from '../helpers/chance.ts'
import { rollcall } from './harness.ts'

const host = (name: string, groups: readonly string[], more: Partial<ShownHost> = {}): ShownHost => ({
  host: name,
  groups,
  connection: { type: 'ssh' },
  vars: {},
  ...more,
})
const nasty = `</script><script>alert(1)</script>"'&`
const shown: ShownInventory = {
  inventory: 'inventory/site.ts',
  groups: { all: ['a', 'b', 'c'], eu: ['a', 'b'], web: ['a', 'b'], edge: ['a'], spare: [] },
  children: { eu: ['web', 'edge'] },
  hosts: [
    host('a', ['web', 'edge', 'eu'], { publicIp: '203.0.113.1', vars: { note: nasty } }),
    host('b', ['web', 'eu'], { connection: { type: 'ssh', address: '2001:db8::1', password: '[secret]' } }),
    host('c', []),
  ],
}
const graph = async (line: string, of = shown) =>
  (await rollcall(`inventory graph ${line}`, { engine: { showInventory: async () => of } })).out

/** Names of elements, opened and closed, in the order in which they stand; fails where they do not nest. */
function elements(text: string): readonly string[] {
  const open: string[] = []
  const names: string[] = []
  for (const [, end, name = '', whole] of text.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (end) expect(open.pop()).toBe(name)
    else {
      names.push(name)
      if (!whole) open.push(name)
    }
  }
  expect(open).toEqual([])
  return names
}

describe('inventory graph --format svg', () => {
  test('nests groups, and draws a host in the innermost of its groups', async () => {
    const svg = await graph('--format svg')
    expect(elements(svg)[0]).toBe('svg')
    const drawn = [...svg.matchAll(/data-(group|host)="([^"]*)"/g)].map(([, what, name]) => `${what} ${name}`)
    expect(drawn).toEqual(['group eu', 'group web', 'host a', 'host b', 'group edge', 'host a', 'group spare', 'group ungrouped', 'host c'])
    expect(svg).toContain('>2001:db8::1<')
    expect(svg).not.toContain('secret')
  })
  test('is for an image viewer, too: nothing in it needs a browser', async () => {
    expect(await graph('--format svg')).not.toMatch(/var\(|<script|<foreignObject|href=/)
  })
  test('of a pattern leaves out groups that it leaves empty', async () => {
    const svg = await graph('web --format svg')
    expect(svg).not.toContain('data-group="spare"')
  })
  test('a group below two others stands once with its hosts', async () => {
    const svg = await graph('--format svg', { ...shown, children: { eu: ['web'], edge: ['web'] } })
    expect(svg.match(/data-group="web"/g)).toHaveLength(2)
    expect(svg.match(/data-host="b"/g)).toHaveLength(1)
    expect(svg).toContain('drawn above')
  })
  test('names are text, whatever they hold', async () => {
    const svg = await graph('--format svg', {
      inventory: nasty,
      groups: { all: [nasty], [nasty]: [nasty] },
      children: {},
      hosts: [host(nasty, [nasty])],
    })
    expect(elements(svg)).not.toContain('script')
  })
})

describe('inventory graph --format html', () => {
  const hostsIn = (page: string) => JSON.parse(/id="hosts">(.*)<\/script>/.exec(page)![1]!)
  test('is a page that loads nothing and obeys nothing of the inventory', async () => {
    const page = await graph('--format html --vars')
    expect(page).toContain("default-src 'none'")
    expect(page.match(/<\/script>/g)).toHaveLength(2)
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/)
    expect(hostsIn(page)).toEqual(shown.hosts)
  })
  test('says vars only where they are asked for', async () => {
    expect(hostsIn(await graph('--format html'))[0]).toEqual({ ...shown.hosts[0], vars: undefined })
  })
})

/** Random inventories: groups below groups that come later, hosts in any. */
const inventories = fc
  .record({
    groups: fc.integer({ min: 1, max: 12 }),
    below: fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 14 }),
    hosts: fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 50 }), fc.array(fc.nat(11), { maxLength: 4 })), { maxLength: 40 }),
  })
  .map(({ groups, below, hosts }): ShownInventory => {
    const children = new Map<number, Set<number>>()
    for (const [parent, child] of below)
      if (parent < child && child < groups) children.set(parent, (children.get(parent) ?? new Set()).add(child))
    const above = (group: number): number[] => [
      group,
      ...[...children].filter(([, of]) => of.has(group)).flatMap(([parent]) => above(parent)),
    ]
    const made = hosts.map(([name, of], at) =>
      host(
        `${at}${name}`,
        [...new Set(of.filter((group) => group < groups).flatMap(above))].map((group) => `g${group}`),
      ),
    )
    const names = Array.from({ length: groups }, (_, at) => `g${at}`)
    const members = (group: string) => made.filter((each) => each.groups.includes(group)).map((each) => each.host)
    return {
      inventory: 'random',
      groups: { all: made.map((each) => each.host), ...Object.fromEntries(names.map((name) => [name, members(name)])) },
      children: Object.fromEntries([...children].map(([parent, of]) => [`g${parent}`, [...of].map((child) => `g${child}`)])),
      hosts: made,
    }
  })

interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
const apart = (one: Area, other: Area) =>
  one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y
const inside = (inner: Area, outer: Area) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height

describe('the picture', () => {
  test('no two things lie on each other, all lie in what they belong to, and every host is there', () => {
    fc.assert(
      fc.property(inventories, (inventory) => {
        const picture = layOut(inventory, false)
        const drawn = new Set<string>()
        const check = (boxes: readonly Box[], chips: readonly Area[], within: Area) => {
          const all: Area[] = [...boxes, ...chips]
          for (const [at, one] of all.entries()) {
            expect(inside(one, within)).toBe(true)
            for (const other of all.slice(at + 1)) expect(apart(one, other)).toBe(true)
          }
          for (const box of boxes) {
            for (const chip of box.chips) drawn.add(chip.host.host)
            check(
              box.boxes,
              box.chips.map(({ x, y }) => ({ x, y, width: picture.chipWidth, height: chipHeight })),
              box,
            )
          }
        }
        check(picture.boxes, [], { x: 0, y: 0, width: picture.width, height: picture.height })
        expect([...drawn].sort()).toEqual(inventory.hosts.map((each) => each.host).sort())
      }),
      chance(100),
    )
  })
})
