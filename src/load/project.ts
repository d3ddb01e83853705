import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { suggest } from '../util/suggest.ts'
import { shortPath } from './code-frame.ts'

/** A user's project, as its package.json describes it. All paths are absolute; the folders need not exist. */
export interface Project {
  readonly root: string
  /** The inventory used without `-i`. */
  readonly inventory: string
  readonly inventories: string
  readonly playbooks: string
  readonly modules: string
  readonly templates: string
  /** How many journals of runs are kept, and for how many days. */
  readonly runs: { readonly keep: number; readonly days: number }
  /** The module that keeps facts between runs; without one this user's own folder does. */
  readonly factCache?: string
  /** Which vars hold the addresses of hosts, in inventories that are not written in TypeScript. */
  readonly addressVars: { readonly privateIp: string; readonly publicIp: string }
}

interface PackageJson {
  readonly name?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly rollcall?: Readonly<Partial<Record<Folder, string>>> & {
    readonly runs?: unknown
    readonly factCache?: unknown
    readonly addressVars?: unknown
  }
}
type Folder = Exclude<keyof Project, 'root' | 'runs' | 'factCache' | 'addressVars'>

const defaults = {
  inventory: 'inventory/lab.ts',
  inventories: 'inventory',
  playbooks: 'playbooks',
  modules: 'modules',
  templates: 'templates',
} as const satisfies Record<Folder, string>
const keepRuns = { keep: 50, days: 30 }
const addresses = { privateIp: 'private_ip', publicIp: 'public_ip' }

/**
 * The project that a folder belongs to: the nearest package.json that is rollcall's, depends on rollcall, or has a
 * `rollcall` key.
 */
export function findProject(from: string): Project {
  const found = projectOf(from)
  if (found) return found
  throw new RollcallError({
    summary: 'This folder is not part of a Rollcall project',
    detail: `no package.json in ${resolve(from)} or above it depends on rollcall`,
    fix: 'Go to the folder that holds your inventory/ and playbooks/, or add rollcall to the dependencies in its package.json.',
    exitCode: 1,
  })
}

/** {@link findProject} for what also works outside of one. */
export function projectOf(from: string): Project | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json')
    const json = existsSync(path) ? readPackage(path) : undefined
    if (json && (json.name === 'rollcall' || json.rollcall || json.dependencies?.rollcall || json.devDependencies?.rollcall))
      return project(folder, json)
    if (dirname(folder) === folder) return undefined
  }
}

function readPackage(path: string): PackageJson {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PackageJson
  } catch (cause) {
    const details = {
      summary: 'A package.json cannot be read',
      detail: `${path}\n${(cause as Error).message}`,
      fix: 'Correct the file.',
      exitCode: 1,
    }
    throw new RollcallError(details, { cause })
  }
}

function project(root: string, json: PackageJson): Project {
  for (const key of Object.keys(json.rollcall ?? {})) {
    const known = [...Object.keys(defaults), 'runs', 'factCache', 'addressVars']
    if (known.includes(key)) continue
    const meant = suggest(key, known)
    throw new RollcallError({
      summary: `package.json's rollcall key has an unknown entry`,
      detail: `${join(root, 'package.json')}: '${key}'`,
      fix: meant ? `Did you mean '${meant}'?` : `It knows: ${known.join(', ')}.`,
      exitCode: 1,
    })
  }
  const { runs, factCache, addressVars, ...folders } = json.rollcall ?? {}
  const paths = Object.entries({ ...defaults, ...folders }).map(([key, path]) => [key, resolve(root, path)])
  return {
    root,
    ...(Object.fromEntries(paths) as Record<Folder, string>),
    runs: runsOf(root, runs),
    addressVars: addressVarsOf(root, addressVars),
    ...factCacheOf(root, factCache),
  }
}

function factCacheOf(root: string, said: unknown): { readonly factCache?: string } {
  if (said === undefined) return {}
  if (typeof said === 'string' && said.endsWith('.ts')) return { factCache: resolve(root, said) }
  throw new RollcallError({
    summary: "package.json's rollcall.factCache cannot be used",
    detail: `${join(root, 'package.json')}: ${JSON.stringify(said)}`,
    fix: 'It names a TypeScript file whose default export keeps facts: "./fact-cache.ts".',
    exitCode: 1,
  })
}

/** What package.json says of journals. */
function runsOf(root: string, said: unknown): Project['runs'] {
  const given = said === undefined ? {} : said
  const entries: [string, unknown][] = typeof given === 'object' && given !== null ? Object.entries(given) : [['runs', given]]
  const wrong = entries.find(([name, value]) => !(name in keepRuns) || !Number.isInteger(value) || Number(value) < 1)
  if (!wrong) return { ...keepRuns, ...given }
  throw new RollcallError({
    summary: "package.json's rollcall.runs cannot be used",
    detail: `${join(root, 'package.json')}: ${JSON.stringify(given)}`,
    fix: 'It says how many journals of runs are kept, and for how many days: { "keep": 50, "days": 30 }.',
    exitCode: 1,
  })
}

/** What package.json says of vars that hold addresses. */
function addressVarsOf(root: string, said: unknown): Project['addressVars'] {
  const given = said === undefined ? {} : said
  const entries: [string, unknown][] = typeof given === 'object' && given !== null ? Object.entries(given) : [['addressVars', given]]
  const wrong = entries.find(([name, value]) => !(name in addresses) || typeof value !== 'string')
  if (!wrong) return { ...addresses, ...given }
  throw new RollcallError({
    summary: "package.json's rollcall.addressVars cannot be used",
    detail: `${join(root, 'package.json')}: ${JSON.stringify(given)}`,
    fix: `It says which vars of INI and YAML inventories hold addresses: ${JSON.stringify(addresses)}.`,
    exitCode: 1,
  })
}

/** A playbook by its name in `playbooks/`, with or without `.ts`, or by a path. */
export function findPlaybook(project: Project, nameOrPath: string, cwd = process.cwd()): string {
  return find(project, { word: 'playbook', folder: project.playbooks, nameOrPath, cwd })
}

/**
 * An inventory by its name in `inventory/` or by a path; without either, the project's default one. What ends in `.ts` is a typed
 * one; every other file, and a folder, is read as Ansible reads it.
 */
export function findInventory(project: Project, nameOrPath?: string, cwd = process.cwd()): string {
  if (nameOrPath !== undefined) return find(project, { word: 'inventory', folder: project.inventories, nameOrPath, cwd })
  if (isInventory(project.inventory)) return project.inventory
  return find(project, {
    word: 'inventory',
    folder: project.inventories,
    nameOrPath: shortPath(project.root, project.inventory),
    cwd: project.root,
  })
}

/** Whether a project has the inventory that is used without `-i`. */
export function hasInventory({ inventory }: Project): boolean {
  return isInventory(inventory)
}

/** Names of the playbooks in `playbooks/`, folders below it included. */
export function listPlaybooks(project: Project): string[] {
  return names(project.playbooks)
}

/** Names of the inventories in `inventory/`, folders below it included. */
export function listInventories(project: Project): string[] {
  return [...names(project.inventories), ...sources(project.inventories)].sort()
}

/** Files beside the typed inventories that are read as Ansible reads them, by their usual endings; others are found by their names. */
function sources(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).filter((name) => /\.(?:ini|ya?ml)$/.test(name) && !name.startsWith('.'))
}

interface Search {
  readonly word: 'playbook' | 'inventory'
  readonly folder: string
  readonly nameOrPath: string
  readonly cwd: string
}

function find(project: Project, { word, folder, nameOrPath, cwd }: Search): string {
  const explicit = /^(\.{0,2}\/)/.test(nameOrPath)
  const bases = explicit ? [cwd] : [folder, cwd, project.root]
  const places = bases.flatMap((base) => [resolve(base, nameOrPath), resolve(base, `${nameOrPath}.ts`)])
  const there = places.filter(word === 'inventory' ? isInventory : isFile)
  const found = there.find((path) => path.endsWith('.ts') && isFile(path))
  if (found !== undefined) return found
  const [first] = there
  if (first !== undefined && word === 'inventory' && !javaScript.test(first)) return first
  if (first !== undefined)
    throw new RollcallError({
      summary: `${word === 'inventory' ? 'An inventory in code' : 'A playbook'} is a TypeScript file, and its name ends in .ts`,
      detail: `'${nameOrPath}' is ${first}`,
      fix: `Name another, or write it in TypeScript.`,
      exitCode: 1,
    })
  const known = word === 'inventory' ? [...names(folder), ...sources(folder)] : names(folder)
  const meant = suggest(withoutEnding(nameOrPath), known) ?? suggest(withoutEnding(basename(nameOrPath)), known)
  const listed =
    known.length === 0
      ? `${shortPath(project.root, folder)}/ holds no ${word}.`
      : `${shortPath(project.root, folder)}/ holds: ${known.join(', ')}.`
  throw new RollcallError({
    summary: `There is no such ${word}`,
    detail: `'${nameOrPath}'`,
    fix: meant ? `Did you mean '${meant}'?` : listed,
    exitCode: 1,
  })
}

function names(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map(withoutEnding)
    .sort()
}

const withoutEnding = (name: string) => name.replace(/\.ts$/, '')
const javaScript = /\.(?:[cm]?js|mts|cts)$/
const isInventory = (path: string) => statSync(path, { throwIfNoEntry: false }) !== undefined
const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
