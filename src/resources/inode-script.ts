import { inLines, Script, sh } from '../util/sh.ts'
import { atOnce } from './at-once.ts'
import { inChunks } from './chunks.ts'
import { absentOrDenied, follow } from './path.ts'

/** What GNU's and busybox's `stat -c` print of a file: nothing in it can hold a line end. */
export const statFormat = '%f:%u:%g:%s:%X:%Y:%Z:%i:%d:%h:%U:%G'

export interface InodeRequest {
  readonly follow: boolean
  /** Empty: no checksum. */
  readonly algorithm: string
  readonly path: string
}

/** How a batch is divided; the parser walks the same lists. */
export function inodeGroups(requests: readonly InodeRequest[]) {
  const algorithms = [...new Set(requests.map(({ algorithm }) => algorithm))].filter((name) => name !== '')
  const hashed = (algorithm: string) => requests.filter((request) => request.algorithm === algorithm)
  return {
    itself: requests.filter((request) => !request.follow),
    followed: requests.filter((request) => request.follow),
    // Names with a newline last: busybox prints them as they are, so each is hashed without its name.
    sums: algorithms.map((algorithm) => ({
      algorithm,
      requests: hashed(algorithm).toSorted((left, right) => Number(left.path.includes('\n')) - Number(right.path.includes('\n'))),
    })),
  }
}

// Three records each: whether it is there and what this user may do with it, what a link holds, where that leads.
const look = new Script(`how=
for arg do
  [ -n "$how" ] || { how=$arg; continue; }
  p=$arg s= l= e=
  if [ "$how" = itself ] && [ -L "$p" ]; then
    s=f
    l=$(readlink -- "$p" && echo x) && l=\${l%?x}
    if follow "$p"; then e=$r; fi
    cd /
  elif [ -e "$p" ]; then s=f
  else
    r=
    if follow "$p"; then :; fi
    cd /
    set_absent "$p"
  fi
  if [ "$s" = f ]; then
    [ ! -r "$p" ] || s=\${s}r
    [ ! -w "$p" ] || s=\${s}w
    [ ! -x "$p" ] || s=\${s}x
  fi
  printf '%s\\0%s\\0%s\\0' "$s" "$l" "$e"
  how=
done`)

const setAbsent = new Script(`set_absent() {
  absent_or_denied "\${r:-$1}"
  [ "$s" = a ] || s=d$r
}`)

const keep = (test: Script) => sh`for p do
  shift
  if ${test}; then set -- "$@" "$p"; fi
done`
const isThere = new Script(`[ -e "$p" ] || [ -L "$p" ]`)
const leadsThere = new Script(`[ -e "$p" ]`)
// Before a path stands whether the link itself is meant: i(tself) or f(ollowed).
const pathOf = new Script(`p=\${arg#?}`)
const canBeHashed = new Script(`[ -f "$p" ] && [ -r "$p" ] && { [ "$arg" = "f$p" ] || [ ! -L "$p" ]; }`)

/** One script: `stat` for links themselves, `stat -L` for what they lead to, and one process an algorithm. */
export function inodeScript(requests: readonly InodeRequest[]): Script {
  const { itself, followed, sums } = inodeGroups(requests)
  const stat = (of: readonly InodeRequest[], option: string, test: Script) => sh`${inChunks(
    of.map(({ path }) => path),
    (chunk) => sh`set -- ${chunk}
${keep(test)}
[ $# = 0 ] || stat ${new Script(option)} -c ${statFormat} -- "$@" 2>&1`,
  )}
printf '\0'`
  const sum = ({ algorithm, requests: of }: (typeof sums)[number]) => {
    const words = (alone: boolean) =>
      of.filter(({ path }) => path.includes('\n') === alone).map((one) => `${one.follow ? 'f' : 'i'}${one.path}`)
    const tool = new Script(`${algorithm}sum`)
    return sh`if command -v ${tool} >/dev/null; then
${inChunks(
  words(false),
  (chunk) => sh`set -- ${chunk}
for arg do
  shift
  ${pathOf}
  if ${canBeHashed}; then set -- "$@" "$p"; fi
done
if [ $# -gt 0 ]; then
${atOnce(sh`${tool} -- "$@" 2>&1`)}
fi`,
)}
${inChunks(
  words(true),
  (chunk) => sh`for arg in ${chunk}; do
  ${pathOf}
  if ${canBeHashed}; then ${tool} <"$p" 2>&1; fi
done`,
)}
else printf none
fi
printf '\0'`
  }
  return sh`LC_ALL=C; export LC_ALL
${absentOrDenied}
${setAbsent}
${follow}
set -- ${requests.flatMap((one) => [one.follow ? 'follow' : 'itself', one.path])}
${look}
${stat(itself, '', isThere)}
${stat(followed, '-L', leadsThere)}
${inLines(sums.map(sum))}
exit 0`
}
