import type { Read } from '../dsl/resource.ts'
import type { Job } from '../transport/session-types.ts'
import { inLines, type Script, sh, word } from '../util/sh.ts'
import { compileReads } from './exchange.ts'

/** A look at some states before a batch, and the same look again before the call that was decided from them. */
export interface Guard {
  /** Keeps the script and what it says in the session's own folder. */
  readonly before: Script
  /** A step: it fails when the look is another now, so that nothing behind it runs. */
  readonly again: Job
}

/**
 * A guard over reads. A job starts in the session's folder and goes to `/`, so `OLDPWD` is that folder, which is removed with
 * the session and whose files with a digit in front are removed with each exchange. Where there is no `cmp` no guard passes.
 * @param number Another one for each guard of an exchange.
 */
export function guardOf(reads: readonly Read[], number: number): Guard {
  const looks = compileReads(reads).jobs.map(
    ({ script }) => sh`( ${script}
)`,
  )
  const [script, seen] = [`0.look${number}`, `0.seen${number}`]
  return {
    before: sh`printf %s ${word(inLines(looks))} >"$OLDPWD"/${script} && ( . "$OLDPWD"/${script} ) </dev/null >"$OLDPWD"/${seen} 2>/dev/null`,
    again: { script: sh`( . "$OLDPWD"/${script} ) </dev/null 2>/dev/null | cmp -s - "$OLDPWD"/${seen}`, step: true },
  }
}

/** All first looks of an exchange as one job. One that fails is seen by its guard. */
export function looksBefore(guards: readonly Guard[]): readonly Job[] {
  return guards.length === 0
    ? []
    : [
        {
          script: sh`${inLines(guards.map(({ before }) => before))}
:`,
          step: true,
        },
      ]
}
