import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ownRoot } from '../util/own-root.ts'
import type { Project } from './project.ts'

/** What one run of the compiler is about. */
export interface CheckSettings {
  readonly project: Project
  /** Where the compiler begins to read. */
  readonly roots: readonly string[]
  /** What `#inventory` means. */
  readonly inventory: string
  /** The folder of Rollcall's own declarations; without it the compiler reads the sources. */
  readonly types: string | undefined
}

/** What the checks rest on: without `strict` the fleet's brands would not hold. */
const required = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  module: 'nodenext',
  moduleResolution: 'nodenext',
  customConditions: ['rollcall-source'],
  incremental: false,
  composite: false,
}

/** The compiler's settings, as a tsconfig.json: the project's own where it has such, and what the checks rest on. */
export function checkSettings(given: CheckSettings): string {
  return written(given, {})
}

/** The same without any ambient declarations but this file's. */
export function leanSettings(given: CheckSettings, globals: string): string {
  return written({ ...given, roots: [...given.roots, globals] }, { types: [] })
}

function written({ project, roots, inventory, types }: CheckSettings, more: object): string {
  const own = join(project.root, 'tsconfig.json')
  const defaults = {
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    typeRoots: [join(ownRoot(), 'node_modules/@types')],
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
  }
  const rollcall =
    types === undefined ? {} : { rollcall: [join(types, 'index.d.ts')], 'rollcall/testing': [join(types, 'testing/index.d.ts')] }
  const extending = existsSync(own)
  const compilerOptions = { ...(!extending && defaults), ...required, paths: { '#inventory': [inventory], ...rollcall }, ...more }
  return `${JSON.stringify({ ...(extending && { extends: own }), compilerOptions, files: roots, include: [] }, null, 2)}\n`
}
