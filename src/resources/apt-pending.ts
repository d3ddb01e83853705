import { Refusal } from '../dsl/definition.ts'
import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { inLines, Script, sh } from '../util/sh.ts'
import { outputReader } from './output-reader.ts'

/** What one run of apt-get would do, as it says itself when it only simulates. */
export interface AptPendingState {
  /** A line each: `install a 2.0`, `remove b`, `delete c.deb`. */
  readonly pending: readonly string[]
}

// Without its caches apt-get reads only: as root it would write them, in check mode too.
const each = new Script(`simulate() {
  said=$(apt-get -s -q -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Get::Show-User-Simulation-Note=0 "$@" 2>&1)
  printf '%s\\0%s\\0' "$?" "$said"
}
archives() {
  set -- /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb
  printf '0\\0'
  for file do [ ! -e "$file" ] || printf 'Del %s\\n' "\${file##*/}"; done
  printf '\\0'
}`)

function script(requests: readonly ReadRequest[]): Script {
  const calls = requests.map(({ id }) => {
    const words = JSON.parse(id) as readonly string[]
    return words[0] === 'clean' ? sh`archives` : sh`simulate ${words}`
  })
  return sh`LC_ALL=C; export LC_ALL
command -v apt-get >/dev/null || { printf 'none\0'; exit 0; }
printf 'apt\0'
${each}
${inLines(calls)}
exit 0`
}

function parse(stdout: Uint8Array, requests: readonly ReadRequest[]): AptPendingState[] {
  const output = outputReader(stdout)
  if (output.record() !== 'apt')
    throw new Refusal('this host has no apt-get', 'Debian and its relatives have it; leave this task out on other hosts.')
  return requests.map(({ id }) => {
    const [code, said] = [output.record(), output.record()]
    if (code !== '0') {
      const errors = said.split('\n').filter((line) => /^[EW]:/.test(line))
      throw new Refusal(`apt-get ${(JSON.parse(id) as string[]).join(' ')} would fail: ${(errors.length > 0 ? errors : [said]).join('\n')}`)
    }
    return { pending: said.split('\n').flatMap(lineOf) }
  })
}

/** `Inst a [1.0] (2.0 Debian:12 [amd64])`, `Remv b [1.0]`, `Purg b [1.0]`, `Del c 1.0 [50 kB]`. */
function lineOf(line: string): readonly string[] {
  const [, verb, name = '', rest = ''] = /^ ?(Inst|Remv|Purg|Del) (\S+)(.*)$/.exec(line) ?? []
  if (verb === 'Inst') return [`install ${name} ${/\((\S+)/.exec(rest)?.[1] ?? ''}`.trim()]
  if (verb === 'Remv') return [`remove ${name}`]
  if (verb === 'Purg') return [`purge ${name}`]
  return verb === 'Del' ? [`delete ${name}`] : []
}

export const aptPendingKind: ResourceKind<AptPendingState> = {
  name: 'aptPending',
  needs: ['simulation'],
  freshness: 'own',
  script,
  parse,
  describe: ({ pending }) => ({ fields: {}, text: Array.isArray(pending) ? pending.map((line) => `${line}\n`).join('') : '' }),
  absent: () => false,
  overlaps: () => true,
}

/** Reads what `apt-get <words>` would do. */
export function aptPending(words: readonly string[]): Read<AptPendingState> {
  return readOf(aptPendingKind, JSON.stringify(words))
}
