import { expect, test } from 'vitest'
import { defineTemplate, fleetGroup, type Rendering, value } from '../../src/dsl/template.ts'
import { renderOnce } from '../../src/engine/render-once.ts'
import { makeFleetGroup } from '../../src/model/host-groups.ts'
import { Secret } from '../../src/util/secret.ts'

const group = () => makeFleetGroup([], 'group web', 0, (host) => host as never)
const nodes = group()
const make = () => defineTemplate({ file: 'a.eta', input: { nodes: fleetGroup(), with: value<unknown>() }, data: () => ({}) })
const template = make()

/** How often two renderings, one after the other, are really made. */
function made(one: Rendering, other: Rendering): number {
  let times = 0
  const render = renderOnce(() => {
    times += 1
    return times
  })
  render(one)
  render(other)
  return times
}

const secret = new Secret('hush hush')
test.each<[string, () => unknown]>([
  ['nothing', () => undefined],
  ['text', () => 'a'],
  ['no number', () => Number.NaN],
  ['one secret', () => secret],
  ['plain data', () => ({ port: 80, names: ['a', 'b'], deep: { on: true, none: null } })],
])('hosts that give the same share a rendering: %s', (_, given) => {
  expect(made(template({ nodes, with: given() }), template({ nodes, with: given() }))).toBe(1)
})

test.each<[string, () => unknown, () => unknown]>([
  ['another text', () => 'a', () => 'b'],
  ['a number and its text', () => 80, () => '80'],
  ['zero and minus zero', () => 0, () => -0],
  ['two secrets with one value', () => new Secret('hush hush'), () => new Secret('hush hush')],
  ['one name more', () => ({ a: 1 }), () => ({ a: 1, b: undefined })],
  ['another name', () => ({ a: undefined }), () => ({ b: undefined })],
  ['a longer list', () => ['a'], () => ['a', 'b']],
  ['a list and an object', () => ['a'], () => ({ 0: 'a', length: 1 })],
  ['what may change: a date', () => new Date(0), () => new Date(0)],
  ['what may change: a function', () => Math.max, () => Math.max],
  ['what may change: a map', () => new Map(), () => new Map()],
  ['what may change, deep inside', () => ({ a: [new Set()] }), () => ({ a: [new Set()] })],
])('what is not the same beyond doubt is rendered anew: %s', (_, one, other) => {
  expect(made(template({ nodes, with: one() }), template({ nodes, with: other() }))).toBe(2)
})

test('another group, another template, and data that was changed in between are not the same', () => {
  expect(made(template({ nodes, with: 1 }), template({ nodes: group(), with: 1 }))).toBe(2)
  expect(made(template({ nodes, with: 1 }), make()({ nodes, with: 1 }))).toBe(2)
  const shared = { names: ['a'] }
  let times = 0
  const render = renderOnce(() => {
    times += 1
  })
  render(template({ nodes, with: shared }))
  shared.names.push('b')
  render(template({ nodes, with: shared }))
  expect(times).toBe(2)
})

test('data that holds itself, or a map twice, is rendered anew and not followed for ever', () => {
  const self: Record<string, unknown> = {}
  self.self = self
  const map = new Map()
  for (const given of [self, map]) expect(made(template({ nodes, with: given }), template({ nodes, with: given }))).toBe(2)
})

test('an error is not kept', () => {
  let times = 0
  const render = renderOnce(() => {
    times += 1
    if (times === 1) throw new Error('once')
    return 'done'
  })
  expect(() => render(template({ nodes, with: 1 }))).toThrow('once')
  expect(render(template({ nodes, with: 1 }))).toBe('done')
})
