import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { chunksOf, inChunks } from './chunks.ts'
import { fieldsOf } from './file-describe.ts'
import { type OutputReader, outputReader } from './output-reader.ts'
import { absentOrDenied, canonicalPath, denied, follow, isBelow, movedBy } from './path.ts'

/** What stands at a path itself, no link followed: a link that leads nowhere exists. */
export type LinkState = (
  | { readonly exists: false }
  | { readonly exists: true; readonly type: 'link'; readonly target: string }
  | { readonly exists: true; readonly type: 'file' | 'directory' | 'other' }
) & {
  /** The path without a symbolic link above its last part. */
  readonly realPath: string
}

// All records at once: each write is a packet of its own on its way. Behind them what the links hold, read by one process;
// busybox's takes one link at a time and no -z, so behind an empty record it is asked for each.
const look = new Script(`for p do
  shift
  r=
  if [ -L "$p" ]; then s=l r=$p
  elif [ -d "$p" ]; then s=D
  elif [ -f "$p" ]; then s=f
  elif [ -e "$p" ]; then s=o
  else absent_or_denied "$p"
  fi
  l=$s$r r=\${p%/*}
  [ -z "$r" ] || follow "$r" || r=\${p%/*}
  set -- "$@" "$l" "\${r%/}/\${p##*/}"
done
cd /
printf '%s\\0' "$@"
for p do
  shift
  case $p in l*) set -- "$@" "\${p#l}";; esac
done
if [ $# -gt 0 ] && ! readlink -z -- "$@"; then
  printf '\\0'
  for p do
    readlink -n -- "$p"
    printf '\\0'
  done
fi`)
const types = { D: 'directory', f: 'file', o: 'other' } as const

interface Look {
  readonly record: string
  readonly realPath: string
}

/** The states of one chunk. No link is empty, so one that is could not be read. */
function parse(ids: readonly string[], output: OutputReader): readonly LinkState[] {
  const looks = ids.map(() => ({ record: output.record(), realPath: output.record() }))
  const records = looks.map(({ record }) => record)
  const links = records.filter((record) => record.startsWith('l'))
  let targets: string[] = []
  for (let again = false; targets.length < links.length; ) {
    const target = output.record()
    if (target !== '' || again) targets.push(target)
    else [targets, again] = [[], true]
  }
  return ids.map((id, at) => stateOf(id, looks[at]!, targets[links.indexOf(records[at]!)]))
}

function stateOf(id: string, { record, realPath }: Look, target: string | undefined): LinkState {
  const [letter, rest] = [record[0], record.slice(1)]
  if (letter === 'l' && target) return { exists: true, type: 'link', target, realPath }
  if (letter === 'a') return { exists: false, realPath }
  if (letter === 'd') throw denied(id, rest)
  if (letter === 'D' || letter === 'f' || letter === 'o') return { exists: true, type: types[letter], realPath }
  throw new Error(`the link ${id} could not be read`)
}

/** Paths themselves, for links and for removing. Free of processes but for symbolic links. */
export const linkKind: ResourceKind<LinkState> = {
  name: 'link',
  needs: ['target'],
  freshness: 'own',
  sharesShell: true,
  script: (requests: readonly ReadRequest[]) => sh`LC_ALL=C; export LC_ALL
${absentOrDenied}
${follow}
${inChunks(
  requests.map(({ id }) => id),
  (chunk) => sh`set -- ${chunk}
${look}`,
)}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    return chunksOf(requests.map(({ id }) => id)).flatMap((chunk) => parse(chunk, output))
  },
  describe: (state) => ({
    fields: fieldsOf(state.exists ? { state: state.type, target: state.type === 'link' ? state.target : undefined } : { state: 'absent' }),
  }),
  canonical: (state, id) => (typeof state.realPath === 'string' ? state.realPath : id),
  absent: (state) => !state.exists,
  liesAt: (id) => [id],
  overlaps: (changed, other) => changed === other || isBelow(other, changed),
  follows: (id, changed, planned) => (isBelow(id, changed) && planned.exists === false ? { exists: false, realPath: id } : undefined),
  followsFrom: (id, { kind, id: changed, planned: { exists, type, target } }, now) => {
    if (kind === 'link' && typeof target === 'string' && isBelow(id, changed))
      return { state: { ...now, realPath: movedBy(id, changed, target) }, assumed: true }
    if ((kind === 'file' || kind === 'link') && exists === true && isBelow(changed, id) && !now.exists)
      return { state: { exists, type: 'directory', realPath: id } }
    if (kind !== 'file' || exists === undefined) return undefined
    if (isBelow(id, changed)) return { state: { exists: false, realPath: id } }
    // What is planned through a link is planned of what it leads to: the link stays.
    if (id !== changed || (now.exists && now.type === 'link')) return undefined
    return {
      state:
        exists === true && (type === 'file' || type === 'directory') ? { exists, type, realPath: id } : { exists: false, realPath: id },
    }
  },
}

/** Reads what stands at a path itself, without following a link. */
export function link(path: string): Read<LinkState> {
  return readOf(linkKind, canonicalPath(path))
}
