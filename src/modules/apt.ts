import { type FoundSoFar, Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { type Read, unknown, type WantedState } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import { type AptListsState, aptLists } from '../resources/apt-lists.ts'
import { type AptPendingState, aptPending } from '../resources/apt-pending.ts'
import { type DebFileState, debFile } from '../resources/deb-file.ts'
import { type FileState, file } from '../resources/file.ts'
import { type PackageState, packageOf } from '../resources/package.ts'
import { compareDebianVersions } from '../util/debian-version.ts'
import { asked, planPackage, settled } from './apt-packages.ts'
import { type AptParams, aptParams } from './apt-params.ts'
import { type AptOptions, aptGet, aptInstall, aptRemove, aptUpdate, choosing } from './apt-steps.ts'
import { fieldsOf } from './result-fields.ts'

// Names of packages never begin with a colon.
const lists = ':lists'
type AptState = PackageState | AptListsState | AptPendingState | DebFileState | FileState
type AptReads = { readonly [name: string]: Read<any> }
type AptFound = { readonly [name: string]: AptState }
type AptWanted = { readonly [name: string]: WantedState<AptState> }
const packageIn = (found: AptFound, name: string) => found[name] as PackageState
const debIn = (found: AptFound, path: string) => found[`:deb ${path}`] as DebFileState
const isStale = (found: AptFound) => (found[lists] as AptListsState | undefined)?.fresh === false

function optionsOf({ installRecommends: recommends, lockTimeout = 300, ...params }: AptParams): AptOptions {
  return { ...params, recommends, lockTimeout }
}

/** What is asked of the packages as a whole: by which name it is read, and the apt-get that does it. In the order of the steps. */
function wholes(params: AptParams): readonly { readonly name: string; readonly words: readonly string[] }[] {
  const { state, upgrade, purge, autoremove, autoclean, clean, defaultRelease } = params
  const names = asked(params).map(({ name }) => name)
  const choice = choosing(optionsOf(params))
  const upgrades = upgrade === 'dist' || upgrade === 'full' ? ['dist-upgrade'] : ['--with-new-pkgs', 'upgrade']
  const whole = (wanted: unknown, name: string, ...words: readonly string[]) => (wanted ? [{ name, words }] : [])
  return [
    ...whole(state === 'fixed', ':fixed', ...choice, '--fix-broken', 'install'),
    ...whole(
      state === 'latest' && defaultRelease !== undefined,
      ':latest',
      ...choice,
      ...(params.onlyUpgrade ? ['--only-upgrade'] : []),
      'install',
      ...names,
    ),
    ...whole(state === 'buildDep', ':buildDep', ...choice, 'build-dep', ...names),
    ...whole(upgrade, ':upgrade', ...choice, ...upgrades),
    ...whole(autoremove, ':autoremove', ...(purge ? ['--purge'] : []), 'autoremove'),
    ...whole(autoclean, ':autoclean', 'autoclean'),
    ...whole(clean, ':clean', 'clean'),
  ]
}

/** Cleaning up comes after whatever else changes, since that leaves something to clean up. */
const cleansUp = (name: string) => [':autoremove', ':autoclean', ':clean'].includes(name)

function debsOf({ deb = [] }: AptParams): readonly string[] {
  return [deb].flat() as string[]
}

/** Refuses what says nothing, or contradicts itself. */
function check(params: AptParams): void {
  const { name, deb, state = 'present', upgrade, updateCache, autoremove, autoclean, clean } = params
  if (deb !== undefined && state !== 'present')
    throw new Refusal(`a package file can only be installed, and state is '${state}'`, 'Give the name of the package instead.')
  if (name === undefined && ['latest', 'absent', 'buildDep'].includes(state))
    throw new Refusal(
      `state '${state}' is of packages, and none is named`,
      state === 'latest' ? "For all packages set upgrade: 'safe'." : 'Give name.',
    )
  const asks = name ?? deb ?? upgrade ?? (updateCache || autoremove || autoclean || clean || state === 'fixed')
  if (!asks)
    throw new Refusal('apt is asked for nothing', 'Give name, deb, upgrade, updateCache, autoremove, autoclean, clean or state fixed.')
}

/** apt's lists are asked only when they matter: an unchanged host costs one `dpkg-query`. */
function readsOf(params: AptParams, found: FoundSoFar): AptReads {
  const { state = 'present', updateCache, cacheValidTime = 3600 } = params
  const packages =
    state === 'buildDep'
      ? []
      : asked(params).map((wish) => {
          const read = packageOf(wish.name)
          const known = found.get(read)
          const installs = state === 'latest' || (state !== 'absent' && known !== undefined && !settled(known, wish))
          return [
            wish.name,
            installs && !(params.onlyUpgrade && known && !known.installed) ? packageOf(wish.name, 'candidate') : read,
          ] as const
        })
  const debDue = debsOf(params).some((path) => {
    const deb = found.get(debFile(path))
    const of = deb?.exists ? found.get(packageOf(deb.package + foreign(deb.architecture))) : undefined
    return of !== undefined && (!of.installed || of.version !== deb?.version)
  })
  const alone = params.name === undefined && params.deb === undefined
  const needsLists =
    updateCache && (alone || debDue || params.upgrade || state === 'buildDep' || packages.some(([, read]) => read.need === 'candidate'))
  const listsRead = aptLists(cacheValidTime)
  // What is to be installed for a build cannot be told from lists that are old or not there.
  const blind = needsLists && state === 'buildDep' && found.get(listsRead)?.fresh !== true
  const debs = debsOf(params).flatMap((path): [string, Read<any>][] => {
    const read = debFile(path)
    const { package: name, architecture } = found.get(read) ?? {}
    // `file` knows what earlier tasks of a check would put there.
    return [
      [`:deb ${path}`, read],
      [`:file ${path}`, file(path)],
      ...(name ? [[`:of ${path}`, packageOf(name + foreign(architecture))] as [string, Read<any>]] : []),
    ]
  })
  return {
    ...Object.fromEntries(packages),
    ...Object.fromEntries(debs),
    ...Object.fromEntries(wholes(params).flatMap(({ name, words }) => (blind && name === ':buildDep' ? [] : [[name, aptPending(words)]]))),
    ...(needsLists && { [lists]: listsRead }),
  }
}

/** The own architecture and `all` go without saying. */
const foreign = (architecture = 'all') => (architecture === 'all' ? '' : `:${architecture}`)

function planOf(params: AptParams, found: AptFound): AptWanted {
  const stale = isStale(found)
  const packages = params.state === 'buildDep' ? [] : asked(params)
  return {
    ...Object.fromEntries(packages.map((wish) => [wish.name, planPackage(wish, params, packageIn(found, wish.name), stale)])),
    ...Object.assign({}, ...debsOf(params).map((path) => planDeb(path, params, found))),
    ...Object.fromEntries(wholes(params).flatMap(({ name }) => (found[name] ? [[name, { pending: [] }]] : []))),
    ...(stale && { [lists]: { fresh: true } }),
  }
}

function planDeb(path: string, { allowDowngrade }: AptParams, found: AptFound): AptWanted {
  const deb = debIn(found, path)
  if (deb.problem !== '') throw new Refusal(`${path} is no package file that dpkg can read: ${deb.problem}`)
  const there = (found[`:file ${path}`] as FileState).exists
  if (!deb.exists && !there)
    throw new Refusal(
      `there is no ${path} on this host`,
      'deb is a file on the host: bring it there by an earlier task, with copy or getUrl.',
    )
  // Only planned by an earlier task: what is in it shows when it is there.
  if (!deb.exists) return { [`:deb ${path}`]: { exists: true, package: unknown, version: unknown } }
  const of = found[`:of ${path}`] as PackageState
  if (of.installed && !allowDowngrade && compareDebianVersions(deb.version, of.version) < 0)
    throw new Refusal(
      `${path} holds ${deb.package} ${deb.version}, and ${of.version}, which is newer, is installed`,
      'Set allowDowngrade: true where that is meant.',
    )
  return { [`:of ${path}`]: { installed: true, version: deb.version } }
}

function stepsOf(params: AptParams, found: AptFound, wanted: AptWanted): readonly Step[] {
  const { state = 'present', purge = false } = params
  const options = optionsOf(params)
  const named = state === 'absent' ? removals(params, found) : installs(params, found, wanted)
  const debs = debsOf(params).filter((path) => {
    const of = found[`:of ${path}`] as PackageState | undefined
    return !of?.installed || of.version !== debIn(found, path).version
  })
  const due = wholes(params).filter(({ name }) => !cleansUp(name) && (found[name] ? pendingIn(found, name) : true))
  const changes = [
    ...due.filter(({ name }) => name === ':fixed').map(({ words }) => aptGet(words, options)),
    ...(debs.length > 0 ? [aptInstall(debs, options)] : []),
    ...(named.length === 0 ? [] : state === 'absent' ? [aptRemove(named, purge, options)] : [aptInstall(named, options)]),
    ...due.filter(({ name }) => name !== ':fixed').map(({ words }) => aptGet(words, options)),
  ]
  return [
    ...(isStale(found) ? [aptUpdate(options)] : []),
    ...changes,
    ...wholes(params)
      .filter(({ name }) => cleansUp(name) && (changes.length > 0 || pendingIn(found, name)))
      .map(({ words }) => aptGet(words, options)),
  ]
}

const pendingIn = (found: AptFound, name: string) => (found[name] as AptPendingState).pending.length > 0

function removals(params: AptParams, found: AptFound): readonly string[] {
  const going = asked(params).filter(({ name }) => packageIn(found, name).installed || (params.purge && packageIn(found, name).residue))
  return going.map(({ name }) => name)
}

function installs(params: AptParams, found: AptFound, wanted: AptWanted): readonly string[] {
  if (params.state === 'buildDep' || found[':latest']) return [] // These are wholes.
  const due = asked(params).filter((wish) => {
    const { installed, version } = (wanted[wish.name] ?? {}) as WantedState<PackageState>
    if (installed === undefined) return false
    return params.state === 'latest' ? version !== packageIn(found, wish.name).version : !settled(packageIn(found, wish.name), wish)
  })
  return due.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`))
}

/** What apt leaves, by Ansible's names. */
export interface AptResult {
  /** Whether apt's lists were refreshed. */
  readonly cacheUpdated: boolean
  /** Seconds since 1970 of the lists' last refresh; 0 where it was not read. */
  readonly cacheUpdateTime: number
  /** What apt-get said; empty where there was nothing to do. */
  readonly stdout: string
  readonly stderr: string
  readonly before: { readonly [name: string]: PackageState }
  readonly after: { readonly [name: string]: PackageState }
}

/** Debian packages. */
export const apt = defineModule({
  name: 'apt',
  summary: 'Debian packages: present, newest or absent; all of them upgraded; the lists fresh; what is not needed removed',
  params: aptParams,
  inputs: (params) => {
    check(params)
    return {}
  },
  reads: readsOf,
  plan: (params, found) => planOf(params, found as AptFound) as {},
  steps: (params, { found, wanted }) => stepsOf(params, found as AptFound, wanted as AptWanted),
  result: (_, { before, after, outcomes }): AptResult => {
    const said = (field: 'stdout' | 'stderr') => outcomes.map((outcome) => Buffer.from(outcome[field]).toString('utf8')).join('')
    const packages = (states: object) => Object.fromEntries(Object.entries(states).filter(([name]) => !name.startsWith(':')))
    return {
      cacheUpdated: isStale(before as AptFound) && !isStale(after as AptFound),
      cacheUpdateTime: ((after as AptFound)[lists] as AptListsState | undefined)?.updatedAt ?? 0,
      stdout: said('stdout'),
      stderr: said('stderr'),
      before: packages(before),
      after: packages(after),
    }
  },
  touches: ({ name, deb, upgrade, autoremove, state }) => [
    'package:*', // Other lists know other versions of them.
    'aptLists:*',
    'aptPending:*',
    ...['/var/lib/apt/*', '/var/cache/apt/*'].map((files) => `file:${files}`),
    ...(name !== undefined || deb !== undefined || upgrade || autoremove || state === 'fixed' ? byPackages : []),
  ],
  resultFields: fieldsOf<AptResult>({
    cacheUpdated: "whether apt's lists were refreshed",
    cacheUpdateTime: 'when they were refreshed last, in seconds since 1970; 0 where that was not read',
    stdout: 'what apt-get said; empty where there was nothing to do',
    stderr: 'what it said on standard error',
    before: 'the packages before, by name: exists, version and more',
    after: 'the packages as they were left',
  }),
})

/** What packages and their scripts may change. */
const byPackages = [
  'unit:*',
  'user:*',
  'group:*',
  'crontab:*',
  // Programs that these ask for.
  ...['git:*', 'gitRemote:*', 'http:*', 'download:*'],
  ...['etc', 'usr', 'lib', 'bin', 'sbin', 'var', 'opt', 'run', 'boot'].flatMap((top) => [`file:/${top}/*`, `link:/${top}/*`]),
]
