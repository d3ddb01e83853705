import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { outputReader } from './output-reader.ts'
import { canonicalPath, isRelated } from './path.ts'

/** Hashes that a host's tools make. sha256 of files is read with the file itself. */
export type HashName = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'

/** A file's hash by another function than sha256. */
export interface FileHashState {
  /** Lower-case hex; empty where there is no file. */
  readonly value: string
  /** The program that the host lacks; empty where it has it. */
  readonly lacks: string
}

const each = new Script(`for id do
  program=\${id%% *}sum path=\${id#* } hash=
  if ! command -v "$program" >/dev/null 2>&1; then printf -- '-%s\\0' "$program"; continue; fi
  if [ -f "$path" ]; then hash=$("$program" <"$path") || hash=; fi
  printf '+%s\\0' "\${hash%% *}"
done`)

/** Hashes of files. Ids are `sha1 /path`. */
export const fileHashKind: ResourceKind<FileHashState> = {
  name: 'fileHash',
  needs: ['value'],
  freshness: 'own',
  sharesShell: true,
  script: (requests: readonly ReadRequest[]) => sh`set -- ${requests.map(({ id }) => id)}
${each}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    return requests.map(() => {
      const record = output.record()
      return record.startsWith('+') ? { value: record.slice(1), lacks: '' } : { value: '', lacks: record.slice(1) }
    })
  },
  describe: ({ value }) => ({ fields: { hash: value === '' ? 'none' : value } }),
  absent: ({ value }) => value === '',
  liesAt: (id) => [id.slice(id.indexOf(' ') + 1)],
  affectedBy: (id, kind, changed) => (kind === 'file' || kind === 'link') && isRelated(changed, id.slice(id.indexOf(' ') + 1)),
  overlaps: (changed, other) => changed.slice(changed.indexOf(' ')) === other.slice(other.indexOf(' ')),
}

/** Reads a file's hash. */
export function fileHash(name: HashName, path: string): Read<FileHashState> {
  return readOf(fileHashKind, `${name} ${canonicalPath(path)}`)
}
