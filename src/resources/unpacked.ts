import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { outputReader } from './output-reader.ts'
import { canonicalPath, isBelow } from './path.ts'

/** What an archive left in a directory, as the host's own record of it says. */
export interface UnpackedState {
  /** sha256 of the archive that was unpacked; empty where there is no record of one. */
  readonly archive: string
  /** Members that are gone or are no longer as they were unpacked: type, size, time, and owner or mode where asked. At most 20. */
  readonly altered: readonly string[]
  /** All members, when asked for. */
  readonly files?: readonly string[]
}

/** Sets `records`: root's records lie in /var/lib, those of others below their home, or where XDG_STATE_HOME says. */
export const findRecords = new Script(`if [ -n "$XDG_STATE_HOME" ]; then records=$XDG_STATE_HOME
elif [ "$(id -u)" = 0 ]; then records=/var/lib
else records=$HOME/.local/state
fi
records=$records/rollcall/unarchive`)

/**
 * Defines `members`: from names on standard input, each `./name`, a line for each that is there: type, size, time, owner,
 * mode, name. What says nothing about content, or was not asked for, is a dash: the size of a directory, the time of a link.
 */
export const membersFunction = new Script(`members() {
  tr '\\n' '\\0' | xargs -0 stat -c '%f %s %Y %u:%g %a %n' 2>/dev/null | sed -e 's/^\\(4\\)[^ ]* [^ ]* [^ ]* /\\1 - - /' -e 's/^\\(a\\)[^ ]* \\([^ ]*\\) [^ ]* \\([^ ]*\\) [^ ]* /\\1 \\2 - \\3 - /' -e 's/^\\(.\\)[^ ]* /\\1 /' \\
    -e "$1"
}
mask() {
  case $1 in
    om) mask=;;
    o) mask='s/^\\([^ ]* [^ ]* [^ ]* [^ ]*\\) [^ ]* /\\1 - /';;
    m) mask='s/^\\([^ ]* [^ ]* [^ ]*\\) [^ ]* /\\1 - /';;
    *) mask='s/^\\([^ ]* [^ ]* [^ ]*\\) [^ ]* [^ ]* /\\1 - - /';;
  esac
}`)

const look = new Script(`look() {
  record=$records/$1 altered=
  if ! cd -- "$2" 2>/dev/null || [ ! -r "$record" ]; then printf '\\0\\0\\0'; return; fi
  read -r archive flags <"$record"
  mask "$flags"
  old=$(tail -n +2 "$record")
  names=$(printf '%s\\n' "$old" | cut -d ' ' -f 6-)
  if [ -n "$old" ]; then
    new=$(printf '%s\\n' "$names" | members "$mask")
    [ "$new" = "$old" ] || altered=$({ printf '%s\\n' "$new"; echo; printf '%s\\n' "$old"; } | awk '
      $0 == "" { second = 1; next }
      !second { there[$0] = 1; next }
      !($0 in there) && count++ < 20 { sub(/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* [.]\\//, ""); print }')
  fi
  [ "$3" = files ] || names=
  printf '%s\\0%s\\0%s\\0' "$archive" "$altered" "$names"
}`)

const each = new Script(`while [ $# -gt 0 ]; do
  ( look "$1" "$2" "$3" )
  shift 3
done`)

const lines = (text: string) => text.split('\n').filter((line) => line !== '')

const directoryOf = (id: string) => id.slice(id.indexOf(' ') + 1)

/**
 * Archives that were unpacked. The archive itself is not needed to look: what it left is compared with a record, as rsync
 * compares by size and time. Ids are `<record> <directory>`.
 */
export const unpackedKind: ResourceKind<UnpackedState> = {
  name: 'unpacked',
  needs: ['state', 'files'],
  freshness: 'own',
  sharesShell: true,
  script: (requests: readonly ReadRequest[]) => sh`LC_ALL=C; export LC_ALL
${findRecords}
${membersFunction}
${look}
set -- ${requests.flatMap(({ id, need }) => [id.slice(0, id.indexOf(' ')), directoryOf(id), need])}
${each}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    return requests.map(({ need }) => {
      const [archive, altered, files] = [output.record(), lines(output.record()), lines(output.record())]
      return { archive, altered, ...(need === 'files' && { files: files.map((name) => name.replace(/^\.\//, '')) }) }
    })
  },
  describe: ({ archive, altered }) => ({
    fields: {
      archive: archive === '' ? 'not unpacked' : archive,
      ...(Array.isArray(altered) && altered.length > 0 && { altered: altered.join(', ') }),
    },
  }),
  absent: ({ archive }) => archive === '',
  liesAt: (id) => [directoryOf(id)],
  followsFrom: (id, { kind, id: changed, planned: { exists } }, now) => {
    const directory = directoryOf(id)
    if (kind !== 'file' && kind !== 'link') return undefined
    if (isBelow(changed, directory)) return now.archive === '' ? undefined : { state: now, assumed: true }
    const gone = exists === false && (changed === directory || isBelow(directory, changed))
    return gone ? { state: { archive: '', altered: [] } } : undefined
  },
}

/** Reads what an archive left in a directory. `record` is a word of letters and digits, another for each archive of it. */
export function unpacked(record: string, dest: string, need: 'state' | 'files' = 'state'): Read<UnpackedState> {
  return readOf(unpackedKind, `${record} ${canonicalPath(dest)}`, need)
}
