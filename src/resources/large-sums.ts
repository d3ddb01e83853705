import { inLines, Script } from '../util/sh.ts'

/*
 * SHA-256 of large files. sha256sum of many distributions is plain C and takes 3 ms a MiB; openssl, which nearly every
 * server has and none needs to have, uses the processor's own instructions and takes a quarter of that, but 4 ms for its
 * start. And a large file that is written is hashed while it is synced, so that the read behind the write need not go
 * through it once more.
 *
 * A sum that a write leaves for that read holds for what the file was when it stood in its place: device, inode, size,
 * and both times. A later change of its content sets both, and a sum is only left where they differ: clocks of file
 * systems tick slowly, and within one tick a change would not be seen.
 */

/** In bytes. The scripts below know it by its eight digits, and in KiB. */
export const leastLarge = 10_000_000

const identity = '%d:%i:%s:%y/%z'

/** `sum_of FILE` sets `sum`, by openssl; false where there is none, or it says anything else. */
const sumOf = new Script(`sum_of() {
  sum=
  command -v openssl >/dev/null && sum=$(openssl dgst -sha256 -r <"$1" 2>/dev/null) || return
  sum=\${sum%% *}
  case $sum in *[!0-9a-f]*) return 1 ;; esac
  [ \${#sum} = 64 ]
}`)

/** Where a job finds its session's own directory: behind itself. Sets `work`, before any `cd`; empty where there is none. */
export const findWork = new Script(`work=\${OLDPWD-}
case \${work##*/} in
  rollcall.*) [ -O "$work" ] && [ -d "$work/x" ] || work= ;;
  *) work= ;;
esac`)

/**
 * For a write: `sum_new` while the new file, which nobody else knows, is complete, `leave_sum` when it stands at `$real`.
 * What is left is gone with the exchange.
 */
export const leaveSum = inLines([
  sumOf,
  new Script(`sum_new() {
  sum_of "$new" || sum=$(sha256sum <"$new") || sum=
  sum=\${sum%% *}
}
leave_sum() {
  id=$(stat -c '${identity}' -- "$real") || return 0
  times=\${id#*:*:*:}
  [ -z "$sum" ] || [ "\${times%/*}" = "\${times#*/}" ] || printf '%s %s\\n' "$sum" "$id" >>"$work/0.sum"
}`),
])

/** Sets `large` where one of the files whose `stat` is in `stats` has 10 MB or more; now and then where none has. */
export const noteLarge = new Script(`case $stats in *:[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]*) large=1 ;; esac`)

/** For {@link takeLarge}: sums that a write left, or that openssl makes. */
export const largeSums = inLines([
  sumOf,
  new Script(`large= nth=0 nl='
'
sum_large() {
  if [ -s "\${rc_d:+$rc_d/0.sum}" ] && id=$(stat -L -c '${identity}' -- "$1"); then
    while read -r sum was; do [ "$was" != "$id" ] || return 0; done <"$rc_d/0.sum"
  fi
  sum_of "$1"
}`),
])

/**
 * Hashes the large ones of the files `"$@"`, names without a newline, and leaves the others. A line begins with `=` and
 * says the how-manieth file it is.
 */
export const takeLarge = new Script(`if [ -z "$large" ] || [ $# = 0 ]; then nth=$((nth + $#))
else
  found=$nl$1$nl
  [ $# = 1 ] || found=$nl$(find -L "$@" -maxdepth 0 -size +9765k 2>/dev/null)$nl
  for p do
    shift
    nth=$((nth + 1))
    case $found in
      *"$nl$p$nl"*) if sum_large "$p"; then printf '=%s %s\\n' "$nth" "$sum"; else set -- "$@" "$p"; fi ;;
      *) set -- "$@" "$p" ;;
    esac
  done
fi`)
