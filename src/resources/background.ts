import type { StepOutcome } from '../dsl/definition.ts'
import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh, word } from '../util/sh.ts'
import { outputReader } from './output-reader.ts'

/** A command that runs on a host by itself, whatever becomes of the link. */
export interface JobState {
  /** `lost`: it ended and nobody wrote down how, as by a reboot. */
  readonly status: 'absent' | 'running' | 'done' | 'lost'
  readonly rc: number
  /** It was ended because its time was over. */
  readonly over: boolean
  readonly stdout: string
  readonly stderr: string
}

/** What a job may be called, by us and by users: it is the name of a folder. */
export const jobName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Where jobs of the user lie, as `$d`. */
export const jobsFolder = new Script(`case $(id -u) in 0) d=/var/lib/rollcall/jobs ;; *) d=$HOME/.local/state/rollcall/jobs ;; esac`)

// Away from our session: a process group of its own where there is setsid, and one more for the command, so that it can be
// ended with all that it started. Whoever removes the folder ends the watch over its time, too.
const runner = `j=$1
n=$2
if command -v setsid >/dev/null 2>&1; then set -- setsid; g=-; else set --; g=; fi
"$@" sh "$j/script" <"$j/input" >"$j/out" 2>"$j/err" & c=$!
printf '%s\\n' "$$" >"$j/pid"
(
  s=1
  i=0
  [ "$n" -le 60 ] || s=5
  while [ -d "$j" ] && [ ! -s "$j/rc" ]; do
    if [ "$i" -ge "$n" ]; then
      : >"$j/over"
      kill -TERM "$g$c"
      sleep 5
      [ -s "$j/rc" ] || kill -KILL "$g$c"
      exit
    fi
    sleep "$s"
    i=$((i + s))
  done
) >/dev/null 2>&1 &
wait "$c"
printf '%s\\n' "$?" >"$j/rc"`

/** What is started, and how long it may run. */
export interface NewJob {
  readonly script: Script
  readonly seconds: number
  /** Absent: a name is made up. */
  readonly name: string | undefined
  /** What tells the command from others of its name: one that is like it and still runs is not started again. Absent: nothing is. */
  readonly likeness?: string | undefined
}

/**
 * Starts a command and leaves it alone; prints the name of the job. Standard input is the command's. The script removes itself
 * and its input once it is read, since secrets may stand in them.
 */
export function startJob({ script, seconds, name, likeness = '' }: NewJob): Script {
  const whole = sh`rm -f -- "$0" "${new Script(`\${0%script}`)}input"
${script}`
  return sh`umask 077
${jobsFolder}
mkdir -p "$d" || exit
find "$d" -mindepth 2 -maxdepth 2 -name rc -mtime +7 2>/dev/null | while IFS= read -r f; do rm -rf -- "${new Script(`\${f%/rc}`)}"; done
if [ -n ${name ?? ''} ]; then
  j=$d/${name ?? ''}
  if [ -d "$j" ] && [ ! -s "$j/rc" ] && kill -0 "$(cat "$j/pid")" 2>/dev/null; then
    l=; [ ! -f "$j/like" ] || IFS= read -r l <"$j/like"
    if [ -n "$l" ] && [ "$l" = ${likeness} ]; then printf '%s\n' ${name ?? ''}; exit; fi
    echo 'another job of this name is still running on the host' >&2
    exit 1
  fi
  rm -rf -- "$j" && mkdir "$j" || exit
else
  j=$(mktemp -d "$d/XXXXXXXXXX") || exit
fi
printf '%s\n' ${likeness} >"$j/like"
cat >"$j/input" && printf '%s' ${word(whole)} >"$j/script" && printf '%s\n' ${script.shown.trim().split('\n')[0]!} >"$j/about" || exit
if command -v setsid >/dev/null 2>&1; then set -- setsid; else trap '' HUP; set --; fi
"$@" sh -c ${runner} sh "$j" ${seconds} </dev/null >/dev/null 2>&1 &
[ -s "$j/pid" ] || printf '%s\n' "$!" >"$j/pid"
printf '%s\n' "${new Script(`\${j##*/}`)}"`
}

/** Removes what a job has left. */
export function removeJob(name: string): Script {
  return sh`${jobsFolder}
rm -rf -- "$d"/${name}`
}

/** Sets `o` and `e` to the files that a job writes to. */
export function jobOutputs(name: string): Script {
  return sh`${jobsFolder}
o=$d/${name}/out e=$d/${name}/err`
}

const each = new Script(`send() {
  if [ -s "$1" ]; then n=$(wc -c <"$1"); n=$((n)); else n=0; fi
  printf '%s\\0' "$n"
  [ "$n" = 0 ] || head -c "$n" <"$1"
}
for i do
  j=$d/$i
  if [ ! -d "$j" ]; then printf 'absent\\0'; continue; fi
  if [ ! -s "$j/rc" ]; then
    if [ ! -s "$j/pid" ] || kill -0 "$(cat "$j/pid")" 2>/dev/null; then printf 'running\\0'; continue; fi
    [ -s "$j/rc" ] || { printf 'lost\\0'; send "$j/out"; send "$j/err"; continue; }
  fi
  if [ -e "$j/over" ]; then printf 'over\\0'; else printf 'done\\0'; fi
  printf '%s\\0' "$(cat "$j/rc")"
  send "$j/out"
  send "$j/err"
done
exit 0`)

/** What became of jobs. */
export function jobScript(names: readonly string[]): Script {
  return sh`${jobsFolder}
set -- ${names}
${each}`
}

export function parseJobs(stdout: Uint8Array, count: number): readonly JobState[] {
  const output = outputReader(stdout)
  const text = () => Buffer.from(output.take(Number(output.record()))).toString('utf8')
  return Array.from({ length: count }, (): JobState => {
    const word = output.record()
    const none = { rc: 0, over: false, stdout: '', stderr: '' }
    if (word === 'absent' || word === 'running') return { ...none, status: word }
    if (word === 'lost') return { ...none, status: word, stdout: text(), stderr: text() }
    return { status: 'done', over: word === 'over', rc: Number(output.record()), stdout: text(), stderr: text() }
  })
}

/** Jobs by name. They go on by themselves, so they are never read ahead. */
export const jobKind: ResourceKind<JobState> = {
  name: 'job',
  needs: ['status'],
  freshness: 'live',
  script: (requests) => jobScript(requests.map(({ id }) => id)),
  parse: (stdout, requests) => parseJobs(stdout, requests.length),
  describe: ({ status, rc }) => ({ fields: { status, rc: String(rc) } }),
  absent: ({ status }) => status === 'absent',
}

/** Reads what has become of a job. */
export const job = (name: string): Read<JobState> => readOf(jobKind, name)

/** The name that {@link startJob} printed. */
export const nameOfStarted = ({ stdout }: StepOutcome): string => Buffer.from(stdout).toString('utf8').trim()
