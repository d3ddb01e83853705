// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text is a shell program

import { type Script, sh } from '../util/sh.ts'

/*
 * The program that runs on the host. It stands on one line without single quotes, exclamation marks and newlines, so
 * that a login shell that is no POSIX shell (csh, fish) hands it on unharmed.
 *
 * What decides its form is the cost of a process on a small host (up to 10 ms of CPU, most of it for starting a
 * program, little for the fork):
 *
 * - Our own reads (`rc_own`) are run by forks of this shell, and write where it writes: no program is started, no file
 *   made. A fork has its own variables, options, traps and directory. What ends one answer is a mark that no process
 *   list shows and that is new in each exchange, so nobody on the host can have put it into a file that is read.
 * - An exchange of own reads alone costs one `head`, or nothing where it came with the command. The working directory
 *   is made when the first other job comes: two `mkdir` in one process.
 * - Each write is a packet, for which sshd wakes up and enciphers: so what ends one answer is written with what begins the
 *   next (`rc_w`).
 * - `read` takes a system call for each byte. So the program of a shell behind sudo comes in one piece with its first own
 *   reads, by the `head` that these need anyway.
 * - Every other job costs one `sh`; an exchange with such jobs costs `head` and `rm`, and `cp wc cat` when there was
 *   output, whatever their number.
 *
 * And what must never happen:
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
 *
 * A job finds the session's directory behind itself, in OLDPWD, a read of our own in rc_d. A step may leave a file there for
 * the reads of its exchange; a name that begins with 0 is no job's, and is gone with the exchange.
 *
 * Of a step whose answer nobody has taken (the next exchange says that it was, and so does `bye`) the shell leaves a record when it
 * ends; `rc_left` comes with the exchange.
 *
 * Descriptor 9 is the host's lock, where this shell holds it (`host-lock.ts`). It is closed for whatever may go on after a job.
 *
 * What another session needs to end a job (`cancel-script.ts`): the loop says its own process when it greets, each job writes its
 * own into `0pid`, and where there is a file `0halt` of the exchange, no further step of it begins; with `0next`, none that begins
 * another task.
 */
const base = [
  'umask 077;',
  'unset IFS ENV BASH_ENV CDPATH;',
  'PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; LC_ALL=C; export PATH LC_ALL;',
  'rc_w=;',
  'rc_say() { printf "$rc_w\\n%s %s\\n" "$rc_n" "$*"; rc_w=; };',
  'rc_new() { rc_a=; rc_s=; rc_e=; rc_k=0; rc_i=0; };',
  'rc_own() {',
  'rc_i=$((rc_i+1));',
  'rc_say "$rc_q out $rc_i $rc_m";',
  '( cd /; rc_t=$1; shift; eval "$rc_t" ) </dev/null 2>/dev/null 9>&-;',
  'rc_s="$rc_s $?"; rc_w="\\n$rc_m\\n"; };',
  'rc_fin() { printf "$rc_w\\n%s %s done%s\\n\\n\\n%s %s end\\n" "$rc_n" "$rc_q" "$rc_s" "$rc_n" "$rc_q"; rc_w=; };',
] as const

// Jobs that come with the command: what is in a list of processes is no mark, so it is made here.
const along =
  'rc_q=1; rc_m=; { read -r rc_m </proc/sys/kernel/random/uuid; } 2>/dev/null; rc_m=${rc_m:-$rc_n}; rc_new; eval "$(printf %b "$@")"'

const definitions = [
  'rc_n=$1; shift;',
  ...base,
  'TZ=UTC; export TZ; rc_d=;',

  // The name begins with part of the mark, which nobody knows before the directory is there; the rest stays unknown, as everybody
  // may list the names in /tmp while own reads of the same exchange still end with it. A second mkdir that fails takes the first back.
  'rc_try() { rc_x=$1/rollcall.${rc_m%????????????????}; if mkdir "$rc_x" "$rc_x/x" 2>/dev/null; then cd "$rc_x" && rc_d=$PWD; else rmdir "$rc_x" 2>/dev/null; false; fi; };',
  'rc_dir() {',
  'rc_try "${TMPDIR:-/tmp}" || rc_try /dev/shm || rc_try "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}" || rc_try /var/tmp || { rc_d=; rc_say "$rc_q nodir"; exit 1; }; };',

  'rc_a=; rc_bye() { [ -z "$rc_a" ] || rc_left; cd /; [ -z "$rc_d" ] || rm -rf "$rc_d"; };',
  'trap rc_bye EXIT; trap "rc_c=\\${rc_c:-\\$?}; exit 1" HUP INT TERM PIPE;',

  // $5 is what people call the step. $1 is 1 for a step, 2 for one that begins another task, $2 and $3 are size and place of the payload in the file `in`, $4 is the script. A size without a
  // place: it is yet to come.
  'rc_job() {',
  'rc_i=$((rc_i+1));',
  '[ "$1" = 0 ] || { [ -e "0halt.$rc_q" ] && rc_k=1; };',
  '[ "$1" = 2 ] && { [ -e "0next.$rc_q" ] && rc_k=1; shift; set -- 1 "$@"; };',
  'if [ "$1$rc_k" = 11 ]; then rc_s="$rc_s -"; return; fi;',
  '[ -d x ] || rc_e=gone;',
  '[ -z "$rc_e" ] || return;',
  'rc_p=/dev/null;',
  '[ "$3" = - ] || { rc_p=$rc_i.p; tail -c "+$3" in | head -c "$2" >"$rc_p" || rc_e=full; };',
  'printf "echo \\$\\$ >0pid; cd /; %s\\n" "$4" >"$rc_i.sh" || rc_e=full;',
  '[ -z "$rc_e" ] || return;',
  '[ "$1" = 0 ] || rc_say "$rc_q at $rc_i"; rc_a=${5:-$rc_a} rc_c=;',
  'case $2$3 in',
  '[0-9]*-) head -c "$2" | { sh "./$rc_i.sh" >"$rc_i.o" 2>"$rc_i.e" 9>&-; rc_r=$?; cat >/dev/null; exit "$rc_r"; };;',
  '*) sh "./$rc_i.sh" <"$rc_p" >"$rc_i.o" 2>"$rc_i.e" 9>&-;;',
  'esac;',
  'rc_r=$?; rc_s="$rc_s $rc_r"; rc_c=$rc_r;',
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
].join(' ')

const loop = [
  'while read -r rc_q rc_b rc_o rc_m; do',
  'rc_new; [ "$rc_q" = bye ] && exit 0;',
  'if [ "$rc_o" = 0 ]; then rc_t=$(head -c "$rc_b") || exit 1; eval "$rc_t"; continue; fi;',
  '[ -n "$rc_d" ] && [ -d x ] || rc_dir;',
  'rc_g=in;',
  'head -c "$rc_b" >in || { rc_say "$rc_q full"; exit 1; };',
  '[ "$rc_o" = 1 ] || { rc_g=go; tail -c "+$rc_o" in >go || { rc_say "$rc_q full"; exit 1; }; };',
  '. "./$rc_g";',
  'done',
].join(' ')

const program = `${definitions} rc_say ready $$; if [ $# -gt 0 ]; then ${along}; set --; fi; ${loop}`

/** csh takes words of 1,024 bytes at most in some of its builds. */
const longestWord = 900
/** dropbear takes commands of 9,000 bytes. */
const longestCommand = 8000

/**
 * The command that starts a session's loop in place of the login shell. Its greeting, and every frame after it, begins
 * with `nonce`: all that stands before is what a profile or a banner printed.
 * @param driver Of the first exchange, see {@link isShort}: then its answer follows the greeting.
 */
export function loopCommand(nonce: string, driver?: string): Script {
  return sh`exec sh -c ${program} rollcall ${nonce} ${driver === undefined ? [] : encode(driver)}`
}

/** Whether a command is short enough for every server. */
export function isShort(command: Script): boolean {
  return command.text.length <= longestCommand
}

// Words: the nonce, how many words of the driver there are, these, and the command that goes on.
const first = [
  'rc_n=$1; rc_l=$2; shift 2;',
  ...base,
  'rc_c=; while [ "$rc_l" -gt 0 ]; do rc_c=$rc_c$1; rc_l=$((rc_l-1)); shift; done;',
  along.replace('"$@"', '"$rc_c"'),
  '; LANGUAGE=; export LANGUAGE; exec "$@"',
].join(' ')

/**
 * A command that answers an exchange as the login user and then becomes another one (sudo with {@link bootWords}): so a
 * host whose tasks are all for root needs no second login shell. Messages of what follows are in English, as those of all jobs.
 */
export function loopAfter(nonce: string, driver: string, becoming: readonly string[]): Script {
  const words = encode(driver)
  return sh`exec sh -c ${first} rollcall ${nonce} ${words.length} ${words} ${becoming}`
}

/**
 * As words for `printf %b`, which joins them. Without backslash, quote and newline of their own they mean the same to all
 * login shells.
 */
function encode(driver: string): readonly string[] {
  const octal = (byte: string) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`
  const text = driver.replace(/[\n\\'!]/g, (byte) => (byte === '\n' ? '\\n' : octal(byte)))
  const words: string[] = []
  for (let from = 0; from < text.length; from += words.at(-1)!.length)
    words.push(text.slice(from, wholeUntil(text, Math.min(from + longestWord, text.length))))
  return words
}

/** The last place not behind `end` that cuts neither an escape nor a character in two. */
function wholeUntil(text: string, end: number): number {
  if (end === text.length) return end
  const backslash = text.lastIndexOf('\\', end - 1)
  if (backslash >= 0 && backslash + (text[backslash + 1] === 'n' ? 2 : 5) > end) return backslash
  return /[\uD800-\uDBFF]/.test(text[end - 1]!) ? end - 1 : end
}

/**
 * What sudo starts, as words: a greeting, and then whatever line comes is the program. So what sudo writes to the host's
 * log is short, and so is the process list.
 */
export function bootWords(nonce: string): readonly string[] {
  return ['sh', '-c', 'printf "\\n%s ready %s\\n" "$1" "$$"; read -r rc_l && eval "$rc_l"', 'rollcall', nonce]
}

/** What {@link bootWords} waits for: the program, in one line. */
export const bootLine = `${definitions} ${loop}\n`

/**
 * The same with the first exchange, where that has own reads alone. It is one compound command, so that of a text that was
 * cut off nothing runs. Nothing may follow before the answer: `head` may read ahead.
 */
export function bootWith(number: number, mark: string, driver: string): Buffer {
  const text = Buffer.from(`{ ${definitions} rc_q=${number}; rc_m=${mark}; rc_new; ${driver}\n${loop}\n}\n`)
  const read = `rc_t=$(PATH=\${PATH:-/bin}:/usr/bin:/bin head -c ${text.length}) || exit 1; eval "$rc_t"\n`
  return Buffer.concat([Buffer.from(read), text])
}

/*
 * A terminal hands on every byte only after `raw`, and still is no input for a loop: bash's `read` takes more of it than a line.
 * So the input goes through a pipe. `dd` copies: busybox's `cat` has the kernel do it, which keeps the reader of the pipe out
 * until the next byte comes. It waits for input that never comes, so in the end nobody waits for it.
 *
 * The session leaves the terminal, where that is possible: what a job asks its user at /dev/tty would wait for ever, and stand
 * between frames. A line that does not begin with the nonce is no program: nothing else, a password above all, is ever run.
 */
const terminalBoot = [
  'rc_go() { printf "\\n%s ready %s\\n" "$1" "$$"; rc_l=; until case $rc_l in "$1 "*) true;; *) false;; esac; do IFS= read -r rc_l || exit 1; done; rc_l=${rc_l#* };',
  'if [ -n "$2" ] && command -v setsid >/dev/null; then setsid sh -c "$rc_l" rollcall "$1"; else eval "$rc_l"; fi; };',
  'if [ -t 0 ]; then stty raw -echo || exit 97; dd bs=65536 2>/dev/null | { ( rc_go "$1" t ); kill $$; }; else rc_go "$1"; fi',
].join(' ')

/** {@link bootWords} for what may stand at a terminal. */
export function terminalBootWords(nonce: string): readonly string[] {
  return ['sh', '-c', terminalBoot, 'rollcall', nonce]
}

/** The line that {@link terminalBootWords} waits for. */
export function terminalBootLine(nonce: string): string {
  return `${nonce} ${bootLine}`
}

/** An exchange that ends the loop: a terminal passes on no end of input. */
export const goodbye = '0 5 0 -\nexit\n'
