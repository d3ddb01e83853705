import { type FoundSoFar, Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { type Read, unknown, type WantedState } from '../dsl/resource.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import type { Step } from '../dsl/step.ts'
import { type AptListsState, aptLists } from '../resources/apt-lists.ts'
import { type PackageState, packageOf } from '../resources/package.ts'
import { aptInstall, aptRemove, aptUpdate } from './apt-steps.ts'

const params = parameters({
  name: Type.Unsafe<string | readonly string[]>({
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
    ],
    description: "one package or several: 'haproxy', 'haproxy=2.6.12-1', 'libc6:amd64'; a version may end in *",
  }),
  state: Type.Optional(
    oneOf(['present', 'latest', 'absent'], { description: 'present (default), the newest version that apt knows, or removed' }),
  ),
  updateCache: Type.Optional(
    Type.Boolean({ description: "refresh apt's lists first, when something is to be installed and they are older than cacheValidTime" }),
  ),
  cacheValidTime: Type.Optional(Type.Integer({ minimum: 1, description: "seconds for which apt's lists count as fresh; default 3600" })),
  installRecommends: Type.Optional(
    Type.Boolean({ description: "install recommended packages too; default: as the host's apt is configured" }),
  ),
  allowDowngrade: Type.Optional(Type.Boolean({ description: 'let a version asked for be older than the one installed' })),
  purge: Type.Optional(Type.Boolean({ description: 'when removing, remove configuration files as well' })),
  lockTimeout: Type.Optional(Type.Integer({ minimum: 0, description: 'seconds to wait for another user of apt or dpkg; default 300' })),
})
type AptParams = Params<typeof params>

interface Asked {
  readonly name: string
  /** Absent: any. */
  readonly version?: string
}

function asked({ name, state }: AptParams): readonly Asked[] {
  const words = [...new Set([name].flat() as string[])]
  return words.map((word) => {
    const equals = word.indexOf('=')
    if (equals < 0) return { name: word }
    const version = word.slice(equals + 1)
    if (state === 'absent' || state === 'latest')
      throw new Refusal(`'${word}' names a version, which state '${state}' has no use for`, 'Give the name alone.')
    if (!/^[A-Za-z0-9.+~:-]+\*?$/.test(version)) throw new Refusal(`'${version}' is not a version of a Debian package`)
    return { name: word.slice(0, equals), version }
  })
}

function fits(version: string, wanted: string): boolean {
  return wanted.endsWith('*') ? version.startsWith(wanted.slice(0, -1)) : version === wanted
}

/** Whether a package is as asked for already, as far as that can be told without apt's lists. */
function settled(state: PackageState, { version }: Asked): boolean {
  return state.installed && (version === undefined || fits(state.version, version))
}

// Names of packages never begin with a colon.
const lists = ':lists'
type AptReads = { readonly [name: string]: Read<PackageState> | Read<AptListsState> }

/** apt's lists are asked only when something is to be installed: an unchanged host costs one `dpkg-query`. */
function readsOf(params: AptParams, found: FoundSoFar): AptReads {
  const { state = 'present', updateCache, cacheValidTime = 3600 } = params
  const packages = asked(params).map((wish) => {
    const read = packageOf(wish.name)
    const known = found.get(read)
    const needsCandidate = state === 'latest' || (state === 'present' && known !== undefined && !settled(known, wish))
    return [wish.name, needsCandidate ? packageOf(wish.name, 'candidate') : read] as const
  })
  const needsLists = updateCache && packages.some(([, read]) => read.need === 'candidate')
  return { ...Object.fromEntries(packages), ...(needsLists && { [lists]: aptLists(cacheValidTime) }) }
}

type AptFound = { readonly [name: string]: PackageState | AptListsState }
const packageIn = (found: AptFound, name: string) => found[name] as PackageState
const listsIn = (found: AptFound) => found[lists] as AptListsState | undefined

function planOf(params: AptParams, found: AptFound): { [name: string]: WantedState<PackageState> | WantedState<AptListsState> } {
  const { state = 'present', purge } = params
  const stale = listsIn(found)?.fresh === false
  const wanted = Object.fromEntries(
    asked(params).map((wish) => {
      const package_ = packageIn(found, wish.name)
      if (state === 'absent') return [wish.name, { installed: false, ...(purge && { residue: false }) }]
      return [wish.name, state === 'latest' ? newest(wish.name, package_, stale) : present(wish, package_, stale)]
    }),
  )
  return { ...wanted, ...(stale && { [lists]: { fresh: true } }) }
}

function present(wish: Asked, found: PackageState, stale: boolean): WantedState<PackageState> {
  if (settled(found, wish)) return { installed: true }
  if (!stale) known(wish.name, found)
  // A version asked for need not be the candidate; with stale lists the candidate may be another by then.
  const exact = wish.version === undefined ? (stale ? undefined : found.candidate) : wish.version.endsWith('*') ? undefined : wish.version
  return { installed: true, version: exact ?? (found.installed ? changed(found, wish) : unknown) }
}

/** A version pattern that the installed version does not fit: no exact version can be named, but it is not this one. */
function changed(found: PackageState, { name, version = '' }: Asked): string {
  const { candidate = '' } = found
  if (fits(candidate, version)) return candidate
  throw new Refusal(`apt would not choose ${name}=${version} by itself: its candidate is ${candidate || 'none'}`, 'Name the exact version.')
}

function newest(name: string, found: PackageState, stale: boolean): WantedState<PackageState> {
  if (stale) return { installed: true, version: unknown }
  const candidate = known(name, found)
  if (found.held && found.installed && candidate !== found.version)
    throw new Refusal(
      `${name} is held at ${found.version}, so it cannot become ${candidate}`,
      `Release it by: apt-mark unhold ${name}; or ask for state 'present'.`,
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

function stepsOf(params: AptParams, found: AptFound, wanted: { readonly [name: string]: object | undefined }): readonly Step[] {
  const { state = 'present', purge = false } = params
  const options = { recommends: params.installRecommends, allowDowngrade: params.allowDowngrade, lockTimeout: params.lockTimeout ?? 300 }
  const wishes = asked(params)
  if (state === 'absent') {
    const going = wishes.filter(({ name }) => packageIn(found, name).installed || (purge && packageIn(found, name).residue))
    return [
      aptRemove(
        going.map(({ name }) => name),
        purge,
        options.lockTimeout,
      ),
    ]
  }
  const stale = listsIn(found)?.fresh === false
  const due = wishes.filter((wish) => {
    const { version } = (wanted[wish.name] ?? {}) as WantedState<PackageState>
    return state === 'latest' ? version !== packageIn(found, wish.name).version : !settled(packageIn(found, wish.name), wish)
  })
  return [
    ...(stale ? [aptUpdate(options.lockTimeout)] : []),
    ...(due.length > 0
      ? [
          aptInstall(
            due.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`)),
            options,
          ),
        ]
      : []),
  ]
}

/** Debian packages. */
export const apt = defineModule({
  name: 'apt',
  summary: 'Debian packages: present, newest or absent',
  params,
  reads: readsOf,
  plan: (params, found) => planOf(params, found as AptFound) as {},
  steps: (params, { found, wanted }) => stepsOf(params, found as AptFound, wanted),
  // What packages and their scripts may change.
  touches: () => [
    'package:*',
    'aptLists:*',
    'unit:*',
    'user:*',
    'group:*',
    'crontab:*',
    // Programs that these ask for.
    ...['git:*', 'gitRemote:*', 'http:*', 'download:*'],
    ...['etc', 'usr', 'lib', 'bin', 'sbin', 'var', 'opt', 'run', 'boot'].flatMap((top) => [`file:/${top}/*`, `link:/${top}/*`]),
  ],
})
