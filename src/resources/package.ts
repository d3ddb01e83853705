import { Refusal } from '../dsl/definition.ts'
import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { type Script, sh } from '../util/sh.ts'
import { inChunks } from './chunks.ts'
import { fieldsOf } from './file-describe.ts'
import { outputReader } from './output-reader.ts'

export interface PackageState {
  /** Unpacked and configured; half-installed and "only configuration left" are not. */
  readonly installed: boolean
  /** Empty when not installed. */
  readonly version: string
  readonly held: boolean
  /** Configuration files of a removed package are still there. */
  readonly residue: boolean
  /** What apt would install; empty where its lists have none. When asked for. */
  readonly candidate?: string
}
export type PackageNeed = 'installed' | 'candidate'

const packageName = /^[a-z0-9]([a-z0-9+.-]*[a-z0-9+.])?(:[a-z0-9-]+)?$/
const format = ['Package', 'Architecture', 'db:Status-Abbrev', 'Version'].map((field) => `\${${field}}`).join('\\t')

function script(requests: readonly ReadRequest[]): Script {
  const candidates = requests.filter(({ need }) => need === 'candidate').map(({ id }) => id)
  // Without its caches apt-cache reads only: as root it would write them, in check mode too.
  // dpkg itself is asked about as well: its architecture is the machine's own.
  return sh`LC_ALL=C; export LC_ALL
command -v dpkg-query >/dev/null || { printf 'none\0'; exit 0; }
printf 'dpkg\0'
${inChunks(['dpkg', ...requests.map(({ id }) => id)], (chunk) => sh`dpkg-query -W -f ${`${format}\\n`} -- ${chunk} 2>/dev/null`)}
${
  candidates.length === 0
    ? sh`printf '\0\0'`
    : sh`printf '\0'
${inChunks(candidates, (chunk) => sh`apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy -- ${chunk} 2>&1`)}
printf '\0'`
}
exit 0`
}

interface Row {
  readonly name: string
  readonly architecture: string
  readonly status: string
  readonly version: string
}

function parse(stdout: Uint8Array, requests: readonly ReadRequest[]): PackageState[] {
  const output = outputReader(stdout)
  if (output.record() !== 'dpkg')
    throw new Refusal(
      'this host has no dpkg, so packages cannot be read',
      'Debian and its relatives have it; leave this task out on other hosts.',
    )
  const rows = output
    .record()
    .split('\n')
    .filter((line) => line !== '')
    .map(parseRow)
  const native = rows.find(({ name }) => name === 'dpkg')?.architecture ?? 'all'
  const policies = parsePolicy(output.record())
  return requests.map(({ id, need }) => {
    const [name, asked] = id.split(':') as [string, string?]
    const fits = (row: Row) =>
      row.name === name && (row.architecture === 'all' || row.architecture === '' || row.architecture === (asked ?? native))
    const state = stateOf(rows.find(fits))
    return need === 'candidate' ? { ...state, candidate: policies.get(id) ?? policies.get(name) ?? '' } : state
  })
}

function parseRow(line: string): Row {
  const [name = '', architecture = '', status = '', version = ''] = line.split('\t')
  return { name, architecture, status, version }
}

function stateOf(row: Row | undefined): PackageState {
  const [desired, actual] = row?.status ?? 'un'
  // W and t: installed, with a trigger of another package to run.
  const installed = actual === 'i' || actual === 'W' || actual === 't'
  return { installed, version: installed ? row!.version : '', held: desired === 'h', residue: actual === 'c' }
}

function parsePolicy(text: string): Map<string, string> {
  const candidates = new Map<string, string>()
  let name = ''
  for (const line of text.split('\n')) {
    const [, heading] = /^(\S+):$/.exec(line) ?? []
    if (heading !== undefined) name = heading
    const [, candidate] = /^ {2}Candidate: (.*)$/.exec(line) ?? []
    if (candidate !== undefined) candidates.set(name, candidate === '(none)' ? '' : candidate)
  }
  return candidates
}

/** Debian packages as dpkg knows them: one process for all names, one more where candidates are needed. */
export const packageKind: ResourceKind<PackageState> = {
  name: 'package',
  needs: ['installed', 'candidate'],
  adds: { candidate: ['candidate'] },
  freshness: 'own',
  sharesShell: true,
  script,
  parse,
  describe: ({ installed, version, held, residue }) => ({
    fields: fieldsOf({
      state: installed ? 'installed' : residue ? 'removed, configuration left' : 'absent',
      version: installed ? version : undefined,
      held: held || undefined,
    }),
  }),
  absent: (state) => !state.installed,
}

/**
 * Reads one package, `name` or `name:architecture`.
 * @throws Refusal for what is no package name: dpkg and apt would take it for a pattern.
 */
export function packageOf(name: string, need: PackageNeed = 'installed'): Read<PackageState> {
  if (!packageName.test(name))
    throw new Refusal(
      `'${name}' is not the name of a Debian package`,
      'Lower-case letters, digits and + - . only; a version goes behind =, an architecture behind a colon.',
    )
  return readOf(packageKind, name, need)
}
