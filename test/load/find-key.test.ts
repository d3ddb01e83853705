// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates inside the sources that are read
import { describe, expect, test } from 'vitest'
import { keyFinder } from '../../src/load/find-key.ts'

const finder = (source: string, line?: number) =>
  keyFinder((file) => (file === '/a.ts' ? source : fail(file)), { file: '/a.ts', name: 'defineInventory', line })
const fail = (file: string): never => {
  throw new Error(file)
}

/** The source with `»` before what is to be found. */
function find(marked: string, path: readonly string[]) {
  const source = marked.replace('»', '')
  const before = marked.slice(0, marked.indexOf('»')).split('\n')
  return { found: finder(source)(path), wanted: { file: '/a.ts', line: before.length, column: before.at(-1)!.length + 1 } }
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

describe('a key is found in the file in which it stands', () => {
  const hosts = ['hosts', 'a', 'vars', 'port']
  const inventory = (value: string) =>
    `import { eu as europe } from './dc/eu.ts'\nimport { us } from './us.ts'\nexport const inventory = defineInventory({ groups, hosts: ${value} })\n`
  const eu = `import { groups } from '../groups.ts'\nexport const eu = defineHosts(groups, {\n  a: { groups: ['web'], vars: { »port: 1 } },\n})\n`
  const us = `export const us = { b: { vars: { port: 2 } } }\n`
  test.for<readonly [string, Readonly<Record<string, string>>, readonly (string | number)[], boolean]>([
    ['joined', { '/a.ts': inventory('joinHosts(europe, us)'), '/dc/eu.ts': eu, '/us.ts': us }, hosts, true],
    ['joined, the other way round', { '/a.ts': inventory('joinHosts(us, europe)'), '/dc/eu.ts': eu, '/us.ts': us }, hosts, true],
    ['spread', { '/a.ts': inventory('{ ...us, ...europe }'), '/dc/eu.ts': eu, '/us.ts': us }, hosts, true],
    ['a piece of its own', { '/a.ts': inventory('europe'), '/dc/eu.ts': eu, '/us.ts': us }, hosts, true],
    [
      'a constant of the other file',
      { '/a.ts': inventory('europe'), '/dc/eu.ts': `const vars = { »port: 1 }\nexport const eu = { a: { vars } }\n` },
      hosts,
      true,
    ],
    ['a file that cannot be read', { '/a.ts': inventory('joinHosts(»europe, us)'), '/us.ts': us }, hosts, false],
    ['a later piece that cannot be read', { '/a.ts': inventory('joinHosts(europe, »us)'), '/dc/eu.ts': eu.replace('»', '') }, hosts, false],
    [
      'a setting of a connection',
      { '/a.ts': `defineInventory({ groups: { web: { connection: ssh({ user: 'a', »port: 22 }) } } })` },
      ['groups', 'web', 'connection', 'port'],
      true,
    ],
    ['a piece by its number', { '/a.ts': `joinHosts({ a: { x: 1 } }, { »a: { x: 2 } })` }, [1, 'a'], true],
    [
      'a piece by its number, in another file',
      { '/a.ts': `import { eu } from './dc/eu.ts'\njoinHosts(eu, {})`, '/dc/eu.ts': eu },
      [0, 'a', 'vars', 'port'],
      true,
    ],
  ])('%s', ([, marked, path, exact]) => {
    const [file, text] = Object.entries(marked).find(([, source]) => source.includes('»'))!
    const before = text.slice(0, text.indexOf('»')).split('\n')
    const read = (name: string) => marked[name]?.replace('»', '') ?? fail(name)
    const name = typeof path[0] === 'number' ? 'joinHosts' : 'defineInventory'
    expect(keyFinder(read, { file: '/a.ts', name })(path)).toEqual({
      file,
      line: before.length,
      column: before.at(-1)!.length + 1,
      exact,
    })
  })
})

test.for([
  ['no such call', 'export const inventory = other({ groups: {} })'],
  ['a call without an object', 'defineInventory(settings)'],
])('nothing is found: %s', ([, source]) => {
  expect(finder(source!)(port)).toBeUndefined()
})

test('the line chooses among several calls', () => {
  const source = 'defineInventory({ groups: { web: { vars: { port: 1 } } } })\ndefineInventory({ groups: { web: { vars: { port: 2 } } } })'
  expect([1, 2].map((line) => finder(source, line)(port)?.line)).toEqual([1, 2])
})
