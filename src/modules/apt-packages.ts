import { Refusal } from '../dsl/definition.ts'
import { unknown, type WantedState } from '../dsl/resource.ts'
import type { PackageState } from '../resources/package.ts'
import type { AptParams } from './apt-params.ts'

/** A package as a user asks for it. */
export interface Asked {
  readonly name: string
  /** Absent: any. */
  readonly version?: string
}

/** The packages asked for, each once. */
export function asked({ name = [], state }: AptParams): readonly Asked[] {
  const words = [...new Set([name].flat() as string[])]
  return words.map((word) => {
    const equals = word.indexOf('=')
    if (equals < 0) return { name: word }
    const version = word.slice(equals + 1)
    if (state === 'absent' || state === 'latest' || state === 'buildDep')
      throw new Refusal(`'${word}' names a version, which state '${state}' has no use for`, 'Give the name alone.')
    if (!/^[A-Za-z0-9.+~:-]+\*?$/.test(version)) throw new Refusal(`'${version}' is not a version of a Debian package`)
    return { name: word.slice(0, equals), version }
  })
}

function fits(version: string, wanted: string): boolean {
  return wanted.endsWith('*') ? version.startsWith(wanted.slice(0, -1)) : version === wanted
}

/** Whether a package is as asked for already, as far as that can be told without apt's lists. */
export function settled(state: PackageState, { version }: Asked): boolean {
  return state.installed && (version === undefined || fits(state.version, version))
}

/** What a package asked for by its name shall be. With stale lists, or another release preferred, its version is not known yet. */
export function planPackage(wish: Asked, params: AptParams, found: PackageState, stale: boolean): WantedState<PackageState> {
  const { state, purge, onlyUpgrade, defaultRelease, allowChangeHeldPackages = false } = params
  if (state === 'absent') return { installed: false, ...(purge && { residue: false }) }
  if (onlyUpgrade && !found.installed) return {}
  if (state === 'latest' && defaultRelease !== undefined) return { installed: true } // What apt simulates says whether it is the newest.
  if (state === 'latest') return newest(wish.name, found, stale, allowChangeHeldPackages)
  if (settled(found, wish)) return { installed: true }
  if (!stale) known(wish.name, found)
  // A version asked for need not be the candidate; with stale lists the candidate may be another by then.
  const candidate = stale || defaultRelease !== undefined ? undefined : found.candidate
  const exact = wish.version === undefined ? candidate : wish.version.endsWith('*') ? undefined : wish.version
  return { installed: true, version: exact ?? (found.installed ? changed(found, wish) : unknown) }
}

/** A version pattern that the installed version does not fit: no exact version can be named, but it is not this one. */
function changed(found: PackageState, { name, version = '' }: Asked): string {
  const { candidate = '' } = found
  if (fits(candidate, version)) return candidate
  throw new Refusal(`apt would not choose ${name}=${version} by itself: its candidate is ${candidate || 'none'}`, 'Name the exact version.')
}

function newest(name: string, found: PackageState, stale: boolean, allowHeld: boolean): WantedState<PackageState> {
  if (stale) return { installed: true, version: unknown }
  const candidate = known(name, found)
  if (found.held && !allowHeld && found.installed && candidate !== found.version)
    throw new Refusal(
      `${name} is held at ${found.version}, so it cannot become ${candidate}`,
      `Release it by: apt-mark unhold ${name}; or set allowChangeHeldPackages: true, or ask for state 'present'.`,
    )
  return { installed: true, version: candidate }
}

function known(name: string, { installed, candidate = '', version }: PackageState): string {
  if (candidate !== '') return candidate
  if (installed) return version
  throw new Refusal(
    `apt on this host knows no package '${name}'`,
    'Is it misspelt? If the lists of apt are old or empty, set updateCache: true. A virtual package must be named by one that provides it.',
  )
}
