import { Script, sh } from '../util/sh.ts'
import { atTerminal, processTree } from './cancel-script.ts'
import type { Running } from './session-types.ts'

/** Says the process that stands in the directory of a session of the same user; nothing where it has none yet. */
export function locateScript({ pid, nonce }: Running): Script {
  return sh`loop=${pid}
case $(tr '\0' ' ' <"/proc/$loop/cmdline" 2>/dev/null) in *${nonce}*) ;; *) exit 0 ;; esac
d=/proc/$loop/cwd
${processTree}
${atTerminal}
[ ! -d "$d/x" ] || printf '%s\n' "$loop"
exit 0`
}

/**
 * Sets `o` and `e` to the two outputs of the step that runs in the directory of a process; without a step, of the user's own script
 * that only reads, which has said where it writes.
 */
export function outputsOf(process: number, step: number | undefined): Script {
  return sh`cd ${`/proc/${process}/cwd`} && [ -d x ] || exit 0
${step === undefined ? new Script('read -r d <0out || exit 0; o=$d/out e=$d/err') : sh`o=${`${step}.o`} e=${`${step}.e`}`}`
}

/** Prints the ends of both outputs that `files` names, the one that was written to last behind the mark. One program for each. */
export function peekScript(files: Script, bytes: number, mark: string): Script {
  return sh`${files}
if [ "$o" -nt "$e" ]; then d=$o o=$e e=$d; fi
[ ! -s "$o" ] || tail -c ${bytes} "$o"
printf '\n%s\n' ${mark}
[ ! -s "$e" ] || tail -c ${bytes} "$e"
exit 0`
}
