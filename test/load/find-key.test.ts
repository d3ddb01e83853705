// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates inside the sources that are read
import { describe, expect, test } from 'vitest'
import { keyFinder } from '../../src/load/find-key.ts'

/** The source with `»` before what is to be found. */
function find(marked: string, path: readonly string[]) {
  const source = marked.replace('»', '')
  const before = marked.slice(0, marked.indexOf('»')).split('\n')
  return { found: keyFinder(source, 'defineInventory')(path), wanted: { line: before.length, column: before.at(-1)!.length + 1 } }
}
const port = ['groups', 'web', 'vars', 'port']
const inGroups = (groups: string, before = '') =>
  `${before}\nexport const inventory = defineInventory({\n  groups: { ${groups} },\n  hosts: {},\n})\n`

describe('a key that is written out is found where it stands', () => {
  test.for<readonly [string, string]>([
    ['plain', inGroups('web: { vars: { »port: 80 } }')],
    ['quoted', inGroups(`'web': { "vars": { »'port': 80 } }`)],
    ['escaped', inGroups(`'w\\x65b': { vars: { »'p\\u006frt': 80 } }`)],
    ['behind another group with the same key', inGroups('db: { vars: { port: 5432 } }, web: { vars: { »port: 80 } }')],
    ['given twice: the last counts', inGroups('web: { vars: { port: 1, »port: 80 } }')],
    ['shorthand', inGroups('web: { vars: { »port } }', 'const port = 80')],
    ['an accessor', inGroups('web: { vars: { get »port() { return 80 } } }')],
    ['a method', inGroups('web: { vars: { »port() { return 80 } } }')],
    ['in a constant of the file', `const vars = { »port: 80 }\ndefineInventory({ groups: { web: { vars } }, hosts: {} })`],
    ['in a spread constant', `const common = { »port: 80 }\ndefineInventory({ groups: { web: { vars: { ...common, other: 1 } } } })`],
    [
      'behind a spread that has it too',
      `const common = { port: 1 }\ndefineInventory({ groups: { web: { vars: { ...common, »port: 80 } } } })`,
    ],
    [
      'before a spread that has it not',
      `const common = { other: 1 }\ndefineInventory({ groups: { web: { vars: { »port: 80, ...common } } } })`,
    ],
    ['in brackets', `defineInventory({ groups: ({ web: { vars: { »port: 80 } } }) })`],
    [
      'with comments, strings, templates and regular expressions that look like code',
      inGroups(
        'a: { vars: { x: "port: {", y: `}${`{${1}`}{`, z: /[}/"]+port:/g, n: 6 / 2 / 1 } }, /* web: { vars: { port: 1 } } */ web: { // } port: 2\n vars: { »port: 80 } }',
      ),
    ],
    [
      'with calls and arrow functions before it',
      inGroups('web: { vars: { list: [1, { port: 2 }].map((port) => ({ port })), secret: new Secret("a, b: }"), »port: 80 } }'),
    ],
    ['with umlauts and a surrogate pair before it', inGroups(`'ö😀': {}, web: { vars: { »port: 80 } }`)],
  ])('%s', ([, marked]) => {
    const { found, wanted } = find(marked, port)
    expect(found).toEqual({ ...wanted, exact: true })
  })
})

describe('of one that is not, the place where it enters is', () => {
  test.for<readonly [string, string]>([
    ['a call', inGroups('web: { »vars: varsOf("web") }')],
    ['a name from another file', inGroups('»web: other', `import { other } from './other.ts'`)],
    ['a spread from another file', inGroups('web: { vars: { a: 1, »...common } }', `import { common } from './other.ts'`)],
    ['a later spread that may override', inGroups('web: { vars: { port: 80, »...common } }', `import { common } from './other.ts'`)],
    ['a computed name', inGroups('web: { vars: { »["po" + "rt"]: 80 } }')],
    ['constants made of each other', `const a = { ...b }\nconst b = { ...a }\ndefineInventory({ groups: { web: { »vars: a } } })`],
    ['no such key', `defineInventory({ »groups: { db: {} }, hosts: {} })`],
    ['an unfinished file', 'defineInventory({ »groups: { web: { vars: {'],
    ['a choice', inGroups('web: { »vars: ready ? { port: 1 } : { port: 2 } }')],
  ])('%s', ([, marked]) => {
    const { found, wanted } = find(marked, port)
    expect(found).toEqual({ ...wanted, exact: false })
  })
})

test.for([
  ['no such call', 'export const inventory = other({ groups: {} })'],
  ['a call without an object', 'defineInventory(settings)'],
])('nothing is found: %s', ([, source]) => {
  expect(keyFinder(source!, 'defineInventory')(port)).toBeUndefined()
})

test('the line chooses among several calls', () => {
  const source = 'defineInventory({ groups: { web: { vars: { port: 1 } } } })\ndefineInventory({ groups: { web: { vars: { port: 2 } } } })'
  expect([1, 2].map((line) => keyFinder(source, 'defineInventory', line)(port)?.line)).toEqual([1, 2])
})
