import type { TaskRecord } from '../dsl/record.ts'
import { formatLine, RollcallError } from '../model/errors.ts'
import type { PlayContext, PlayHost, Terminal } from './context.ts'
import { skippedResult } from './outcome.ts'

/** The person's word before each task. */
export interface Stepping {
  /** Asks once for all hosts on which the task is due; of none, nothing is asked. */
  readonly allows: (task: TaskRecord, hosts: readonly PlayHost[]) => Promise<boolean>
}

/**
 * Asks before each task and handler: yes, no (as in Ansible also an empty line), or continue, after which nothing more is asked.
 * @throws RollcallError (exit 1) where nobody can be asked.
 */
export function stepByStep(terminal: Terminal | undefined): Stepping {
  if (!terminal)
    throw new RollcallError({
      summary: '--step asks before each task, and there is no terminal',
      fix: 'Run it on a terminal, or begin in the middle without questions: --start-at-task.',
      exitCode: 1,
    })
  let asking = true
  return {
    allows: async (task, hosts) => {
      const what = `${task.kind === 'handler' ? 'Handler' : 'Task'} '${task.name}' on ${namesOf(hosts)}`
      while (asking && hosts.length > 0) {
        const answer = (await terminal.ask(`${what}? (y)es, (N)o, (c)ontinue`, { echo: true })).trim().toLowerCase()
        if (['n', 'no', ''].includes(answer)) return false
        if (['y', 'yes'].includes(answer)) return true
        if (['c', 'continue'].includes(answer)) asking = false
        else terminal.say(`'${answer}' is none of: y to run it, n to leave it out, c to run it and all others`)
      }
      return true
    },
  }
}

function namesOf(hosts: readonly PlayHost[]): string {
  const names = hosts.map(({ state }) => state.host.name)
  return names.length > 4 ? `${names.length} hosts` : names.join(', ')
}

/** A task that the person left out counts as skipped, for later tasks as well. */
export function skipUnasked(context: PlayContext, { state, results }: PlayHost, task: TaskRecord): void {
  results.set(task, skippedResult(task))
  state.counts.skipped += 1
  context.emit({
    event: 'task',
    host: state.host.name,
    play: context.selected.play.name,
    task: task.name,
    module: '',
    handler: false,
    ...(task.at && { at: formatLine({ ...task.at, file: context.relative(task.at.file) }) }),
    outcome: 'skipped',
    confidence: 'certain',
    reason: 'answered no to --step',
    durationMs: 0,
  })
}
