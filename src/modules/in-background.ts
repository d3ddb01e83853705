import { Refusal, type StepOutcome, type Waiting } from '../dsl/definition.ts'
import { Type } from '../dsl/schema.ts'
import { type RunStep, run } from '../dsl/step.ts'
import { jobName, jobOutputs, jobScript, nameOfStarted, parseJobs, removeJob, startJob } from '../resources/background.ts'
import type { Script } from '../util/sh.ts'
import { sha256 } from '../util/sha256.ts'

/** What lets a command run by itself, whatever becomes of the link. */
export const backgroundParams = {
  async: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'runs by itself on the host, for so many seconds at most; a link that is lost meanwhile does it no harm',
    }),
  ),
  poll: Type.Optional(
    Type.Number({
      minimum: 0,
      description: 'with async: seconds between two looks at it, default 15. 0: the task ends at once, and asyncStatus looks later',
    }),
  ),
  job: Type.Optional(
    Type.String({
      pattern: jobName.source,
      description: 'with async: a name by which asyncStatus finds it, in a later run too; without it one is made up',
    }),
  ),
}

export interface Background {
  readonly async?: number | undefined
  readonly poll?: number | undefined
  readonly job?: string | undefined
}

/** @throws Refusal for what means nothing without `async`. */
export function checkBackground({ async, poll, job }: Background): void {
  if (async !== undefined || (poll === undefined && job === undefined)) return
  throw new Refusal(`${poll === undefined ? 'job' : 'poll'} is for a command with async`, 'Say by async how many seconds it may run.')
}

/** The step that starts it. */
export function backgroundStep({ async, job }: Background, script: Script, stdin: Uint8Array | undefined, sealed: boolean): RunStep {
  // Nothing is kept that a secret could be guessed by.
  const likeness = script.sealed || sealed ? undefined : sha256(Buffer.concat([Buffer.from(`${script.text}\0`), stdin ?? Buffer.of()]))
  return { ...run(startJob({ script, seconds: async!, name: job, likeness }), stdin), title: script.shown.trim() }
}

/** How its end is waited for; undefined where it is left alone. */
export function waitingFor({ async, poll = 15 }: Background): Waiting | undefined {
  if (async === undefined || poll === 0) return undefined
  return {
    seconds: async,
    poll,
    look: (started) => jobScript([nameOfStarted(started)]),
    ended: (stdout) => {
      const [state] = parseJobs(stdout, 1)
      const { status, over, rc } = state!
      if (status === 'running') return undefined
      const outcome = { code: rc, stdout: Buffer.from(state!.stdout), stderr: Buffer.from(state!.stderr) }
      if (status === 'done' && !over) return { outcome }
      return { outcome, problem: over ? `it was ended after ${async} seconds` : 'it is gone, and nobody knows how it ended' }
    },
    outputs: (started) => jobOutputs(nameOfStarted(started)),
    tidy: (started) => removeJob(nameOfStarted(started)),
  }
}

/** Whether a task only starts it. */
export const isLeftAlone = ({ async, poll }: Background): boolean => async !== undefined && poll === 0

export const startedJob = (outcome: StepOutcome): string => nameOfStarted(outcome)
