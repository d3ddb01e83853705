// Runs in Node's loader thread (Node 20, which has no hooks in the main thread). It is an entry of its own in the build.
import { fileURLToPath } from 'node:url'
import { isTypeScript, type LoaderSettings, resolveOwn } from './resolve.ts'
import { stripTypes } from './strip.ts'

type Next<Context, Result> = (target: string, context: Context) => Promise<Result>

interface Resolved {
  readonly url: string
  readonly shortCircuit?: boolean
}
interface Loaded {
  readonly format: string
  readonly source: string
  readonly shortCircuit?: boolean
}

let settings: LoaderSettings

/** Called by Node with what `module.register` was given. */
export function initialize(data: LoaderSettings): void {
  settings = data
}

/** Called by Node for each import. */
export async function resolve(specifier: string, context: { parentURL?: string }, next: Next<unknown, Resolved>): Promise<Resolved> {
  const url = resolveOwn(settings, specifier, context.parentURL)
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
}

/** Called by Node for each file it loads. */
export async function load(url: string, context: unknown, next: Next<unknown, Loaded>): Promise<Loaded> {
  return isTypeScript(url) ? { format: 'module', source: stripTypes(fileURLToPath(url)), shortCircuit: true } : next(url, context)
}
