import { Refusal } from '../dsl/definition.ts'
import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { textOfBytes } from '../util/lossless-text.ts'
import { inLines, Script, sh } from '../util/sh.ts'
import { fieldsOf } from './file-describe.ts'
import { outputReader } from './output-reader.ts'
import { canonicalPath, follow, isRelated } from './path.ts'

/** What of a directory of the host is not the same in another. */
export interface TreeCopyState {
  /** `./a/b`, directories before what is in them; bytes as `textOfBytes` makes them text. */
  readonly differing: readonly string[]
  /** Where both really lie, without a symbolic link. */
  readonly realFrom?: string
  readonly realTo?: string
}

interface TreeCopyRequest {
  readonly from: string
  readonly to: string
  /** Only what is missing. */
  readonly missing?: true
}
const requestOf = (id: string) => JSON.parse(id) as TreeCopyRequest

// Names are given to a shell as they are, so they may hold anything. A link is the same when it leads to the same path.
// In the environment stand the other directory and whether only what is missing counts: find would take a {} in a word of its own.
const compare = new Script(`for p do
  q=$to/$p
  if [ -L "$p" ]; then
    if [ -L "$q" ]; then
      [ -n "$missing" ] || [ "$(readlink -- "$p"; echo x)" = "$(readlink -- "$q"; echo x)" ] || printf '%s\\0' "$p"
    elif [ -e "$q" ]; then
      [ -n "$missing" ] || printf '%s\\0' "$p"
    else printf '%s\\0' "$p"
    fi
  elif [ -d "$p" ]; then
    [ -d "$q" ] || printf '%s\\0' "$p"
  elif [ -f "$q" ]; then
    [ -n "$missing" ] || cmp -s -- "$p" "$q" || printf '%s\\0' "$p"
  else printf '%s\\0' "$p"
  fi
done`)

/** Directories of a host that are copied to others of it. */
export const treeCopyKind: ResourceKind<TreeCopyState> = {
  name: 'treeCopy',
  needs: ['differing'],
  freshness: 'own',
  sharesShell: true,
  script: (requests) => sh`LC_ALL=C; export LC_ALL
${follow}
${inLines(
  requests.map(({ id }) => {
    const { from, to, missing } = requestOf(id)
    return sh`c=0
if [ -d ${from} ]; then
  (to=${to} missing=${missing ? 1 : ''}; export to missing; cd -- ${from} && exec find . -mindepth 1 \( -type d -o -type f -o -type l \) -exec sh -c ${compare.text} sh {} + 2>/dev/null)
  c=$?
fi
follow ${from} || r=${from}
real=$r
follow ${to} || r=${to}
cd /
printf '\0%s\0%s\0%s\0' "$c" "$real" "$r"`
  }),
)}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    return requests.map(({ id }) => {
      const differing: string[] = []
      for (let name = textOfBytes(output.until('\0')); name !== ''; name = textOfBytes(output.until('\0'))) differing.push(name)
      if (output.record() !== '0')
        throw new Refusal(
          `not everything below ${requestOf(id).from} can be read: permission denied, or it changes meanwhile`,
          'Run the task with become, or as a user who may read all of it.',
        )
      return { differing, realFrom: output.record(), realTo: output.record() }
    })
  },
  describe: ({ differing }) => ({ fields: fieldsOf({ 'not the same': Array.isArray(differing) ? shown(differing) : differing }) }),
  canonical: ({ realFrom: from, realTo: to }, id) => JSON.stringify({ ...requestOf(id), ...(from && { from }), ...(to && { to }) }),
  absent: () => false,
  liesAt: (id) => [requestOf(id).to],
  affectedBy: (id, kind, changed) =>
    (kind === 'file' || kind === 'link') && [requestOf(id).from, requestOf(id).to].some((path) => isRelated(changed, path)),
}

function shown(differing: readonly string[]): string {
  const names = differing.slice(0, 5).map((path) => path.slice(2))
  return differing.length === 0 ? '0' : `${differing.length} (${names.join(', ')}${differing.length > 5 ? ', …' : ''})`
}

/** Reads what of `from` is missing in `to` or differs there. */
export function treeCopy(from: string, to: string, missing = false): Read<TreeCopyState> {
  const request: TreeCopyRequest = { from: canonicalPath(from), to: canonicalPath(to), ...(missing && { missing: true }) }
  return readOf(treeCopyKind, JSON.stringify(request))
}
