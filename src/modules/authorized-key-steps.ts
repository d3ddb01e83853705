import { type RunStep, run } from '../dsl/step.ts'
import { Script, sh } from '../util/sh.ts'

interface Keys {
  /** Without a link in it. */
  readonly directory: string
  readonly file: string
  readonly user: string
  readonly content: Uint8Array
  readonly makesDirectory: boolean
}

/**
 * Writes the file as a whole, inside the directory that was seen before and with nothing followed that its owner could have put
 * there meanwhile: root works in a home here. The general atomic write follows links, for whom that is an offer.
 */
export function writeKeys({ directory, file, user, content, makesDirectory }: Keys): RunStep {
  return run(
    sh`user=${user} directory=${directory} file=${file} size=${content.length} makes=${makesDirectory ? 1 : ''}
${writing}`,
    content,
  )
}

const writing = new Script(`LC_ALL=C; export LC_ALL
umask 077
fail() {
  printf 'cannot write the keys of %s: %s\\n' "$user" "$1" >&2
  exit 1
}
ids="$(id -u -- "$user"):$(id -g -- "$user")" || fail 'the user cannot be found'
owned() { [ "$(stat -c %u:%g -- "$1")" = "$ids" ] || chown -h -- "$ids" "$1" || fail "$1 cannot be given to it"; }
if [ -n "$makes" ] && ! [ -d "$directory" ]; then
  mkdir -- "$directory" || fail "the directory $directory cannot be made"
fi
cd -P -- "$directory" && [ "$PWD" = "$directory" ] || fail "$directory is no longer the directory it was"
if [ -n "$makes" ]; then
  owned .
  chmod 0700 . || fail "the mode of $directory cannot be set"
fi
new=.$file.rollcall-$$
trap 'rm -f -- "./$new"' EXIT
trap 'exit 129' HUP INT TERM
(set -C; cat >"./$new") || fail 'the new file cannot be stored'
n=$(wc -c <"./$new")
[ "$((n))" = "$size" ] || fail "$((n)) of $size bytes arrived"
owned "./$new"
sync "./$new" 2>/dev/null || sync
[ ! -d "./$file" ] || fail "$file is a directory"
mv -f -- "./$new" "./$file" || fail 'the new file could not take its place'
if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon -R -- "$directory"; fi
exit 0`)
