import type { TaskRecord } from '../dsl/record.ts'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import { limitConcurrency } from '../util/concurrency.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { type Once, shareWork } from './once.ts'
import { skippedResult } from './outcome.ts'
import { clearPending, notePending, parsePending, readPending, recordsOf } from './pending.ts'
import { unlessUnreachable, userOf } from './reads.ts'
import { runTask } from './run-task.ts'

/**
 * Runs one play. `linear`: task by task, every host finishing a task before any host begins the next (Ansible's order); then
 * the handlers, in the order they are declared. `free`: each host for itself. A host that failed runs no handlers: they stay
 * recorded on it for the next run, since a restart with half a configuration is worse than a late one.
 */
export async function runPlay(context: PlayContext, forks: number): Promise<void> {
  const { play, hosts, tasks } = context.selected
  const count = tasks.filter((task) => task.kind === 'task').length
  context.emit({ event: 'play', play: play.name, ...(play.connection && { connection: 'local' }), hosts, tasks: count })
  const together = limitConcurrency(forks)
  const rounds = openRounds(context)
  for (const host of context.hosts.values())
    for (const task of play.tasks) if (!tasks.includes(task)) host.results.set(task, skippedResult(task))
  if (play.strategy === 'free') {
    await Promise.all([...context.hosts.values()].map((host) => together(() => runTasks(rounds, [host], (work) => work()))))
    return
  }
  await runTasks(rounds, [...context.hosts.values()], together)
}

/** The tasks and handlers of a play on some of its hosts, which wait for each other at each of them. */
async function runTasks(rounds: Rounds, hosts: readonly PlayHost[], together: <T>(work: () => Promise<T>) => Promise<T>): Promise<void> {
  const { context } = rounds
  const { play, tasks } = context.selected
  const running = () => hosts.filter((host) => host.state.status === 'running')
  const flush = async (turn: number) => {
    if (play.handlers.length === 0) return
    await Promise.all(
      running().map((host) => together(() => unlessLost(context, host, 'pending handlers', () => findPending(context, host)))),
    )
    for (const handler of play.handlers) {
      const notified = running().filter((host) => host.notified.has(handler))
      const round = rounds.of(`${turn} ${handler.id}`, true)
      await Promise.all(
        notified.map((host) => together(() => unlessLost(context, host, handler.name, () => runHandler(round, host, handler)))),
      )
    }
  }
  for (const [turn, task] of tasks.entries()) {
    if (task.kind === 'flush') {
      await flush(turn)
      continue
    }
    const left = running()
    const round = rounds.of(`${turn}`, left.length === 1)
    await Promise.all(left.map((host) => together(() => runTask(round, host, task, tasks.slice(turn + 1)))))
  }
  await flush(tasks.length)
}

interface Rounds {
  readonly context: PlayContext
  /** The context of one turn, in which all hosts share work whenever they come to it. */
  readonly of: (turn: string, free: boolean) => PlayContext
}

function openRounds(context: PlayContext): Rounds {
  const shared = new Map<string, Once>()
  return {
    context,
    of: (turn, free) => {
      const once = shared.get(turn) ?? shareWork()
      shared.set(turn, once)
      return { ...context, once, free }
    },
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
  const own = state.access.as(play.become)
  const users = new Set([own, ...tasks.filter(({ notify }) => notify.length > 0).map((task) => userOf(context, playHost, task))])
  for (const as of users) {
    if (state.pendingRead.has(as)) continue
    const asked = state.access.reader.read(as, [readPending(state.access.userOf(as))])
    const replies = as === own ? await asked : await asked.catch(unlessUnreachable)
    if (replies) notePending(state, as, parsePending(replies[0]!))
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
