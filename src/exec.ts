import { openHost } from './connect.ts'
import { batchesOf, type Portion } from './dsl/serial.ts'
import { endOn } from './engine/end-on.ts'
import { decode } from './engine/exchange.ts'
import type { As, HostAccess } from './engine/host-access.ts'
import { type Holding, isAlone, noLock, otherPlace, takeLock, tookLock } from './engine/host-lock.ts'
import { rest } from './engine/retry.ts'
import { noTraffic } from './engine/traffic.ts'
import type { Watch } from './engine/watch.ts'
import { holdingOf } from './holding.ts'
import { type BecomeOption, becomingOf } from './model/become.ts'
import { type ErrorDetails, RollcallError, UnreachableError } from './model/errors.ts'
import type { HostTraffic, RunningEvent } from './model/event.ts'
import type { HostRecord } from './model/inventory.ts'
import { type HostsRequest, nobody, openHosts } from './open-hosts.ts'
import { startLab } from './start-lab.ts'
import type { Job, Reply } from './transport/session-types.ts'
import { unlockSecrets } from './unlock-secrets.ts'
import { limitConcurrency } from './util/concurrency.ts'
import { redactDeep } from './util/redact.ts'
import type { Secret } from './util/secret.ts'
import { sh } from './util/sh.ts'
import type { Steering } from './util/steering.ts'

export interface ExecRequest extends HostsRequest {
  /** Program and arguments; no shell reads them. */
  readonly argv: readonly string[]
  /** As another user. */
  readonly become: BecomeOption
  /** As {@link ConnectOptions} has it. */
  readonly becomePassword?: Secret | undefined
  readonly forks: number
  /** So many hosts at a time; default all. Where it goes well on no host of a batch, the rest is left out. */
  readonly serial?: readonly Portion[]
  /** How long it waits for another run that holds a host; undefined: it neither takes nor heeds locks. */
  readonly waitMs: number | undefined
  readonly progress: (line: string) => void
  /** Whoever may end it before its last host. */
  readonly steering?: Steering | undefined
  /** Gets what takes long while it runs; absent where nobody watches. */
  readonly running?: (event: RunningEvent) => void
  /** Gets each host's result as soon as it is there. */
  readonly done: (result: ExecResult) => void
}
export interface ExecResult {
  readonly host: string
  readonly outcome: 'ok' | 'failed' | 'unreachable'
  /** Exit code; absent where the command could not be started. */
  readonly rc?: number
  readonly stdout: string
  readonly stderr: string
  readonly error?: ErrorDetails
  /** What was said to the host, and what its time went to. */
  readonly timing: HostTraffic
}

/**
 * Runs one command on every host of a pattern. Gives the exit code: 0, 2 when it failed on a host, 4 when one was unreachable,
 * 5 when another run held one; where it was ended before its own end, what that says.
 * @throws RollcallError (exit 1) before any connection, for a pattern that names an unknown host or leaves none.
 */
export async function exec(request: ExecRequest): Promise<number> {
  const { model, hosts } = await openHosts(request)
  if (hosts.length === 0) request.progress(nobody)
  await unlockSecrets()
  await startLab(model, hosts, request.progress)
  const together = limitConcurrency(request.forks)
  const { steering, waitMs } = request
  const holding = waitMs === undefined ? undefined : holdingOf('exec', waitMs)
  const watch = await watchOf(request)
  if (steering) steering.underWay = true
  const outcomes: ExecResult['outcome'][] = []
  let heldOnly = true
  const batches = batchesOf(hosts, request.serial ?? [])
  for (const [turn, batch] of batches.entries()) {
    const of = await Promise.all(
      batch.map((host) =>
        together(async () => {
          const result = await execOn(host, request, holding, watch)
          const { host: name, outcome, ...said } = result
          if (outcome !== 'ok' && said.error?.exitCode !== 5) heldOnly = false
          request.done({ host: name, outcome, ...redactDeep(said) })
          return result.outcome
        }),
      ),
    )
    outcomes.push(...of)
    const left = batches.slice(turn + 1).flat()
    if (left.length === 0 || of.includes('ok')) continue
    request.progress(`it went well on no host of the batch, so it is left out on ${left.map(({ name }) => name).join(', ')}`)
    break
  }
  if (steering) steering.underWay = false
  if (steering?.exitCode !== undefined) return steering.exitCode
  if (outcomes.includes('failed')) return heldOnly ? 5 : 2
  return outcomes.includes('unreachable') ? 4 : 0
}

async function execOn(host: HostRecord, request: ExecRequest, holding: Holding | undefined, watch: Watch | undefined): Promise<ExecResult> {
  const { argv, become, becomePassword, steering } = request
  const started = performance.now()
  let access: HostAccess | undefined
  const timing = () => access?.stats() ?? { ...noTraffic, connectMs: Math.round(performance.now() - started) }
  let forget: (() => void) | undefined
  try {
    if (steering?.stopped !== undefined)
      throw new RollcallError({ summary: 'The command was not started on this host', detail: steering.stopped })
    access = await openHost(host, { check: false, becomePassword })
    const as = access.as(becomingOf(become))
    const given = access
    const run = () => holdAndRun(given, as, { host, argv, request, holding })
    const asked = watch ? watch.during({ host: host.name, task: argv.join(' '), access: given, as }, run) : run()
    const over = new Promise<never>((_, reject) => {
      forget = steering?.on(
        'ended',
        () =>
          void endOn(
            given,
            as,
            asked.catch(() => []),
          ).then((answer) => answer ?? reject(leftAlone())),
      )
    })
    steering?.running.add(host.name)
    const answer = await Promise.race([asked, over])
    const { code, stdout, stderr } = answer.at(-1)!
    return {
      host: host.name,
      outcome: code === 0 ? 'ok' : 'failed',
      rc: code,
      stdout: decode(stdout),
      stderr: decode(stderr),
      timing: timing(),
    }
  } catch (error) {
    return { ...failed(host, error), timing: timing() }
  } finally {
    forget?.()
    steering?.running.delete(host.name)
    await access?.close()
  }
}

interface Command {
  readonly host: HostRecord
  readonly argv: readonly string[]
  readonly request: ExecRequest
  readonly holding: Holding | undefined
}

/**
 * Takes the host's lock and runs the command, in one exchange; the lock is free again when the way to the host closes. Many runs
 * work on the controller at once, so that is not locked.
 * @throws HostHeld where another run holds the host for longer than it may wait.
 */
async function holdAndRun(access: HostAccess, as: As, { host, argv, request, holding }: Command): Promise<readonly Reply[]> {
  const { progress, steering } = request
  // The session's umask is for its own files; what a person runs gets the usual one.
  const job: Job = { script: sh`umask 022; cd 2>/dev/null; exec ${argv}`, step: true }
  if (holding === undefined || host.connection.type === 'local') return access.writer!.apply(as, [job])
  const until = performance.now() + holding.waitMs
  for (let waits = false; ; waits = true) {
    const answer = await access.writer!.apply(as, [
      takeLock(access.userOf(as), holding, otherPlace(access.userOf(as), access.userOf('login'))),
      job,
    ])
    try {
      if (tookLock(host.name, holding, answer[0]!) === 'none' && !isAlone(host)) progress(`${host.name}: ${noLock.message}`)
      return answer
    } catch (error) {
      if (performance.now() >= until || steering?.stopped !== undefined) throw error
      if (!waits && error instanceof RollcallError) progress(`${host.name}: waiting for another run: ${error.details.detail}`)
      await rest({ steering }, 1000)
    }
  }
}

async function watchOf({ running }: ExecRequest): Promise<Watch | undefined> {
  if (!running) return undefined
  const { openWatch } = await import('./engine/watch.ts')
  return openWatch((event) => event.event === 'running' && running(redactDeep(event)))
}

function leftAlone(): UnreachableError {
  return new UnreachableError({ summary: 'The command could not be ended', detail: 'it is left alone and may still run there' })
}

function failed(host: HostRecord, error: unknown): Omit<ExecResult, 'timing'> {
  if (!(error instanceof RollcallError)) throw error
  return {
    host: host.name,
    outcome: error instanceof UnreachableError ? 'unreachable' : 'failed',
    stdout: '',
    stderr: '',
    error: { ...error.details, host: host.name },
  }
}
