import module from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { RollcallError } from '../model/errors.ts'
import { importModule } from '../util/import-module.ts'
import { canLinkModules, openLinker } from './link-modules.ts'
import { isTypeScript, type LoaderSettings, resolveOwn } from './resolve.ts'
import { stripTypes } from './strip.ts'

type Hook = (target: string, context: { parentURL?: string }, next: (target: string, context: unknown) => unknown) => unknown
/** Node 22.15 and newer; the types here are those of Node 20. */
type RegisterHooks = (hooks: { resolve: Hook; load: Hook }) => void

/** Imports a user's file. */
export type Import = (url: string) => Promise<Record<string, unknown>>

const natively: Import = (url) => importModule(url) as Promise<Record<string, unknown>>

const build = /^(.*\/dist\/[0-9a-f]{16}\/)/.exec(import.meta.url)?.[1]
/** Of the program that runs, see src/boot/open-program.ts. */
function ours(name: string): Record<string, unknown> {
  const program = module.createRequire(import.meta.url)('./program.cjs') as Record<'index' | 'testing', () => Record<string, unknown>>
  return name === 'rollcall' ? program.index() : program.testing()
}

let registered: string | undefined
let importer = natively

/**
 * Gives what imports TypeScript in this process, `#inventory` mean `inventory`, and `rollcall` the running instance. One
 * process has one inventory. Run from source (under vitest) it does nothing: there the bundler's aliases do all this.
 */
export function registerLoader(inventory: string): Import {
  if (registered === inventory || build === undefined) return importer
  if (registered !== undefined)
    throw new RollcallError({
      summary: 'One process cannot load playbooks with two inventories',
      detail: `${registered}\n${inventory}`,
      fix: 'Run Rollcall once for each inventory.',
      exitCode: 1,
    })
  registered = inventory
  const settings: LoaderSettings = {
    inventory: pathToFileURL(inventory).href,
    own: { rollcall: `${build}index.js`, 'rollcall/testing': `${build}testing.js` },
  }
  const { registerHooks } = module as { registerHooks?: RegisterHooks }
  if (canLinkModules) importer = openLinker(settings, ours).import
  else if (registerHooks === undefined) module.register('./loader.js', { parentURL: build, data: settings })
  else
    registerHooks({
      resolve: (specifier, context, next) => {
        const url = resolveOwn(settings, specifier, context.parentURL)
        return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
      },
      load: (url, context, next) =>
        isTypeScript(url) ? { format: 'module', source: stripTypes(fileURLToPath(url)), shortCircuit: true } : next(url, context),
    })
  return importer
}
