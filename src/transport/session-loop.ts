// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text is a shell program

import { type Script, sh } from '../util/sh.ts'

/*
 * The program that runs on the host. It stands on one line without single quotes, exclamation marks and newlines, so
 * that a login shell that is no POSIX shell (csh, fish) hands it on unharmed.
 *
 * What decides its form is the cost of a fork (7 to 10 ms of CPU on a small host, most of it exec): every job costs one
 * `sh`; whatever the number of jobs, an exchange costs `head`, and `cp wc cat rm` when there was output, all else
 * is built into the shell.
 *
 * - One `head -c` takes the whole exchange: busybox's head reads ahead, so a second one would find bytes missing.
 * - The driver comes after the payloads and is one `{ … }`: a link that is lost half-way leaves a syntax error, which
 *   runs nothing, instead of the first half of the jobs.
 * - A job is a file given to a fresh `sh`: its own `$$`, options, traps and directory, no script (and no secret in it)
 *   in the process list, none of the session's descriptors.
 * - Output is copied before it is counted: a background child of a job may go on writing to the original for ever, the
 *   copy keeps its size.
 * - A payload without a place is sent when the `at` line of its job is seen, and goes straight to the job. All of it is
 *   taken, whatever the job does, so that what comes next is the next exchange.
 * - `at` lines tell the controller which step runs. Written to a lost link they end the loop, so that no further step
 *   starts when nobody listens.
 */
const lines = [
  'rc_n=$1;',
  'umask 077;',
  'unset IFS ENV BASH_ENV CDPATH;',
  'PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; LC_ALL=C; TZ=UTC; export PATH LC_ALL TZ;',
  'rc_say() { printf "\\n%s %s\\n" "$rc_n" "$*"; };',

  'rc_try() { rc_d=$(mktemp -d "$1/rollcall.XXXXXXXXXX" 2>/dev/null) && cd "$rc_d" && rc_d=$PWD && mkdir x; };',
  'rc_dir() {',
  'rc_try "${TMPDIR:-/tmp}" || rc_try /dev/shm || rc_try "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}" || rc_try /var/tmp || { rc_d=; rc_say nodir; exit 1; }; };',

  'rc_bye() { cd /; [ -z "$rc_d" ] || rm -rf "$rc_d"; };',
  'trap rc_bye EXIT; trap "exit 1" HUP INT TERM PIPE;',

  // $1 is 1 for a step, $2 and $3 are size and place of the payload in the file `in`, $4 is the script. A size without a
  // place: it is yet to come.
  'rc_job() {',
  'rc_i=$((rc_i+1));',
  'if [ "$1$rc_k" = 11 ]; then rc_s="$rc_s -"; return; fi;',
  '[ -d x ] || rc_e=gone;',
  '[ -z "$rc_e" ] || return;',
  'rc_p=/dev/null;',
  '[ "$3" = - ] || { rc_p=$rc_i.p; tail -c "+$3" in | head -c "$2" >"$rc_p" || rc_e=full; };',
  'printf "cd /; %s\\n" "$4" >"$rc_i.sh" || rc_e=full;',
  '[ -z "$rc_e" ] || return;',
  '[ "$1" = 0 ] || rc_say "$rc_q at $rc_i";',
  'case $2$3 in',
  '[0-9]*-) head -c "$2" | { sh "./$rc_i.sh" >"$rc_i.o" 2>"$rc_i.e"; rc_r=$?; cat >/dev/null; exit "$rc_r"; };;',
  '*) sh "./$rc_i.sh" <"$rc_p" >"$rc_i.o" 2>"$rc_i.e";;',
  'esac;',
  'rc_r=$?; rc_s="$rc_s $rc_r";',
  '[ "$1" = 0 ] || [ "$rc_r" = 0 ] || rc_k=1; };',

  'rc_end() {',
  '[ -d x ] || rc_e=gone;',
  'rc_f=; rc_g=; rc_j=0;',
  'while [ "$rc_j" -lt "$rc_i" ]; do rc_j=$((rc_j+1)); for rc_x in o e; do',
  'if [ -s "$rc_j.$rc_x" ]; then rc_f="$rc_f $rc_j.$rc_x"; rc_g="$rc_g x/$rc_j.$rc_x"; fi;',
  'done; done;',
  '[ -z "$rc_f" ] || cp $rc_f x || rc_e=full;',
  'rc_say "$rc_q ${rc_e:-done}$rc_s";',
  'if [ -z "$rc_e" ]; then printf "%s\\n" "${rc_g# }"; [ -z "$rc_g" ] || { wc -c $rc_g; cat $rc_g; }; fi;',
  'rc_say "$rc_q end";',
  'rm -rf ./[0-9]* x/[0-9]* in go; };',

  'rc_dir; rc_say ready;',
  'while read -r rc_q rc_b rc_o; do',
  '[ -d x ] || rc_dir;',
  'rc_s=; rc_e=; rc_k=0; rc_i=0; rc_g=in;',
  'head -c "$rc_b" >in || { rc_say "$rc_q full"; exit 1; };',
  '[ "$rc_o" = 1 ] || { rc_g=go; tail -c "+$rc_o" in >go || { rc_say "$rc_q full"; exit 1; }; };',
  '. "./$rc_g";',
  'done',
] as const

const program = lines.join(' ')

/**
 * The command that starts a session's loop in place of the login shell. Its greeting, and every frame after it, begins
 * with `nonce`: all that stands before is what a profile or a banner printed.
 */
export function loopCommand(nonce: string): Script {
  return sh`exec sh -c ${program} rollcall ${nonce}`
}

/** The same loop as words, for a command that takes a program and its arguments (sudo, doas). */
export function loopWords(nonce: string): readonly string[] {
  return ['sh', '-c', program, 'rollcall', nonce]
}
