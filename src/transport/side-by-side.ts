// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text is a shell program

import { quote } from '../util/sh.ts'
import type { Beside, Job } from './session-types.ts'

/*
 * Jobs that run at the same time, in a session whose loop knows nothing of them: what they need goes with their exchange, so that no
 * other pays for it.
 *
 * - Lanes, as many as may run at once, are the members of one pipeline of the session's shell. A pipeline stands in the foreground:
 *   the shell takes a signal when it has ended, as with a single job, and its members do not have SIGINT and SIGQUIT ignored, as what
 *   `&` starts would have. Nothing goes through its pipes.
 * - A lane takes the next item by making a file that must not be there (`set -C`), which starts no process. So items begin in their
 *   order, and at each time those that have begun are the first ones of their group.
 * - What a job came to stands in a file of its own, as its output does. Where that is missing, its lane was killed.
 * - `at` and `to` tell the controller when each step has begun and ended; each is one write, so they do not mix.
 * - Where `0fail` is, no further item begins; an item that has begun goes on to its end.
 */
const lanes = `rc_side() {
[ "$2" = 0 ] || { [ -e "0halt.$rc_q" ] && rc_k=1; }
[ "$2$rc_k" != 11 ] || return 0
rc_p=/dev/null
{ [ "$4" = - ] || { rc_p=$1.p; tail -c "+$4" in | head -c "$3" >"$rc_p"; }; } && printf "echo \\$\\$ >0pid.$1; cd /; %s\\n" "$6" >"$1.sh" || { rc_k=1; true >0full; return 0; }
[ "$2" = 0 ] || rc_say "$rc_q at $1"
sh "./$1.sh" <"$rc_p" >"$1.o" 2>"$1.e" 9>&-
rc_r=$?
printf '%s\\n' "$rc_r" >"$1.r" || true >0full
[ "$2" = 0 ] && return
case " $5 " in *" $rc_r "*) ;; *) rc_k=1; true >0fail ;; esac
rc_say "$rc_q to $1"
}
rc_lane() {
rc_u=0
while [ "$rc_u" -lt "$2" ]; do
rc_u=$((rc_u+1))
[ "$3" = 0 ] || [ ! -e 0fail ] || return 0
set -C
{ true >"0take.$1.$rc_u"; } 2>/dev/null
rc_r=$?
set +C
[ "$rc_r" = 0 ] || continue
rc_k=0
"rc_g$1_$rc_u"
done
}
rc_got() {
rc_i=$1 rc_r=
{ read -r rc_r <"$1.r"; } 2>/dev/null
[ -n "$rc_r" ] || { rc_r=-; [ ! -e "$1.sh" ] || { rc_r=137; true >0fail; }; }
rc_s="$rc_s $rc_r"
[ "$rc_r" != - ] || rc_x=1
[ "$rc_r" = - ] || [ -z "$3" ] || { rc_y=$((rc_y+1)); rc_h="$rc_h$rc_r $3
"; }
}
rc_over() {
[ "$2" = 0 ] || [ ! -e 0fail ] || rc_k=1
[ -z "$rc_x" ] || [ "$2$rc_k" = 11 ] || [ -e "0halt.$rc_q" ] || rc_e=\${rc_e:-full}
[ ! -e 0full ] || rc_e=full
[ -z "$rc_h" ] || { rc_a=+ rc_c=; }
rc_y=$((rc_y-$1))
}`

/** What a session's shell must know before {@link sideBySide}; once in an exchange. */
export const sideBySideProgram: string = lanes

/** A job with its number in the exchange, and the place of its payload. */
export interface Placed {
  readonly job: Job
  readonly number: number
  readonly place: number | undefined
}

/** Runs the jobs of one group, of which `number` is that of the group in its exchange. */
export function sideBySide(placed: readonly Placed[], number: number): string {
  const [{ job: first }] = placed as readonly [Placed]
  const { group } = first.beside!
  const step = first.step === true ? 1 : 0
  const items: Placed[][] = []
  for (const one of placed) {
    const last = items.at(-1)
    if (last?.[0]?.job.beside?.item === one.job.beside?.item) last?.push(one)
    else items.push([one])
  }
  const functions = items.map((item, at) => `rc_g${number}_${at + 1}() {\n${item.map((one) => callOf(one, step)).join('\n')}\n}`)
  const count = Math.min(group.most, items.length)
  const lane = `rc_lane ${number} ${items.length} ${step} </dev/null >&8 8>&-`
  return `${functions.join('\n')}
${first.begins ? '[ ! -e "0next.$rc_q" ] || rc_k=1\n' : ''}rc_x= rc_h= rc_y=0
if [ "${step}$rc_k" != 11 ] && [ -z "$rc_e" ]; then
printf "$rc_w"; rc_w=
{ ${Array.from({ length: count }, () => lane).join(' | ')}; } 8>&1
fi
${placed.map(({ job, number: at }) => `rc_got ${at} ${step} ${quote(job.about === undefined ? '' : JSON.stringify(job.about))}`).join('\n')}
rc_over ${count} ${step}`
}

function callOf({ job, number, place }: Placed, step: number): string {
  const okCodes = quote((job.okCodes ?? [0]).join(' '))
  return `rc_side ${number} ${step} ${place === undefined ? '- -' : `${job.stdin!.length} ${place}`} ${okCodes} ${quote(job.script.text)}`
}

/** Whether a job stands beside the one before it. */
export function isBeside(job: Job, before: Job | undefined): boolean {
  return before?.beside !== undefined && groupOf(job) === before.beside.group
}

function groupOf(job: Job): Beside['group'] | undefined {
  return job.beside?.group
}
