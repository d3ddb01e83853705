import { type ErrorDetails, formatError } from '../model/errors.ts'
import type { Emit, Event, TaskEvent } from '../model/event.ts'
import { type Colours, colours } from './colours.ts'
import { type HumanOptions, warningLines } from './human.ts'
import { jsonText } from './json.ts'
import { printableDeep } from './printable.ts'
import { lastLine } from './recap.ts'
import { runningLines } from './running.ts'
import type { Screen } from './screen.ts'
import { detailLines, outcomeOf, type TaskStyle } from './task-lines.ts'
import { timingLines, trafficOf } from './timing.ts'
import { indent, listed } from './words.ts'

/** Reports one module on many hosts to a person: a line for each host, and below it what the module has to say. */
export function createDoHuman(screen: Screen, options: HumanOptions): Emit {
  let style: TaskStyle = { ...options, check: false, hostWidth: 0 }
  const on = (event: Event): void => {
    switch (event.event) {
      case 'run':
        style = { ...style, check: event.check, hostWidth: Math.max(0, ...event.targets.map((host) => host.length)) }
        break
      case 'task':
        for (const line of hostLines(event, style)) screen.print(line)
        break
      case 'running':
        screen.live(runningLines(event, options.colours, screen.room))
        break
      case 'warning':
        for (const line of warningLines(event, options.colours)) screen.note(line)
        break
      case 'stopped':
        if (event.hosts.length > 0) screen.note(options.colours.failed(`${event.reason}; not done on ${listed(event.hosts, 8)}`))
        break
      case 'recap':
        if (options.timing) for (const line of timingLines(event.hosts, options.colours)) screen.print(line)
        // Of one host the line above has said it all.
        if (Object.keys(event.hosts).length > 1) screen.print(lastLine(event, options.colours))
        break
      default:
    }
  }
  return (event) => on(printableDeep(event))
}

function hostLines(event: TaskEvent, style: TaskStyle): string[] {
  const shown = style.verbosity > 0 || event.error ? [] : resultLines(event.result, style.colours)
  return [
    `${event.host.padEnd(style.hostWidth)}  ${outcomeOf(event, style)}`,
    ...[...shown, ...detailLines(event, style)].map((line) => (line === '' ? '' : `  ${line}`)),
  ]
}

/** Told by the line of the host, by the message, or by other fields; programs get them all the same. */
const told = new Set([
  ...['changed', 'failed', 'skipped', 'msg', 'ran', 'reason', 'verbosity'],
  ...['stdoutLines', 'stderrLines', 'cmd', 'start', 'end', 'delta'],
])
const outputs = ['stdout', 'stderr']

/** A result for people: output as it is, other fields a line each. Of a state that holds, the diff has told. */
function resultLines(result: unknown, colours: Colours): string[] {
  if (typeof result !== 'object' || result === null) return []
  // Of a state that holds the outcome and the diff say what there is to say.
  if ('before' in result && 'after' in result) return 'backupFile' in result ? fieldLines('backupFile', result.backupFile) : []
  const fields = Object.entries(result).filter(([name, value]) => !told.has(name) && !(name === 'rc' && value === 0))
  const output = fields
    .filter(([name]) => outputs.includes(name))
    .map(([name, value]) => [name, String(value).replace(/\n+$/, '')] as const)
  return [
    ...fields.filter(([name]) => !outputs.includes(name)).flatMap(([name, value]) => fieldLines(name, value)),
    ...output.flatMap(([name, text]) => (text === '' ? [] : name === 'stderr' ? text.split('\n').map(colours.warning) : text.split('\n'))),
  ]
}

function fieldLines(name: string, value: unknown): string[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return [`${name}:`, ...Object.entries(value).flatMap(([key, inner]) => fieldLines(key, inner).map((line) => `  ${line}`))]
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const [first = '', ...rest] = text.replace(/\n+$/, '').split('\n')
  return [`${name}: ${first}`, ...rest.flatMap((line) => indent(line, '  '))]
}

/** One host's result for a program, always with the same keys but `error`. */
export interface ResultLine {
  readonly event: 'result'
  readonly host: string
  readonly module: string
  readonly check: boolean
  readonly changed: boolean
  readonly failed: boolean
  readonly unreachable: boolean
  readonly skipped: boolean
  /** What the module says, else why it failed or had nothing to do; empty where there is nothing to say. */
  readonly msg: string
  readonly result: object
  readonly diff: readonly object[]
  readonly confidence: string
  readonly durationMs: number
  readonly error?: ErrorDetails
}

/**
 * Reports one module on many hosts to a program: one line for each host and nothing else on standard output; with `timing`
 * another for each at the end, since a host's result does not wait for the others.
 */
export function createDoJson(screen: Screen, module: string, timing = false): Emit {
  let check = false
  return (event) => {
    if (event.event === 'run') check = event.check
    if (event.event === 'warning') for (const line of warningLines(printableDeep(event), colours(false))) screen.note(line)
    if (event.event === 'task') screen.print(jsonText(resultLine(event, module, check)))
    if (event.event === 'recap' && timing)
      for (const [host, recap] of Object.entries(event.hosts)) screen.print(jsonText({ event: 'timing', host, ...trafficOf(recap) }))
  }
}

function resultLine(event: TaskEvent, module: string, check: boolean): ResultLine {
  const { host, outcome, message, error, reason, result, diff = [], confidence, durationMs } = event
  return {
    event: 'result',
    host,
    module,
    check,
    // A command that ran and failed has run.
    changed: outcome === 'changed' || changedIn(result),
    failed: outcome === 'failed',
    unreachable: outcome === 'unreachable',
    skipped: outcome === 'skipped' || isIdle(result),
    msg: message ?? (error ? formatError(error) : (reason ?? '')),
    result: (result as object | undefined) ?? {},
    diff,
    confidence,
    durationMs,
    ...(error && { error }),
  }
}

function changedIn(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'changed' in result && result.changed === true
}

/** An action that had nothing to do (`creates` is there): Ansible calls that skipped. */
function isIdle(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'ran' in result && result.ran === false
}
