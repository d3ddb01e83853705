import { readFileSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { importModule } from '../util/import-module.ts'
import { isTypeScript, type LoaderSettings, resolveOwn } from './resolve.ts'
import { stripTypes } from './strip.ts'

/**
 * The part of `node:vm` that takes a flag. On Node 20 hooks for imports live in a thread of their own, whose start costs more
 * than all else in loading a playbook; modules made here are linked in this one. Newer versions have hooks here as well.
 */
interface LinkedModule {
  readonly status: string
  readonly identifier: string
  readonly namespace: Record<string, unknown>
  readonly error: unknown
  link(linker: (specifier: string, parent: LinkedModule, extra: { attributes?: object }) => Promise<LinkedModule>): Promise<void>
  evaluate(): Promise<void>
}
interface VmModules {
  readonly SourceTextModule?: new (
    source: string,
    options: {
      identifier: string
      initializeImportMeta: (meta: Record<string, unknown>) => void
      importModuleDynamically: (specifier: string, parent: LinkedModule, attributes: object) => Promise<LinkedModule>
    },
  ) => LinkedModule
  readonly SyntheticModule?: new (
    names: readonly string[],
    evaluate: (this: { setExport(name: string, value: unknown): void }) => void,
  ) => LinkedModule
}
const { SourceTextModule, SyntheticModule } = vm as unknown as VmModules

/** Whether Node was started so that modules can be linked here. */
export const canLinkModules = SourceTextModule !== undefined && SyntheticModule !== undefined && !('registerHooks' in module)

/** Imports users' TypeScript without hooks: `#inventory` and `rollcall` mean what the settings say, all else what Node says. */
export interface Linker {
  readonly import: (url: string) => Promise<Record<string, unknown>>
}

/**
 * A linker with no modules yet; a process has one, so that a file is one module.
 * @param ours What a name of Rollcall's own exports: that runs already, and Node's loader need not start for it.
 */
export function openLinker(settings: LoaderSettings, ours: (name: string) => Record<string, unknown>): Linker {
  const modules = new Map<string, LinkedModule>()
  const foreign = new Map<string, Promise<LinkedModule>>()
  let callsResolve = false

  const find = async (specifier: string, parent: string, attributes: object): Promise<LinkedModule> => {
    if (settings.own[specifier] !== undefined) return others(specifier, () => ours(specifier))
    let url = resolveOwn(settings, specifier, parent)
    if (url === undefined) {
      if (!isRelative(specifier)) await loadResolver()
      url = resolve(specifier, parent)
    }
    return isOwn(url) ? own(url, parent) : others(url, () => importModule(url, { with: attributes as Record<string, string> }))
  }
  const own = (url: string, parent: string): LinkedModule => {
    const known = modules.get(url)
    if (known) return known
    const path = fileURLToPath(url)
    const source = sourceOf(path, parent)
    callsResolve ||= /\bmeta\s*\.\s*resolve\b/.test(source)
    const made = new SourceTextModule!(source, {
      identifier: url,
      initializeImportMeta: (meta) =>
        Object.assign(meta, { url, filename: path, dirname: dirname(path), resolve: (specifier: string) => resolve(specifier, url) }),
      importModuleDynamically: async (specifier, { identifier }, attributes) => ready(await find(specifier, identifier, attributes)),
    })
    modules.set(url, made)
    return made
  }
  const others = (name: string, exports: () => unknown): Promise<LinkedModule> => {
    const known = foreign.get(name) ?? wrap(exports)
    foreign.set(name, known)
    return known
  }
  const ready = async (made: LinkedModule): Promise<LinkedModule> => {
    if (made.status === 'unlinked')
      await made.link((specifier, parent, { attributes = {} }) => find(specifier, parent.identifier, attributes))
    // What calls it waits for no promise.
    if (callsResolve) await loadResolver()
    if (made.status === 'errored') throw made.error
    await made.evaluate()
    return made
  }
  return {
    import: async (url) => {
      try {
        return (await ready(own(url, url))).namespace
      } catch (error) {
        throw placed(error, [...modules.keys()])
      }
    },
  }
}

/** Says where an import names what is not there, as Node does when it links: the line stands before the stack. */
function placed(error: unknown, urls: readonly string[]): unknown {
  const [, from, name] = /^The requested module '(.+)' does not provide an export named '(.+)'$/.exec((error as Error)?.message ?? '') ?? []
  if (from === undefined || !(error instanceof SyntaxError) || /^file:/.test(error.stack ?? '')) return error
  const names = new RegExp(`\\b${name!.replace(/\W/g, '\\$&')}\\b`)
  for (const url of urls) {
    const lines = readFileSync(fileURLToPath(url), 'utf8').split('\n')
    const end = lines.findIndex((line) => line.includes(`'${from}'`) || line.includes(`"${from}"`))
    if (end === -1) continue
    const begin = lines.findLastIndex((line, index) => index <= end && /^\s*(?:import|export)\b/.test(line))
    const at = lines.findIndex((line, index) => index >= begin && index <= end && names.test(line))
    const line = lines[at === -1 ? end : at]!
    error.stack = `${url}:${(at === -1 ? end : at) + 1}\n${line}\n${' '.repeat(Math.max(0, line.search(names)))}^\n${error.stack}`
    return error
  }
  return error
}

/** What runs already or Node itself imports, as a module of the same exports. */
async function wrap(of: () => unknown): Promise<LinkedModule> {
  const exports = (await of()) as Record<string, unknown>
  return new SyntheticModule!(Object.keys(exports), function () {
    for (const [name, value] of Object.entries(exports)) this.setExport(name, value)
  })
}

let resolver: typeof import('./resolver.ts')

/** Starts Node's own loader, so it is not asked for where nothing needs it. */
async function loadResolver(): Promise<void> {
  resolver ??= (await importModule(new URL('./resolver.js', import.meta.url).href)) as typeof resolver
}

const isRelative = (specifier: string) => /^\.\.?\//.test(specifier)

function resolve(specifier: string, parent: string): string {
  if (isRelative(specifier)) return new URL(specifier, parent).href
  // Its second argument takes a flag of its own on Node 20.
  return resolver.resolve(specifier, parent)
}

function sourceOf(path: string, parent: string): string {
  try {
    return isTypeScript(path) ? stripTypes(path) : readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    // In Node's own words, so that it is told in the same way.
    throw Object.assign(new Error(`Cannot find module '${path}' imported from ${fileURLToPath(parent)}`), { code: 'ERR_MODULE_NOT_FOUND' })
  }
}

/** TypeScript, and plain modules beside it: what imports `#inventory` must be linked here. Not what packages bring. */
function isOwn(url: string): boolean {
  if (!url.startsWith('file:') || url.includes('/node_modules/')) return false
  const path = fileURLToPath(url)
  return isTypeScript(path) || path.endsWith('.mjs') || (path.endsWith('.js') && typeOf(dirname(path)) === 'module')
}

const types = new Map<string, string>()

/** `type` of the package that a folder belongs to. */
function typeOf(folder: string): string {
  const known = types.get(folder)
  if (known !== undefined) return known
  let type: string
  try {
    type = (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: string }).type ?? 'commonjs'
  } catch {
    type = dirname(folder) === folder ? 'commonjs' : typeOf(dirname(folder))
  }
  types.set(folder, type)
  return type
}
