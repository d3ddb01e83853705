import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ownRoot } from '../src/util/own-root.ts'

/** The parts of transport that say what a session is, and nothing of how one is made. */
const sessions = ['src/transport/connection.ts', 'src/transport/session-types.ts']

/** Built-ins that compute and touch nothing. */
const pure = ['node:crypto', 'node:path', 'node:util']

/**
 * What each folder may import, besides itself: folders, single files, and names of packages and built-ins. An absent
 * `packages` means any. A folder that is not listed fails the test: say where it stands.
 */
const layers: Readonly<Record<string, { readonly files: readonly string[]; readonly packages?: readonly string[] }>> = {
  'src/boot': { files: [] },
  'src/util': { files: [] },
  'src/model': { files: ['src/util'], packages: pure },
  'src/dsl': { files: ['src/model', 'src/util'], packages: [...pure, 'typebox'] },
  'src/resources': { files: ['src/dsl', 'src/model', 'src/util', ...sessions], packages: pure },
  'src/modules': { files: ['src/resources', 'src/dsl', 'src/model', 'src/util'], packages: [] },
  'src/store': { files: ['src/model', 'src/util'] },
  'src/facts': { files: ['src/dsl', 'src/model', 'src/util', 'src/store', ...sessions] },
  'src/render': { files: ['src/facts', 'src/dsl', 'src/model', 'src/util'] },
  'src/secrets': { files: ['src/store', 'src/model', 'src/util'] },
  'src/transport': { files: ['src/model', 'src/util'] },
  'src/lab': { files: ['src/model', 'src/util', ...sessions] },
  'src/load': { files: ['src/dsl', 'src/model', 'src/util'] },
  'src/engine': { files: ['src/render', 'src/facts', 'src/store', 'src/resources', 'src/dsl', 'src/model', 'src/util', ...sessions] },
  'src/report': { files: ['src/model', 'src/util'] },
  'src/testing': {
    files: ['src/engine', 'src/render', 'src/facts', 'src/modules', 'src/resources', 'src/dsl', 'src/model', 'src/util', ...sessions],
  },
  'src/index.ts': { files: ['src/modules', 'src/resources', 'src/dsl', 'src/model', 'src/util'], packages: [] },
  // What joins the parts: run.ts and its like.
  src: {
    files: [
      'src/sources',
      'src/engine',
      'src/load',
      'src/lab',
      'src/transport',
      'src/facts',
      'src/store',
      'src/secrets',
      'src/modules',
      'src/resources',
      'src/dsl',
      'src/model',
      'src/util',
    ],
  },
  'src/sources': { files: ['src/engine', 'src/load', 'src/store', 'src/dsl', 'src/model', 'src/util'] },
  'src/doctor': {
    files: ['src', 'src/engine', 'src/load', 'src/lab', 'src/transport', 'src/store', 'src/model', 'src/util'],
  },
  'src/cleanup': {
    files: ['src', 'src/engine', 'src/load', 'src/lab', 'src/store', 'src/resources', 'src/model', 'src/util', ...sessions],
  },
  'src/edit': {
    files: ['src', 'src/load', 'src/store', 'src/dsl', 'src/model', 'src/util'],
  },
  'src/cli': {
    files: [
      'src',
      'src/edit',
      'src/doctor',
      'src/cleanup',
      'src/secrets',
      'src/report',
      'src/load',
      'src/lab',
      'src/dsl',
      'src/model',
      'src/util',
    ],
  },
  inventory: { files: [], packages: ['rollcall'] },
  templates: { files: [], packages: ['rollcall'] },
  modules: { files: ['templates'], packages: ['rollcall'] },
  playbooks: { files: ['modules', 'templates'], packages: ['rollcall', '#inventory'] },
}

const root = ownRoot()

interface Import {
  readonly file: string
  readonly specifier: string
}

function sources(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

function importsOf(file: string): Import[] {
  const source = readFileSync(join(root, file), 'utf8')
  const found = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s+'([^']+)'|(?:^|\n)import\s+'([^']+)'|\bimport\(\s*(?:\/\*[^*]*\*\/\s*)?'([^']+)'/g,
  )
  return [...found].map((match) => ({ file, specifier: match[1] ?? match[2] ?? match[3]! }))
}

/** The layer of a file: itself where it is listed, else its folder. */
function layerOf(file: string): string {
  if (file in layers) return file
  const [top = '', second = '', ...rest] = file.split('/')
  return top === 'src' ? (rest.length === 0 ? 'src' : `src/${second}`) : top
}

function objection({ file, specifier }: Import): string | undefined {
  const layer = layerOf(file)
  const { files, packages } = layers[layer] ?? { files: [] }
  if (!specifier.startsWith('.')) {
    const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.replace(/^((?!node:)[^/]+)\/.*/, '$1')
    return packages === undefined || packages.includes(name) ? undefined : `${file} imports ${specifier}`
  }
  const target = relative(root, resolve(root, dirname(file), specifier))
  const to = layerOf(target)
  return to === layer || files.includes(to) || files.includes(target) ? undefined : `${file} imports ${target}`
}

const all = ['src', 'inventory', 'templates', 'modules', 'playbooks'].flatMap(sources)

test('every folder has its place', () => {
  expect([...new Set(all.map(layerOf))].filter((layer) => !(layer in layers))).toEqual([])
})

test.for(Object.keys(layers))('%s imports only what stands below it', (layer) => {
  const imports = all.filter((file) => layerOf(file) === layer).flatMap(importsOf)
  expect(imports.flatMap((each) => objection(each) ?? [])).toEqual([])
})

test('no layer stands below itself', () => {
  const reach = (layer: string, seen: readonly string[]): string[] =>
    (layers[layer]?.files ?? []).flatMap((below) =>
      seen.includes(below) ? [[...seen, below].join(' → ')] : reach(below, [...seen, below]),
    )
  expect(Object.keys(layers).flatMap((layer) => reach(layer, [layer]))).toEqual([])
})

test.for([
  ['src/model/host.ts', '../engine/plan.ts', 'src/model/host.ts imports src/engine/plan.ts'],
  ['src/engine/plan.ts', '../transport/ssh2.ts', 'src/engine/plan.ts imports src/transport/ssh2.ts'],
  ['src/engine/plan.ts', '../transport/session-types.ts', undefined],
  ['src/modules/apt.ts', 'node:fs', 'src/modules/apt.ts imports node:fs'],
  ['src/cli/commands/run.ts', '../../run.ts', undefined],
  ['src/engine/plan.ts', '../run.ts', 'src/engine/plan.ts imports src/run.ts'],
  ['playbooks/site.ts', '../inventory/lab.ts', 'playbooks/site.ts imports inventory/lab.ts'],
  ['playbooks/site.ts', '../src/index.ts', 'playbooks/site.ts imports src/index.ts'],
] as const)('%s importing %s: %s', ([file, specifier, expected]) => {
  expect(objection({ file, specifier })).toBe(expected)
})
