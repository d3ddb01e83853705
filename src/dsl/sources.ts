import { RollcallError } from '../model/errors.ts'
import type { HostSource, SourceCache, SourcedInventory } from '../model/sourced.ts'
import { callerLine } from '../util/caller.ts'
import { suggest } from '../util/suggest.ts'

/** What every source may be told. */
export interface SourceOptions {
  /** For messages and the header of a run; default the file, the program, or the name of the function. */
  readonly name?: string
  /** Seconds after which it counts as failed. Default 30. */
  readonly timeout?: number
  /**
   * Keeps answers on this machine. `maxAge`: seconds, or `'10 min'`, for which one is used without asking again.
   * `onError: 'lastKnown'`: where the source fails, the last answer is used, and a warning says so. Default: nothing is
   * kept, and a source that fails is an error.
   */
  readonly cache?: { readonly maxAge?: number | string; readonly onError?: 'fail' | 'lastKnown' }
  /** Names of vars that become a `Secret`. Answers with secrets are never kept. */
  readonly secrets?: readonly string[]
  /** Groups that the inventory does not declare: an error (default), or passed over. */
  readonly otherGroups?: 'fail' | 'ignore'
}

/** A function that gives hosts. It is called when the inventory is loaded. */
export type LoadHosts = (options: { readonly signal: AbortSignal }) => Promise<SourcedInventory>
/** A source, or a function alone. */
export type Source = HostSource | LoadHosts

/** Hosts of a JSON file; the path begins at the project's root. */
export function jsonFile(options: SourceOptions & { readonly path: string }): HostSource {
  return make('jsonFile', options, ['path'], { file: options.path }, options.path)
}

/**
 * Hosts that a command prints as JSON. It is run on the controller, in the project's root and without a shell.
 *
 * @example jsonCommand({ argv: ['./inventory/cloud.py', '--list'], cache: { maxAge: '10 min', onError: 'lastKnown' } })
 */
export function jsonCommand(options: SourceOptions & { readonly argv: readonly [string, ...string[]] }): HostSource {
  return make('jsonCommand', options, ['argv'], { argv: options.argv }, options.argv[0])
}

/** Hosts that a function gives, with the same options as other sources; a function alone may stand in `sources` as well. */
export function hostsFrom(options: SourceOptions & { readonly load: LoadHosts }): HostSource {
  return make('hostsFrom', options, ['load'], { load: options.load }, options.load.name || 'a function')
}

/** A source, whatever form it has. */
export function sourceOf(source: Source, index: number): HostSource {
  if (typeof source !== 'function') return source
  return make('sources', {}, [], { load: source }, source.name || `source ${index + 1}`)
}

const known = ['name', 'timeout', 'cache', 'secrets', 'otherGroups']

function make(
  what: string,
  options: SourceOptions,
  own: readonly string[],
  from: HostSource['from'],
  name: string | undefined,
): HostSource {
  const names = [...own, ...known]
  for (const key of Object.keys(options)) {
    if (names.includes(key)) continue
    const meant = suggest(key, names)
    throw refusal(`${what} has no option '${key}'`, meant ? `Did you mean '${meant}'?` : `There are: ${names.join(', ')}.`)
  }
  const { timeout = 30, cache, secrets = [], otherGroups = 'fail' } = options
  if (!(timeout > 0)) throw refusal(`the timeout of ${what} is ${timeout}`, 'Give seconds: timeout: 30')
  if (secrets.length > 0 && cache)
    throw refusal(
      `${what} has secrets, and a cache that would hold them`,
      'Leave the cache out, or give the secrets to the inventory in another way, such as defineSecrets.',
    )
  return {
    kind: 'source',
    name: options.name ?? name ?? what,
    from,
    timeout,
    ...(cache && { cache: cacheOf(cache, what) }),
    secrets,
    otherGroups,
  }
}

function cacheOf({ maxAge = 0, onError = 'fail' }: NonNullable<SourceOptions['cache']>, what: string): SourceCache {
  const seconds = typeof maxAge === 'number' ? maxAge : secondsOf(maxAge)
  if (seconds === undefined || !(seconds >= 0))
    throw refusal(`the maxAge of ${what} is ${JSON.stringify(maxAge)}`, "Give seconds, or text such as '90 s', '10 min', '2 h', '1 d'.")
  if (!['fail', 'lastKnown'].includes(onError)) throw refusal(`the onError of ${what} is '${onError}'`, "There are: 'fail', 'lastKnown'.")
  return { maxAge: seconds, onError }
}

const units: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 }

function secondsOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(s|min|h|d)$/.exec(text) ?? []
  return unit === undefined ? undefined : Number(number) * units[unit]!
}

function refusal(detail: string, fix: string): RollcallError {
  const at = callerLine()
  return new RollcallError({ summary: 'The inventory is wrong', detail, fix, exitCode: 1, ...(at && { at }) })
}
