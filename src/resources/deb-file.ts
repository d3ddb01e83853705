import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { outputReader } from './output-reader.ts'

/** A package file of Debian on the host. */
export interface DebFileState {
  /** There, and dpkg can read it. */
  readonly exists: boolean
  readonly package: string
  readonly version: string
  readonly architecture: string
  /** Why it cannot be read; empty where it can. */
  readonly problem: string
}

const each = new Script(`for path do
  if ! [ -f "$path" ]; then printf 'absent\\0\\0'
  elif said=$(dpkg-deb -W --showformat='\${Package}\\t\${Version}\\t\${Architecture}' -- "$path" 2>&1); then printf 'deb\\0%s\\0' "$said"
  else printf 'broken\\0%s\\0' "$said"; fi
done`)

export const debFileKind: ResourceKind<DebFileState> = {
  name: 'debFile',
  needs: ['fields'],
  freshness: 'own',
  sharesShell: true,
  script: (requests: readonly ReadRequest[]) => sh`LC_ALL=C; export LC_ALL
set -- ${requests.map(({ id }) => id)}
${each}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    return requests.map(() => {
      const [kind, said] = [output.record(), output.record()]
      const [name = '', version = '', architecture = ''] = kind === 'deb' ? said.split('\t') : []
      return { exists: kind === 'deb', package: name, version, architecture, problem: kind === 'broken' ? said.trim() : '' }
    })
  },
  describe: ({ exists, package: name, version }) => ({
    fields: exists ? { package: String(name), version: String(version) } : { state: 'absent' },
  }),
  absent: ({ exists }) => !exists,
}

/** Reads what a .deb file on the host holds. */
export function debFile(path: string): Read<DebFileState> {
  return readOf(debFileKind, path)
}
