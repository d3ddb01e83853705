import type { WriteStep } from '../dsl/step.ts'
import type { Job } from '../transport/session-types.ts'
import { inLines, Script, sh, word } from '../util/sh.ts'
import { findWork, leastLarge, leaveSum } from './large-sums.ts'
import { canonicalPath, follow } from './path.ts'

const prologue = new Script(`LC_ALL=C; export LC_ALL
umask 077
new= check= private= work=
cleanup() {
  [ -z "$new" ] || rm -f -- "$new"
  [ -z "$check" ] || rm -f -- "$check"
  [ -z "$private" ] || rm -rf -- "$private"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
fail() {
  printf 'cannot write %s: %s\\n' "$dest" "$1" >&2
  exit 1
}`)

// A link is followed by the host itself.
const locate = new Script(`real=$dest
if [ -L "$dest" ]; then
  follow "$dest" && [ -d "\${r%/*}/" ] || fail 'it is a symbolic link that leads nowhere'
  real=$r
  cd /
fi
[ ! -d "$real" ] || fail 'it is a directory'
if [ -e "$real" ] && [ ! -f "$real" ]; then fail 'it is not a regular file'; fi
dir=\${real%/*}
dir=\${dir:-/}
if [ ! -d "$dir" ]; then
  above=$dir
  while [ -n "$above" ] && [ ! -e "$above" ] && [ ! -L "$above" ]; do above=\${above%/*}; done
  above=\${above:-/}
  if [ ! -e "$above" ]; then fail "$above is a symbolic link that leads nowhere"; fi
  if [ ! -d "$above" ]; then fail "$above is no directory"; fi
  fail "the directory $dir does not exist"
fi
old=
[ ! -f "$real" ] || old=$real`)

// One opening makes and fills the file, so nobody slips a link in between, and it is ours alone meanwhile.
const fillFromInput = new Script(`if ! m=$( (set -C; cat >"$new") 2>&1); then
  [ -e "$new" ] || fail "no temporary file can be made in $dir (\${m##*: })"
  fail "its content could not be stored in $dir (\${m##*: })"
fi
n=$(wc -c <"$new")
[ "$((n))" = "$size" ] || fail "$((n)) of $size bytes arrived"`)

const makeEmpty = new Script(`if ! m=$( (set -C; : >"$new") 2>&1); then
  fail "no temporary file can be made in $dir (\${m##*: })"
fi`)

// Owner first, then mode: a change of owner clears special bits. The old mode and ACL are copied only where no mode is
// asked for, else a secret would stand open for a moment.
const attributes = new Script(`acl=
if [ -n "$old" ]; then
  kept=$(stat -c '%u:%g %a' -- "$old") || fail 'its owner and mode cannot be read'
  if [ -n "$mode" ]; then
    skip=mode,timestamps
    if command -v setfacl >/dev/null; then acl=$(getfacl -cp -- "$old" 2>/dev/null | grep -E '^(user|group):[^:]+:'); fi
  else
    skip=timestamps mode=\${kept#* }
  fi
  if ! cp --attributes-only --preserve=all --no-preserve="$skip" -- "$old" "$new" 2>/dev/null; then
    if [ "$skip" = timestamps ] && command -v setfacl >/dev/null; then getfacl -cp -- "$old" 2>/dev/null | setfacl --set-file=- -- "$new" 2>/dev/null; fi
    if [ -e /sys/fs/selinux/enforce ] && command -v chcon >/dev/null; then chcon --reference="$old" -- "$new" 2>/dev/null; fi
  fi
  kept=\${kept%% *}
  : "\${owner:=\${kept%:*}}" "\${group:=\${kept#*:}}"
fi
: "\${mode:=0644}"
if [ -n "$owner$group" ]; then
  m=$(chown -- "$owner\${group:+:$group}" "$new" 2>&1) || fail "its owner cannot be set to $owner\${group:+:$group} (\${m##*: })"
fi
m=$(chmod -- "$mode" "$new" 2>&1) || fail "its mode cannot be set to $mode (\${m##*: })"
if [ -n "$acl" ]; then
  bits=\${mode#"\${mode%??}"}
  printf '%s\\nmask::%s\\n' "$acl" "\${bits%?}" | setfacl -M - -- "$new" || fail 'its access list cannot be kept'
fi`)

const copyForCheck = new Script(`if [ ! -e "$checked" ]; then
  check=$checked
  cp -p -- "$new" "$check" || fail 'it could not be copied for its validation'
fi`)

const keepBackup = new Script(`if [ -n "$old" ]; then
  kept_as=$real.$(date -u +%Y%m%dT%H%M%SZ)~
  [ ! -e "$kept_as" ] || kept_as=$kept_as$nonce
  cp -p -- "$old" "$kept_as" || fail 'no backup of it could be made'
  printf %s "$kept_as"
fi`)

// busybox and coreutils before 8.24 sync everything instead, which is slow and right.
const replace = new Script(`if [ -z "$work" ]; then sync "$new" 2>/dev/null || sync
else
  (sync "$new" 2>/dev/null || sync) &
  sum_new
  wait
fi
if m=$(mv -f -- "$new" "$real" 2>&1); then
  new=
  [ -z "$work" ] || leave_sum
  if [ -z "$old" ] && [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon -- "$real"; fi
  exit 0
fi
case $m in
  *busy*) [ -n "$unsafe" ] || fail 'it cannot be replaced, for something is mounted on it or holds it (a container or a bind mount); unsafeWrites: true writes into it, which is not atomic';;
  *) fail "the new file could not take its place (\${m##*: })";;
esac
cat -- "$new" >"$real" || fail 'writing into it failed half-way, its content is no longer whole'
[ -z "$owner$group" ] || chown -- "$owner\${group:+:$group}" "$real" || fail 'its owner or group cannot be set'
chmod -- "$mode" "$real" || fail 'its mode cannot be set'
sync "$real" 2>/dev/null || sync
exit 0`)

/**
 * The atomic write: content from standard input. The old file is whole until the new one, complete, checked and with
 * its owner and mode, takes its place; whatever fails, the temporary file goes. `validate` is given a path that is
 * known here, so it is quoted here; for a link that is a copy beside the link.
 * @param nonce Letters and digits that no other write uses.
 */
export function writeJob(step: WriteStep, nonce: string): Job {
  const source =
    step.from === undefined
      ? sh`size=${step.content.length}`
      : sh`[ -f ${step.from} ] && [ -r ${step.from} ] || fail 'what it is copied from cannot be read'
exec <${step.from}
size=$(($(wc -c <${step.from})))`
  const dest = canonicalPath(step.path)
  const temporary = temporaryName(dest, nonce)
  const checked = `${dest.slice(0, dest.lastIndexOf('/') + 1)}${temporary}`
  const script = sh`dest=${dest} nonce=${nonce} mode=${step.mode ?? ''} owner=${step.owner ?? ''} group=${step.group ?? ''} unsafe=${step.unsafeWrites ? 1 : ''} checked=${checked}
${prologue}
${step.content.length < leastLarge ? sh`:` : inLines([findWork, leaveSum])}
${source}
${follow}
${locate}
new=$dir/${temporary}
${fillFromInput}
${attributes}
${step.validate ? validation(step.validate(checked)) : sh`:`}
${step.backup ? keepBackup : sh`:`}
${replace}`
  return step.from === undefined ? { script, stdin: step.content, step: true, countsInput: true } : { script, step: true }
}

/**
 * The same for content that the host itself gets: `fill` writes it into `$new`, an empty file of ours beside the target.
 * It may make a folder `$private`, which is removed at the end, and calls `fail 'why'` when there is no content.
 */
export function placeScript(step: Omit<WriteStep, 'kind' | 'content' | 'validate'>, fill: Script): Script {
  const dest = canonicalPath(step.path)
  return sh`dest=${dest} nonce=$$ mode=${step.mode ?? ''} owner=${step.owner ?? ''} group=${step.group ?? ''} unsafe=${step.unsafeWrites ? 1 : ''}
${prologue}
${follow}
${locate}
new=$dir/${temporaryName(dest, '')}$$
${makeEmpty}
${fill}
${attributes}
${step.backup ? keepBackup : sh`:`}
${replace}`
}

// By built-ins alone, so that its code says whether all was stored; the reason for which not is said best by `cat`.
const fillFromWords = new Script(`new=$dir/$temporary
if ! m=$( (set -C; "$fill" >"$new") 2>&1); then
  [ -e "$new" ] || fail "no temporary file can be made in $dir (\${m##*: })"
  m=$( { "$fill" 2>/dev/null | cat >"$new"; } 2>&1)
  fail "its content could not be stored in $dir (\${m##*: })"
fi`)

/**
 * The same for a script that writes many, to be run in a subshell. What differs is in variables: `dest`, `nonce`, `mode`,
 * `owner`, `group`, `unsafe`, the name `temporary`, and `fill`, a function that prints the content.
 */
export const writeBody = inLines([prologue, follow, locate, fillFromWords, attributes, replace])

/** The name of the temporary file of a write. */
export function temporaryName(dest: string, nonce: string): string {
  return `.${shorten(dest.slice(dest.lastIndexOf('/') + 1))}.rollcall-${nonce}`
}

const refusal = 'its new content was refused by validate'

/** Whether a write failed because its `validate` refused the new file. */
export function refusedByValidate(stderr: string): boolean {
  return stderr.includes(refusal)
}

/** The directory that a write missed, where that is why it failed. */
export function missingDirectory(stderr: string): string | undefined {
  return /^cannot write .*: the directory (\/.*) does not exist$/m.exec(stderr)?.[1]
}

/** What stands in the place of a directory above the file, where that is why a write failed. */
export function noDirectory(stderr: string): string | undefined {
  return /^cannot write .*: (\/.*) is (?:no directory|a symbolic link that leads nowhere)$/m.exec(stderr)?.[1]
}

/** `eval` in a subshell: whatever the user's script does to its shell, the write goes on or stops in order. */
function validation(script: Script): Script {
  return sh`${copyForCheck}
( trap - EXIT HUP INT TERM; cd / && eval ${word(script)} ) </dev/null >&2 || fail "${new Script(refusal)} (exit code $?); nothing was changed"
[ -z "$check" ] || rm -f -- "$check"
check=`
}

/** A name of at most 200 bytes, cut between characters: with dots and nonce it must stay below the 255 of most file systems. */
function shorten(name: string): string {
  let short = name
  while (Buffer.byteLength(short) > 200) short = [...short].slice(0, -1).join('')
  return short
}
