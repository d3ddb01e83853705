import type { TaskRecord } from '../dsl/record.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { evaluate } from './evaluate.ts'
import { flushHandlers } from './handlers.ts'
import { goesOn, mayBegin, type Walk } from './play-run.ts'
import { answering, fallen, forget, pardon, raise } from './rescue.ts'
import { tellRetry, untilNext } from './retry.ts'
import { runTask } from './run-task.ts'
import { skipUnasked } from './step-by-step.ts'
import { haltWhereStopped, heedSteering, stop, stopWhereTooMany } from './stop.ts'
import { type BlockNode, type Node, type TaskNode, tasksIn } from './tree.ts'

/**
 * Tasks and blocks one after another, on hosts that wait for each other at each of them.
 * @param guarded A failure here may be put right by a `rescue` around it: so far no host counts as failed.
 */
export async function runNodes(walk: Walk, nodes: readonly Node[], hosts: readonly PlayHost[], guarded = false, turn = ''): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    haltWhereStopped(walk, hosts)
    const left = hosts.filter((host) => goesOn(walk, host) && (mayBegin(walk) || host.prepared.size > 0))
    if (left.length === 0) return
    const place = `${turn}${index}`
    if ('block' in node) await runBlocks(walk, node, left, guarded, place)
    else if (node.task.kind === 'flush') await flushHandlers(walk, left, place)
    else await runTurn(walk, node, left, guarded, place)
    if (!guarded) stopWhereTooMany(walk)
  }
}

async function runTurn(walk: Walk, { task, coming }: TaskNode, hosts: readonly PlayHost[], guarded: boolean, place: string): Promise<void> {
  const { run, together } = walk
  const { step } = run.context
  if (step && !(await step.allows(task, hosts))) {
    for (const host of hosts) skipUnasked(run.context, host, task)
    return
  }
  const round = run.round(place, walk.alone || hosts.length === 1)
  const bounded = run.bounded(task, task.throttle)
  const begin = async (host: PlayHost) => {
    if (mayBegin(walk) || hasRun(round, host, task)) await runTask(round, host, task, comingOn(host, coming()))
  }
  const on = (host: PlayHost) => bounded(() => together(() => begin(host)))
  if (task.runOnce) await runOnce(walk, task, hosts, on)
  else await Promise.all(hosts.map(on))
  const failed = hosts.filter(({ state: { status } }) => status === 'failed' || status === 'unreachable')
  if (failed.length === 0 || !(task.anyErrorsFatal || task.runOnce)) return
  const reason = `task '${task.name}' failed on ${failed.map(({ state }) => state.host.name).join(', ')}, which counts for all hosts`
  if (!guarded) stop(run, walk.batch, reason)
  else if (!walk.alone) for (const host of hosts) if (host.state.status === 'running') fall(host, task, reason)
}

/** What comes on a host: one that only tidies up goes no further. */
function comingOn({ leaving }: PlayHost, coming: readonly TaskRecord[]): readonly TaskRecord[] {
  const from = leaving.at(-1)
  return from ? coming.filter(({ within }) => within.some(({ block, part }) => block === from && part === 'always')) : coming
}

/** Whether a task has gone along with an earlier one; one that is skipped in between is told with it. */
function hasRun(context: PlayContext, host: PlayHost, task: TaskRecord): boolean {
  if (host.prepared.size === 0) return false
  const evaluation = evaluate(context, host, task)
  if (evaluation.kind === 'skipped' || (evaluation.kind === 'ready' && evaluation.calls.some((call) => host.prepared.has(call))))
    return true
  host.prepared.clear()
  return false
}

/** A host that has not failed, but must not go on past what failed elsewhere. */
function fall(host: PlayHost, task: TaskRecord, message: string): void {
  host.state.status = 'stopped'
  host.failure = { task: task.name, message, unreachable: false, result: {} }
}

/** On the first host that comes to it, whichever batch that is in; what it leaves is left on all. */
async function runOnce(
  { run, alone }: Walk,
  task: TaskRecord,
  hosts: readonly PlayHost[],
  on: (host: PlayHost) => Promise<void>,
): Promise<void> {
  const known = run.once.get(task)
  const [first] = hosts as readonly [PlayHost]
  const running = known ?? on(first).then(() => first)
  run.once.set(task, running)
  const done = await running
  const left = done.results.get(task)
  const unsure = done.unsure.get(task)
  for (const host of hosts) {
    if (host === done) continue
    if (left) host.results.set(task, left)
    if (unsure) host.unsure.set(task, unsure)
    if (!left && alone) fall(host, task, `it failed on ${done.state.host.name}`)
  }
}

/** A block with a bound is gone through as a whole, by so many hosts at once. */
async function runBlocks(walk: Walk, node: BlockNode, hosts: readonly PlayHost[], guarded: boolean, place: string): Promise<void> {
  const { throttle } = node.block
  if (throttle === undefined) return runBlock(walk, node, hosts, guarded, place)
  const bounded = walk.run.bounded(node.block, throttle)
  await Promise.all(
    hosts.map((host) =>
      bounded(async () => {
        heedSteering(walk)
        if (goesOn(walk, host)) await runBlock(walk, node, [host], guarded, place)
      }),
    ),
  )
}

/** On hosts that failed as well: they are what has to be tidied up. That they failed stays. */
async function runAlways(walk: Walk, node: BlockNode, hosts: readonly PlayHost[], guarded: boolean, place: string): Promise<void> {
  const { context } = walk.run
  const standing = await answering(context, hosts)
  const before = new Map(standing.map((host) => [host, { status: host.state.status, failure: host.failure }]))
  const failed = standing.filter(fallen)
  const enter = standing.filter(({ tidying }) => !tidying)
  for (const host of failed) {
    host.state.status = 'running'
    host.leaving.push(node.block)
  }
  for (const host of enter) host.tidying = true
  await runNodes({ ...walk, regardless: true }, node.always, standing, guarded, `${place}.a.`)
  for (const host of failed) {
    host.leaving.pop()
    const { status, failure } = before.get(host)!
    if (host.state.status !== 'running') continue
    host.state.status = status
    host.failure = failure
  }
  for (const host of enter) {
    host.tidying = false
    if (walk.run.stopped !== undefined && host.state.status === 'running') host.state.status = 'stopped'
  }
}

/**
 * The body, again where it may be tried again; then `rescue` on the hosts where it failed, and `always` on all of them. A host
 * that did not answer is asked once more before each of these, so that what can still run does.
 */
async function runBlock(walk: Walk, node: BlockNode, hosts: readonly PlayHost[], guarded: boolean, place: string): Promise<void> {
  const { block } = node
  const { context } = walk.run
  const rescued = node.rescue.length > 0
  const halted = ({ state }: PlayHost) => state.status === 'stopped' && walk.run.stopped !== undefined
  const shelter = rescued || block.retries > 0
  for (const host of hosts) {
    host.failures.delete(block) // Of an earlier attempt of a block around it.
    if (shelter) host.sheltered += 1
  }
  let trying = hosts
  for (let attempt = 1; ; attempt++) {
    await runNodes(walk, node.body, trying, guarded || shelter, `${place}.${attempt}.`)
    heedSteering(walk)
    const failed = trying.filter((host) => fallen(host) && !halted(host))
    if (failed.length === 0 || attempt > block.retries || !(walk.regardless || walk.run.stopped === undefined)) break
    for (const host of failed) tellRetry(context, host, block, attempt, host.failure!.message)
    await untilNext(context, block)
    heedSteering(walk)
    if (walk.run.stopped !== undefined && !walk.regardless) break
    trying = await answering(context, failed)
    for (const host of trying) {
      raise(host)
      forget(walk.run, host, tasksIn(node.body))
    }
    if (trying.length === 0) break
  }
  const failed = hosts.filter((host) => fallen(host) && !halted(host))
  for (const host of failed) {
    host.failures.set(block, host.failure!)
    forget(walk.run, host, tasksIn([...node.rescue, ...node.always]))
  }
  if (rescued && (walk.run.stopped === undefined || walk.regardless)) {
    const standing = await answering(context, failed)
    const before = new Map(standing.map((host) => [host, host.state.status]))
    for (const host of standing) host.state.status = 'running'
    await runNodes(walk, node.rescue, standing, guarded, `${place}.r.`)
    for (const host of standing) {
      if (fallen(host)) continue
      pardon(host, before.get(host)!)
      const { task } = host.failures.get(block)!
      context.emit({ event: 'rescued', host: host.state.host.name, play: context.selected.play.name, block: block.name, task })
    }
  }
  if (shelter) for (const host of hosts) host.sheltered -= 1
  if (node.always.length > 0) await runAlways(walk, node, hosts, guarded, place)
  if (!guarded && hosts.some(({ state }) => state.status === 'stopped') && walk.run.stopped === undefined) {
    const { message } = hosts.find(({ state }) => state.status === 'stopped')!.failure!
    stop(walk.run, walk.batch, message)
  }
}
