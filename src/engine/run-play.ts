import { batchesOf } from '../dsl/serial.ts'
import { limitConcurrency } from '../util/concurrency.ts'
import type { PlayContext } from './context.ts'
import { flushHandlers } from './handlers.ts'
import { skippedResult } from './outcome.ts'
import { type Limiter, openPlayRun, type PlayRun, unbounded, type Walk } from './play-run.ts'
import { runNodes } from './run-nodes.ts'
import { isDown, stop } from './stop.ts'
import { treeOf } from './tree.ts'

/**
 * Runs one play, batch after batch. `linear`: task by task, every host finishing a task before any host begins the next (Ansible's
 * order); then the handlers, in the order they are declared. `free` and `hostPinned`: each host for itself. A host that failed runs
 * no handlers: they stay recorded on it for the next run, since a restart with half a configuration is worse than a late one.
 * @param more Whether plays stand behind it, which a run that ends here leaves out.
 * @returns whether the run goes on: not where all hosts of a batch have failed, nor where the play says that too many have.
 */
export async function runPlay(context: PlayContext, forks: number, more = false): Promise<boolean> {
  const { play, hosts, tasks } = context.selected
  const count = tasks.filter((task) => task.kind === 'task').length
  context.emit({ event: 'play', play: play.name, ...(play.connection && { connection: 'local' }), hosts, tasks: count })
  for (const host of context.hosts.values())
    for (const task of play.tasks) if (!tasks.includes(task)) host.results.set(task, skippedResult(task))
  const run = openPlayRun(context)
  const together = limitConcurrency(forks)
  const batches = batchesOf(hosts, play.serial)
  for (const [turn, batch] of batches.entries()) {
    if (batches.length > 1) context.emit({ event: 'batch', play: play.name, number: turn + 1, of: batches.length, hosts: batch })
    run.ahead = batches.slice(turn + 1).flat()
    await runBatch(run, batch, `${turn}:`, together)
    if (run.stopped !== undefined || run.ended === 'play') break
    run.ended = undefined
    if (batch.length > 0 && batch.every((name) => isDown(context, name))) {
      const reason = `${allFailed(batch, batches.length - turn - 1)}${run.ahead.length === 0 ? ', so the plays behind it are left out' : ''}`
      // Where nothing is left out there is nothing to say.
      if (run.ahead.length > 0 || more) stop(run, batch, reason)
      else run.stopped ??= reason
    }
    if (run.stopped !== undefined) break
  }
  return run.stopped === undefined
}

function allFailed(batch: readonly string[], left: number): string {
  const which = batch.length === 1 ? `host ${batch[0]} has failed` : `all ${batch.length} hosts have failed`
  return left === 0 ? which : `${which}, so ${left === 1 ? 'the last batch is' : `${left} batches are`} left out`
}

async function runBatch(run: PlayRun, batch: readonly string[], turn: string, together: Limiter): Promise<void> {
  const { context } = run
  const { play, tasks } = context.selected
  const hosts = batch.flatMap((name) => context.hosts.get(name) ?? [])
  const nodes = treeOf(tasks)
  const through = async (walk: Walk, group: typeof hosts) => {
    await runNodes(walk, nodes, group, false, turn)
    await flushHandlers(
      walk,
      group.filter(({ state }) => state.status === 'running'), // Also where the play has ended early: handlers are owed all the same.
      `${turn}end`,
    )
  }
  // Who answers for each task answers for all its hosts.
  if (play.strategy === 'linear' || context.step) return through({ run, batch, alone: false, together }, hosts)
  const [tasksAtOnce, hostsAtOnce] = play.strategy === 'hostPinned' ? [unbounded, together] : [together, unbounded]
  await Promise.all(hosts.map((host) => hostsAtOnce(() => through({ run, batch, alone: true, together: tasksAtOnce }, [host]))))
}
