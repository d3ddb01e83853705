import { Script, sh } from '../util/sh.ts'
import type { Ending, Running } from './session-types.ts'

// All by built-ins but the waiting. Only what descends from the running job is ended, never the loop or what it reads its input
// by: else the rest of an input would be taken for what comes next.
export const processTree = new Script(String.raw`all() {
  for s in /proc/[0-9]*/stat; do
    l=
    { while IFS= read -r x; do l=$x; done <"$s"; } 2>/dev/null
    set -- ${'$'}{l##*) }
    [ -z "$1" ] || [ "$1" = Z ] || { s=${'$'}{s#/proc/}; printf '%s %s %s\n' "${'$'}{s%/stat}" "$2" "${'$'}{20}"; }
  done
}
below() {
  found=" $* "
  more=1
  while [ -n "$more" ]; do
    more=
    while read -r p parent t; do
      case $found in *" $p "*) continue ;; esac
      case $found in *" $parent "*) found="$found$p " more=1 ;; esac
    done <<END
$now
END
  done
}
living() {
  now=$(all)
  alive=
  while read -r p parent t; do
    case $found in *" $p "*) alive="$alive $p" ;; esac
    case $known in *" $p:$t "*) alive="$alive $p" ;; esac
  done <<END
$now
END
}`)

// At a terminal the loop is a child of the shell that greeted: whoever stands in a session's directory first.
export const atTerminal = new Script(`if [ ! -d "$d/x" ]; then
  now=$(all)
  below "$loop"
  for p in $found; do
    if [ -d "/proc/$p/cwd/x" ]; then loop=$p d=/proc/$p/cwd; break; fi
  done
fi`)

/**
 * `now`: ends the job that runs in a session of the same user, or all that run there side by side, with all that descends from them: TERM,
 * and after two seconds KILL. No further step of its exchange begins, its reads do, and its answer comes as ever. A daemon that is no
 * descendant any more goes on. `next`: only no step begins any more with which another task begins. Its exit code is 1 where nothing was found to run.
 */
export function cancelScript({ pid, nonce, exchange }: Running, what: Ending): Script {
  return sh`loop=${pid}
case $(tr '\0' ' ' <"/proc/$loop/cmdline" 2>/dev/null) in *${nonce}*) ;; *) exit 1 ;; esac
d=/proc/$loop/cwd
${processTree}
${atTerminal}
[ -d "$d/x" ] || exit 1
: >"$d"/${`0${what === 'now' ? 'halt' : 'next'}.${exchange}`} || exit 1
${what === 'next' ? new Script('exit 0') : new Script('')}
now=$(all)
below "$loop"
jobs=
for p in "$d"/0pid*; do
  { read -r job <"$p"; } 2>/dev/null && case $found in *" $job "*) jobs="$jobs $job" ;; esac
done
[ -n "$jobs" ] || exit 1
below $jobs
known=
while read -r p parent t; do
  case $found in *" $p "*) known="$known $p:$t " ;; esac
done <<END
$now
END
kill -TERM $found 2>/dev/null
n=0
while :; do
  found=
  living
  [ -n "$alive" ] || exit 0
  [ "$n" -lt 20 ] || break
  n=$((n+1))
  sleep 0.1 2>/dev/null || { sleep 1; n=$((n+9)); }
done
now=$(all)
below $jobs
living
[ -z "$alive" ] || kill -KILL $alive 2>/dev/null
:`
}
