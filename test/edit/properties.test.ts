import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differences, plainOf } from '../../src/edit/effects.ts'
import { chance } from '../helpers/chance.ts'
import { changedLines, editOf, editText, modelOf } from './desk.ts'

/** Space where one may stand, as no formatter would leave it. */
const space = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', ' ') },
  { weight: 1, arbitrary: fc.constantFrom('  ', '\n', '\n    ', '\t', ' /* c, } */ ', ' // d: {\n  ', '\n\n  /* e\n   */\n  ') },
)
const quote = fc.constantFrom(`'`, '"')
const typed = fc.constantFrom('', '', '', ' as const', ' /* t */ as const // é😀, {\n')
type Text = fc.Arbitrary<string>

/** `open a, b close`, with or without a comma at the end, each part in lines of its own or not. */
function list(open: string, items: readonly Text[], close: string): Text {
  if (items.length === 0) return fc.constant(open + close)
  const parts = items.map((item) => fc.tuple(space, item, space, space))
  return fc
    .tuple(fc.tuple(...parts), fc.boolean(), fc.boolean(), fc.constantFrom('  ', '\t', '      '))
    .map(([each, trailing, tall, indent]) => {
      const last = each.length - 1
      const inner = each.map(([before, item, behind, after], at) => {
        const comma = at < last || trailing ? ',' : ''
        return tall
          ? `\n${indent}${item}${behind.includes('\n') ? '' : behind}${comma}${after.includes('//') ? ' // f' : ''}`
          : `${before}${item}${behind}${comma}${after}`
      })
      return `${open}${inner.join('')}${tall ? `\n${indent.slice(1)}` : ''}${close}`
    })
}
const property = (name: string, value: Text): Text =>
  fc
    .tuple(quote, space, space, value)
    .map(([mark, before, after, text]) => `${/^\w+$/.test(name) && mark === '"' ? name : `${mark}${name}${mark}`}${before}:${after}${text}`)
const typedValue = (value: Text): Text => fc.tuple(value, typed).map(([text, type]) => text + type)
const word = (text: string): Text => quote.map((mark) => `${mark}${text}${mark}`)

const varsText = (names: readonly string[]) =>
  list(
    '{',
    names.map((name) => property(name, typedValue(name === 'b' ? word('x') : fc.constantFrom('1', '80', '-3')))),
    '}',
  )
const subset = (all: readonly string[]) => fc.subarray([...all])
const hosts = ['h-1', 'h2', 'H.3'] as const
const host = fc
  .record({ groups: subset(['web', 'db']), vars: subset(['a', 'b', 'c']), ip: fc.boolean(), order: fc.boolean() })
  .chain(({ groups, vars, ip, order }) => {
    const parts: Text[] = [
      property('groups', typedValue(list('[', groups.map(word), ']'))),
      ...(ip ? [property('privateIp', word('10.0.0.1'))] : []),
      ...(vars.length > 0 ? [property('vars', typedValue(varsText(vars)))] : []),
    ]
    return list('{', order ? parts : parts.toReversed(), '}')
  })
const inventory = fc.record({ names: fc.subarray([...hosts], { minLength: 1 }), web: subset(['c', 'd']) }).chain(({ names, web }) => {
  const groups = list(
    '{',
    [
      property('all', list('{', [property('vars', varsText(['a', 'b']))], '}')),
      property('web', list('{', web.length > 0 ? [property('vars', varsText(web))] : [], '}')),
      property('db', fc.constant('{}')),
    ],
    '}',
  )
  const all = list(
    '{',
    names.map((name) => property(name, typedValue(host))),
    '}',
  )
  return fc
    .tuple(list('{', [property('groups', groups), property('hosts', all)], '}'), fc.constantFrom('\n', '\r\n'))
    .map(([definition, newline]) => ({
      names,
      text: `import { defineInventory } from 'rollcall'\n// é😀\nexport const inventory = defineInventory(${definition})\n`.replaceAll(
        '\n',
        newline,
      ),
    }))
})

const runs = chance(80)
const plain = (text: string) => plainOf(modelOf(text))

/** How many lines an edit takes away and brings. */
function kept(before: string, after: string): { readonly old: number; readonly fresh: number } {
  const { old, fresh } = changedLines(before, after)
  return { old: old.length, fresh: fresh.length }
}

describe('however an inventory is written', () => {
  test('add and then remove gives the same bytes', () => {
    fc.assert(
      fc.property(inventory, subset(['web', 'db']), ({ text }, groups) => {
        const added = editText(text, editOf(`add new-1 --group ${groups.join(',')} --private-ip 10.0.0.9`))
        expect(differences(plain(text), added.plan.seen!(plain(added.text)))).toEqual([])
        expect(added.plan.missed(plain(added.text))).toBe(undefined)
        expect(editText(added.text, editOf('remove new-1')).text).toBe(text)
      }),
      runs,
    )
  })
  test('set and then unset gives the same bytes', () => {
    fc.assert(
      fc.property(inventory, fc.nat(), ({ text, names }, at) => {
        const name = [...names, 'web', 'db', 'all'][at % (names.length + 3)]!
        const set = editText(text, editOf(`set ${name} fresh:={"x":[1,"y"]} --new`))
        expect(differences(plain(text), plain(set.text)).filter(({ path }) => !set.plan.may(path))).toEqual([])
        expect(set.plan.missed(plain(set.text))).toBe(undefined)
        expect(editText(set.text, editOf(`unset ${name} fresh`)).text).toBe(text)
      }),
      runs,
    )
  })
  test('a value is set on its own line, and all else stays', () => {
    fc.assert(
      fc.property(inventory, ({ text }) => {
        const set = editText(text, editOf('set all a=12345'))
        expect(differences(plain(text), plain(set.text)).filter(({ path }) => !set.plan.may(path))).toEqual([])
        expect(kept(text, set.text)).toEqual({ old: 1, fresh: 1 })
        expect(set.text.replace('12345', '')).toBe(
          text.replace(/(["']?\ba["']?(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*\n)*:(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*\n)*)(1|80|-3)\b/, '$1'),
        )
      }),
      runs,
    )
  })
  test('names change where they stand', () => {
    fc.assert(
      fc.property(inventory, ({ text, names }) => {
        const host = editText(text, editOf(`rename ${names[0]} other`))
        expect(differences(host.plan.kept!(plain(text)), plain(host.text))).toEqual([])
        expect(editText(host.text, editOf(`rename other ${names[0]}`)).text.replaceAll(/["']/g, '')).toBe(text.replaceAll(/["']/g, ''))
        const group = editText(text, editOf('rename web www'))
        expect(differences(group.plan.kept!(plain(text)), plain(group.text))).toEqual([])
      }),
      runs,
    )
  })
  test('groups become those that are asked for', () => {
    fc.assert(
      fc.property(inventory, fc.shuffledSubarray(['web', 'db']), ({ text, names }, groups) => {
        const moved = editText(text, editOf(`move ${names[0]} --group ${groups.join(',')}`))
        expect(plain(moved.text).hosts[names[0]!]?.groups).toEqual(groups)
        const others = differences(moved.plan.kept!(plain(text)), moved.plan.seen!(plain(moved.text)))
        expect(others.filter(({ path }) => !moved.plan.may(path))).toEqual([])
      }),
      runs,
    )
  })
})
