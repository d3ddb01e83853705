import type { TaskRecord } from '../dsl/record.ts'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { tellLost } from './lost-steps.ts'
import { clearPending, notePending, readPending, recordsOf } from './pending.ts'
import { mayBegin, type Walk } from './play-run.ts'
import { unlessUnreachable, userOf } from './reads.ts'
import { reconnect } from './rescue.ts'
import { runTask } from './run-task.ts'
import { haltWhereStopped } from './stop.ts'

/** Runs the handlers notified so far, in the order they are declared, each once; also what an earlier run has left owed. */
export async function flushHandlers(walk: Walk, hosts: readonly PlayHost[], turn: string): Promise<void> {
  const { run, together } = walk
  const { context } = run
  const { play } = context.selected
  if (play.handlers.length === 0) return
  const running = () => {
    haltWhereStopped(walk, hosts)
    return mayBegin(walk) ? hosts.filter(({ state }) => state.status === 'running') : []
  }
  await Promise.all(
    running().map((host) => together(() => unlessLost(context, host, 'pending handlers', () => findPending(context, host)))),
  )
  for (const handler of play.handlers) {
    const notified = running().filter((host) => host.notified.has(handler))
    // It stays recorded on the hosts, and is asked for again.
    if (context.step && !(await context.step.allows(handler, notified))) continue
    const round = run.round(`${turn} ${handler.id}`, true)
    const bounded = run.bounded(handler, handler.throttle)
    await Promise.all(
      notified.map((host) =>
        bounded(() => together(() => unlessLost(context, host, handler.name, () => runHandler(round, host, handler)))),
      ),
    )
  }
}

/** A link that is lost outside a task ends the host as one lost inside a task does. */
async function unlessLost(context: PlayContext, playHost: PlayHost, task: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    const { state } = playHost
    state.status = error instanceof UnreachableError ? 'unreachable' : 'failed'
    state.counts[state.status] += 1
    const { host } = state
    context.emit({
      event: 'task',
      host: host.name,
      play: context.selected.play.name,
      task,
      module: '',
      handler: true,
      outcome: state.status,
      confidence: 'certain',
      error: { ...error.details, host: host.name, task },
      durationMs: 0,
    })
  }
}

/** Handlers that an earlier run notified and did not live to run are notified again. */
async function findPending(context: PlayContext, playHost: PlayHost): Promise<void> {
  const { play, tasks } = context.selected
  const { state } = playHost
  if (state.lost) await reconnect(state)
  const own = state.access.as(play.become)
  const users = new Set([own, ...tasks.filter(({ notify }) => notify.length > 0).map((task) => userOf(context, playHost, task))])
  for (const as of users) {
    if (state.pendingRead.has(as)) continue
    const asked = state.access.reader.read(as, [readPending(state.access.userOf(as))])
    const replies = as === own ? await asked : await asked.catch(unlessUnreachable)
    if (replies) notePending(state, as, replies[0]!)
    await tellLost(context, state, as)
  }
  for (const [id, since] of state.pending.all()) {
    const handler = play.handlers.find((candidate) => candidate.id === id)
    if (handler && !playHost.notified.has(handler)) {
      playHost.notified.add(handler)
      context.emit({
        event: 'warning',
        host: state.host.name,
        message: `handler '${handler.name}' is pending since ${since}: a run changed something and did not live to run it`,
      })
    } else if (!handler && id.startsWith(`${play.name} / `)) {
      context.emit({
        event: 'warning',
        host: state.host.name,
        message: `a pending handler is no longer in the playbook: '${id}', since ${since}`,
        fix: 'Do by hand what it would have done.',
      })
    }
  }
}

/** Says of each host which handlers it owes still, where the run ended before their turn. */
export function tellOwed({ hosts, selected: { play }, emit }: PlayContext): void {
  for (const [host, { state }] of hosts) {
    const names = play.handlers.filter(({ id }) => state.pending.usersOf(id).length > 0).map(({ name }) => `'${name}'`)
    if (names.length > 0)
      emit({
        event: 'warning',
        host,
        message: `handlers were notified and have not run: ${names.join(', ')}; they are recorded on the host`,
        fix: 'The next run of the playbook runs them.',
      })
  }
}

async function runHandler(context: PlayContext, playHost: PlayHost, handler: TaskRecord): Promise<void> {
  playHost.notified.delete(handler)
  playHost.evaluations.delete(handler)
  await runTask(context, playHost, handler, [])
  const { state } = playHost
  if (state.status !== 'running') return
  // It ran as another user than it was recorded as, or had nothing to change: such records are cleared on their own.
  for (const as of state.pending.usersOf(handler.id)) {
    await state.access.writer?.apply(as, [clearPending(state.access.userOf(as), recordsOf(state, [handler]))])
    state.pending.drop(handler.id, as)
  }
}
