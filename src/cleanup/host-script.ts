import { jobsFolder } from '../resources/background.ts'
import { findRecords } from '../resources/unpacked.ts'
import { Script, sh } from '../util/sh.ts'

/** Folders directly in which a write that was cut off can have left its temporary file; others are not searched. */
const writtenTo = [
  '/etc',
  '/etc/apt/apt.conf.d',
  '/etc/apt/keyrings',
  '/etc/apt/preferences.d',
  '/etc/apt/sources.list.d',
  '/etc/cron.d',
  '/etc/haproxy',
  '/etc/nginx',
  '/etc/sudoers.d',
  '/etc/sysctl.d',
  '/etc/systemd/system',
  '/opt',
  '/srv',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/var/lib',
  '/var/www',
]

// A session stands in its folder: that is how a live one is told from one that a lost link or a kill has left. A folder
// younger than a minute may be one that is just being made. Without /proc nobody can tell, so all count as live.
const sessions = new Script(String.raw`me=$(id -u)
stands=$(ls -l /proc/[0-9]*/cwd 2>/dev/null)
now=$(date +%s)
live() {
  [ -n "$stands" ] || return 0
  case "$stands
" in *"-> $1
"*) return 0 ;; esac
  t=$(stat -c %Y "$1" 2>/dev/null) || return 0
  [ "$((now - t))" -lt 60 ]
}
runtime() {
  for d in "${'$'}{TMPDIR:-/tmp}"/rollcall.?????????? /dev/shm/rollcall.?????????? "${'$'}{XDG_RUNTIME_DIR:-/run/user/$me}"/rollcall.?????????? /var/tmp/rollcall.??????????; do
    [ -d "$d" ] && [ ! -L "$d" ] || continue
    [ "$me" = 0 ] || [ "$(stat -c %u "$d" 2>/dev/null)" = "$me" ] || continue
    printf '%s\n' "$d"
  done
}
mine() {
  case "
$own
$ours
" in *"
$1
"*) return 0 ;; esac
  return 1
}
sized() {
  t=$(stat -c %Y "$2" 2>/dev/null) || return 0
  k=$(du -sk "$2" 2>/dev/null) || :
  printf '%s %s %s %s\n' "$1" "$((now - t))" "${'$'}{k%%[!0-9]*}" "$2"
}
own=$(readlink "/proc/$PPID/cwd" 2>/dev/null)
case $me in 0) pending=/var/lib/rollcall/pending ;; *) pending=$HOME/.local/state/rollcall/pending ;; esac
state=${'$'}{pending%/*}`)

// Root sees what tasks have left that became yet other users. Links are not followed: what a user has put in the way is not ours.
const ofOthers = new Script(`if [ "$me" = 0 ]; then
  while IFS=: read -r _ _ _ _ _ h _; do printf '%s\\n' "$h"; done </etc/passwd | sort -u | while IFS= read -r h; do
    d=$h/.local/state/rollcall
    [ -d "$d" ] && [ ! -L "$d" ] && [ ! -L "$d/pending" ] && [ ! -L "$d/unarchive" ] || continue
    state "$d/pending" "$d/unarchive"
  done
fi`)

/**
 * Lists what Rollcall keeps for the user who asks; changes nothing. `own`: the folders of our own sessions, which are no
 * leftovers. A line each: `kind age kilobytes path`; of a handler and a step a line with its record follows.
 */
export function listScript(own: readonly string[]): Script {
  return sh`ours=${own.join('\n')}
${sessions}
printf 'own %s\n' "$own"
runtime | while IFS= read -r d; do
  mine "$d" && continue
  if live "$d"; then printf 'live %s\n' "$d"; else sized sessions "$d"; fi
done
state() {
  for f in "$1"/*.1; do
    [ -f "$f" ] && [ ! -L "$f" ] || continue
    sized pending "$f"
    IFS= read -r l <"$f"; printf 'record %s\n' "$l"
  done
  for f in "$(dirname "$1")"/lost/*.1; do
    [ -f "$f" ] && [ ! -L "$f" ] || continue
    sized lost "$f"
    IFS= read -r l <"$f"; printf 'record %s\n' "$l"
  done
  for f in "$1"/.*.1; do [ ! -f "$f" ] || sized temporary "$f"; done
  for f in "$2"/*; do [ ! -f "$f" ] || sized records "$f"; done
  for f in "$2"/.*-*; do [ ! -f "$f" ] || sized temporary "$f"; done
}
${findRecords}
state "$pending" "$records"
${ofOthers}
${jobsFolder}
for j in "$d"/*; do
  [ -d "$j" ] && [ ! -L "$j" ] || continue
  sized jobs "$j"
  l=; [ ! -f "$j/about" ] || IFS= read -r l <"$j/about"
  if [ -s "$j/rc" ] || ! kill -0 "$(cat "$j/pid" 2>/dev/null)" 2>/dev/null; then printf 'record ended %s\n' "$l"; else printf 'record running %s\n' "$l"; fi
done
set --
for d in ${writtenTo} "$HOME"; do [ ! -d "$d" ] || set -- "$@" "$d"; done
[ "$me" = 0 ] && u= || u="-user $me"
[ $# = 0 ] || find "$@" -maxdepth 1 '(' -type f -name '.*.rollcall-*' -o -type l -name '.rollcall-link-*' -o -type d -name '.rollcall-files-*' ')' $u -mmin +60 2>/dev/null | while IFS= read -r f; do sized temporary "$f"; done
:`
}

/**
 * Removes what was listed, looking once more at who lives: since it was listed a run may have begun. Paths come from
 * {@link checkedPath} only.
 */
export function removeScript(own: readonly string[], folders: readonly string[], files: readonly string[]): Script {
  return sh`ours=${own.join('\n')}
${sessions}
s=0
for d in ${folders}; do
  [ -d "$d" ] && [ ! -L "$d" ] || continue
  if live "$d"; then printf '%s is in use\n' "$d" >&2; else rm -rf -- "$d" || s=1; fi
done
busy=$(runtime | while IFS= read -r d; do mine "$d" || ! live "$d" || printf x; done)
for f in ${files}; do
  if [ -n "$busy" ]; then printf '%s may be in use: another session is on the host\n' "$f" >&2; continue; fi
  case $f in
    */.rollcall-files-* | */rollcall/jobs/*) rm -rf -- "$f" || s=1 ;;
    *) rm -f -- "$f" || s=1 ;;
  esac
done
exit "$s"`
}

const patterns = {
  sessions: /^\/[^\n]*\/rollcall\.[A-Za-z0-9]{10}$/,
  jobs: /^\/[^\n]*\/rollcall\/jobs\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  pending: /^\/[^\n]*\/rollcall\/pending\/[0-9a-f]{24}\.1$/,
  lost: /^\/[^\n]*\/rollcall\/lost\/[0-9a-f]{32}\.1$/,
  records: /^\/[^\n]*\/rollcall\/unarchive\/[0-9a-f]{24}$/,
  temporary:
    /^\/[^\n]*\/(\.[^/\n]+\.rollcall-[A-Za-z0-9]+|\.rollcall-link-\d+|\.rollcall-files-[A-Za-z0-9]+|pending\/\.[0-9a-f]{24}\.1|unarchive\/\.[0-9a-f]{24}-\d+)$/,
} as const

export interface Listed {
  readonly kind: keyof typeof patterns
  readonly ageSeconds: number
  readonly bytes: number
  readonly path: string
  /** Of a pending handler and a lost step: what is recorded of it; of a job whether it is running, and what it is. */
  readonly record?: string
}
export interface Listing {
  /** The folder of the session that asked. */
  readonly own: string | undefined
  /** Folders of other sessions that live. */
  readonly live: readonly string[]
  readonly items: readonly Listed[]
}

/** Whether a path is one that {@link listScript} can have meant: what a host says shall not choose what is removed. */
export function checkedPath(kind: keyof typeof patterns, path: string): boolean {
  return patterns[kind].test(path) && !path.split('/').includes('..')
}

export function parseListing(stdout: string): Listing {
  const items: Listed[] = []
  const live: string[] = []
  let own: string | undefined
  for (const line of stdout.split('\n')) {
    const [, word = '', rest = ''] = /^(\S+) (.*)$/.exec(line) ?? []
    if (word === 'own') own = rest || undefined
    else if (word === 'live') live.push(rest)
    else if (word === 'record' && ['pending', 'lost', 'jobs'].includes(items.at(-1)?.kind ?? ''))
      items[items.length - 1] = { ...items.at(-1)!, record: rest }
    else if (word in patterns) {
      const [, age, kb, path = ''] = /^(-?\d+) (\d*) (\/.*)$/.exec(rest) ?? []
      const kind = word as keyof typeof patterns
      if (age !== undefined && checkedPath(kind, path))
        items.push({ kind, ageSeconds: Math.max(0, Number(age)), bytes: Number(kb || 0) * 1024, path })
    }
  }
  return { own, live, items }
}
