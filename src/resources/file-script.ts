import { randomBytes } from 'node:crypto'
import type { ReadRequest } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { absentOrDenied, follow } from './path.ts'

// Built-ins only, but for links. Records end in NUL, since names may hold a newline. Before a path stands what is needed
// of it: s(tat) or r(eading).
const look = new Script(`need=
for arg do
  [ -n "$need" ] || { need=$arg; continue; }
  p=$arg s=f
  follow "$p"
  if [ -e "$p" ]; then
    if [ "$need" = r ] && [ -f "$p" ] && ! [ -r "$p" ]; then s=u; fi
  else
    absent_or_denied "$r"
  fi
  printf '%s\\0' "$s$r"
  need=
done
cd /`)

const present = new Script(`for p do
  shift
  if [ -e "$p" ]; then set -- "$@" "$p"; fi
done`)
const readable = new Script(`for p do
  shift
  if [ -f "$p" ] && [ -r "$p" ]; then set -- "$@" "$p"; fi
done`)

/** Who edits a file reads it whole; what is larger is no text that somebody edits. */
export const largestContent = 64 * 1024 * 1024

/** How a batch is divided; the parser walks the same lists. */
export interface FileBatch {
  /** Hashed by one process. */
  readonly hashed: readonly string[]
  /** Names with a newline: busybox prints them as they are, so each is hashed alone, without its name. */
  readonly hashedAlone: readonly string[]
  readonly copied: readonly string[]
}

/** Which of the requested files are hashed and which are copied; the hash of a copied one is computed here. */
export function divide(requests: readonly ReadRequest[]): FileBatch {
  const hashed = requests.filter(({ need }) => need === 'sha256').map(({ id }) => id)
  return {
    hashed: hashed.filter((path) => !path.includes('\n')),
    hashedAlone: hashed.filter((path) => path.includes('\n')),
    copied: requests.filter(({ need }) => need === 'content').map(({ id }) => id),
  }
}

/** One script for all files: one `stat`, one `sha256sum`, and a `cat` for each file whose content is needed. */
export function fileScript(requests: readonly ReadRequest[]): Script {
  const { hashed, hashedAlone, copied } = divide(requests)
  const paths = requests.map(({ id }) => id)
  // Chosen after the content was written, so no content can hold it.
  const mark = randomBytes(12).toString('hex')
  return sh`LC_ALL=C; export LC_ALL
${absentOrDenied}
${follow}
set -- ${requests.flatMap(({ id, need }) => [need === 'stat' ? 's' : 'r', id])}
${look}
set -- ${paths}
${present}
[ $# = 0 ] || stat -L -c %f:%u:%g:%s:%U:%G -- "$@" 2>&1
printf '\0'
${
  hashed.length === 0
    ? sh`:`
    : sh`set -- ${hashed}
${readable}
[ $# = 0 ] || sha256sum -- "$@" 2>&1`
}
${
  hashedAlone.length === 0
    ? sh`:`
    : sh`for p in ${hashedAlone}; do
  if [ -f "$p" ] && [ -r "$p" ]; then sha256sum <"$p" 2>&1; fi
done`
}
printf '\0%s\0' ${mark}
${
  copied.length === 0
    ? sh`:`
    : sh`for p in ${copied}; do
  if [ -f "$p" ] && [ -r "$p" ]; then head -c ${largestContent + 1} -- "$p"; fi
  printf %s ${mark}
done`
}
exit 0`
}
