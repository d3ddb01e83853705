import type { Happening, StepOutcome } from '../dsl/definition.ts'
import { outputLines, ranFields } from './result-fields.ts'

/** What a command leaves, by Ansible's names. In check mode it has not run: only `ran` and `reason` can be read then. */
export interface CommandResult {
  /** False where `creates`, `removes`, `unless` or `onlyIf` left it out; its `rc` is 0 then, its output empty. */
  readonly ran: boolean
  readonly rc: number
  readonly stdout: string
  readonly stderr: string
  readonly stdoutLines: readonly string[]
  readonly stderrLines: readonly string[]
  /** The words of a `command`, the script of a `shell`; secrets are not shown. */
  readonly cmd: string | readonly string[]
  /** By the controller's clock, ISO 8601; absent where it has not run. */
  readonly start?: string
  readonly end?: string
  /** `0:00:01.250`. */
  readonly delta?: string
  readonly msg: string
  /** With `async` and `poll: 0`: the name of what runs now, for `asyncStatus`. Its `rc` is 0 then, its output empty. */
  readonly job?: string
  /** Why it has not run. */
  readonly reason?: string
}

/** What they are. */
export const commandFields = {
  ...ranFields,
  ran: 'whether it ran: never in check mode, nor where creates, removes, unless or onlyIf left it out; then rc is 0 and the output empty',
  ...outputLines,
  cmd: 'the words of a command, the script of a shell; secrets are not shown',
  start: 'when it began by the clock of the controller, as an ISO time',
  end: 'when it ended',
  delta: "how long it took: '0:00:01.250'",
  job: 'with async and poll: 0, the name of what runs now, for asyncStatus; rc is 0 then and the output empty',
  msg: "'non-zero return code', or why it was left out",
}

/** The result of a command that has run, whatever its exit code. */
export function commandResult(
  cmd: CommandResult['cmd'],
  { code, stdout, stderr }: StepOutcome,
  { start, end }: Happening,
  stripEmptyEnds = true,
): CommandResult {
  const [out, error] = [stdout, stderr].map((bytes) => {
    const text = Buffer.from(bytes).toString('utf8')
    return stripEmptyEnds ? text.replace(/[\r\n]+$/, '') : text
  }) as [string, string]
  return {
    ran: true,
    rc: code,
    stdout: out,
    stderr: error,
    stdoutLines: linesOf(out),
    stderrLines: linesOf(error),
    cmd,
    start: start.toISOString(),
    end: end.toISOString(),
    delta: deltaOf(end.getTime() - start.getTime()),
    msg: code === 0 ? '' : 'non-zero return code',
  }
}

/** The result of a command that there was no need to run. */
export function idleCommand(cmd: CommandResult['cmd'], reason: string): CommandResult {
  const msg = `skipped, since ${reason}`
  return { ran: false, reason, rc: 0, stdout: '', stderr: '', stdoutLines: [], stderrLines: [], cmd, msg }
}

export function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
}

function deltaOf(milliseconds: number): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const seconds = Math.floor(milliseconds / 1000)
  const rest = String(milliseconds % 1000).padStart(3, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${rest}`
}
