import { randomBytes } from 'node:crypto'
import type { ReadRequest } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { atOnce } from './at-once.ts'
import { inChunks } from './chunks.ts'
import { largeSums, noteLarge, takeLarge } from './large-sums.ts'
import { absentOrDenied, follow } from './path.ts'

// Built-ins only, but for links. Records end in NUL, since names may hold a newline, and are written all at once: each
// write is a packet of its own on its way. Before a path stands what is needed of it: s(tat) or r(eading).
const look = new Script(`for arg do
  shift
  p=\${arg#?} s=f
  follow "$p" || r=$p
  if [ -e "$p" ]; then
    if [ "$arg" = "r$p" ] && [ -f "$p" ] && ! [ -r "$p" ]; then s=u; fi
  else
    absent_or_denied "$r"
  fi
  set -- "$@" "$s$r"
done
cd /
printf '%s\\0' "$@"`)

const present = new Script(`for p do
  shift
  if [ -e "$p" ]; then set -- "$@" "$p"; fi
done`)
const readable = new Script(`for p do
  shift
  if [ -f "$p" ] && [ -r "$p" ]; then set -- "$@" "$p"; fi
done`)
const notEmpty = new Script(`for p do
  shift
  if [ -s "$p" ] && [ -f "$p" ] && [ -r "$p" ]; then set -- "$@" "$p"; fi
done`)

const stat = new Script(`[ $# = 0 ] || stat -L -c %f:%u:%g:%s:%U:%G -- "$@" 2>&1`)
const statAndNote = new Script(`if [ $# -gt 0 ]; then
  stats=$(stat -L -c %f:%u:%g:%s:%U:%G -- "$@" 2>&1)
  printf '%s\\n' "$stats"
  ${noteLarge.text}
fi`)

/** Who edits a file reads it whole; what is larger is no text that somebody edits. */
export const largestContent = 64 * 1024 * 1024

/** How a batch is divided; the parser walks the same lists. */
export interface FileBatch {
  /** Hashed by one process. */
  readonly hashed: readonly string[]
  /** Names with a newline: busybox prints them as they are, so each is hashed alone, without its name. */
  readonly hashedAlone: readonly string[]
  /**
   * Copied by one process, one behind the other, as far as they are not empty; their size tells where each ends, and their
   * hash, which is taken as well, that it is so: files change while they are read.
   */
  readonly together: readonly string[]
  /** Copied each by a process of its own, with a mark behind it: also those of `together` that claim to be empty. */
  readonly alone: readonly string[]
}

/** Which of the requested files are hashed and which are copied; the hash of one that is copied alone is computed here. */
export function divide(requests: readonly ReadRequest[]): FileBatch {
  const of = (need: string) => requests.filter((request) => request.need === need).map(({ id }) => id)
  const inOneLine = (path: string) => !path.includes('\n')
  // What the kernel makes up as it is read has no size that holds.
  const holds = (path: string) => inOneLine(path) && !/^\/(?:proc|sys)\//.test(path)
  const [hashed, copied] = [of('sha256'), of('content')]
  const candidates = copied.filter(holds)
  const together = candidates.length > 1 ? candidates : []
  return {
    hashed: [...hashed.filter(inOneLine), ...together],
    hashedAlone: hashed.filter((path) => !inOneLine(path)),
    together,
    alone: together.length === 0 ? copied : copied.filter((path) => !holds(path)),
  }
}

const copyAlone = (mark: string) => sh`if [ -f "$p" ] && [ -r "$p" ]; then head -c ${largestContent + 1} -- "$p"; fi
printf %s ${mark}`

/** One script for all files: one `stat`, one `sha256sum` and one `head`, however many there are, as a rule; large ones are hashed each for itself. */
export function fileScript(requests: readonly ReadRequest[]): Script {
  const { hashed, hashedAlone, together, alone } = divide(requests)
  const paths = requests.map(({ id }) => id)
  // Chosen after the content was written, so no content can hold it.
  const mark = randomBytes(12).toString('hex')
  const each = (of: readonly string[], script: Script) =>
    of.length === 0
      ? sh`:`
      : sh`for p in ${of}; do
${script}
done`
  const sums = hashed.length > 0
  return sh`LC_ALL=C; export LC_ALL
${absentOrDenied}
${follow}
${sums ? largeSums : sh`:`}
${inChunks(
  requests.map(({ id, need }) => `${need === 'stat' ? 's' : 'r'}${id}`),
  (chunk) => sh`set -- ${chunk}
${look}`,
  50,
)}
${inChunks(
  paths,
  (chunk) => sh`set -- ${chunk}
${present}
${sums ? statAndNote : stat}`,
)}
printf '\0'
${inChunks(
  hashed,
  (chunk) => sh`set -- ${chunk}
${readable}
${takeLarge}
if [ $# -gt 0 ]; then
${atOnce(sh`sha256sum -- "$@" 2>&1`)}
fi`,
)}
${each(hashedAlone, new Script('if [ -f "$p" ] && [ -r "$p" ]; then sha256sum <"$p" 2>&1; fi'))}
printf '\0%s\0' ${mark}
${inChunks(
  together,
  (chunk) => sh`set -- ${chunk}
${notEmpty}
[ $# = 0 ] || head -q -c ${largestContent + 1} -- "$@"`,
)}
printf %s ${mark}
${each(
  together,
  sh`if ! [ -s "$p" ]; then ${copyAlone(mark)}
fi`,
)}
${each(alone, copyAlone(mark))}
exit 0`
}
