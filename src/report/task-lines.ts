import type { ErrorDetails } from '../model/errors.ts'
import type { TaskEvent, TemplateView } from '../model/event.ts'
import { formatAge, formatDuration } from './age.ts'
import type { Colours } from './colours.ts'
import { formatDiff } from './diff.ts'
import { describeError, parsePlace, shortPlace } from './format-error.ts'
import { indent } from './words.ts'

/** How tasks are shown in one run. */
export interface TaskStyle {
  readonly colours: Colours
  readonly check: boolean
  readonly diff: boolean
  readonly verbosity: number
  /** Folder that places in files are told from. */
  readonly cwd: string
  /** Width of the column of host names. */
  readonly hostWidth: number
}

/** One task on one host: the line that says what became of it, and below it whatever belongs to it. */
export function taskLines(event: TaskEvent, style: TaskStyle): string[] {
  const { colours, verbosity } = style
  // The connection itself fails as a task without a module.
  const module = event.handler ? `handler, ${event.module}` : event.module
  const place = event.at === undefined ? '' : `  ${shortPlace(event.at, style.cwd)}`
  const spent = verbosity > 0 ? colours.faint(`  ${formatDuration(event.durationMs)}${place}`) : ''
  const on = event.delegatedTo === undefined ? '' : ` on ${event.delegatedTo}`
  const task = `${event.task}${module === '' ? on : ` ${colours.faint(`(${module})`)}${on}`}`
  const title = `  ${event.host.padEnd(style.hostWidth)}  ${task}: ${outcomeOf(event, style)}${spent}`
  return [title, ...detailLines(event, style).map((line) => (line === '' ? '' : `    ${line}`))]
}

/** What became of a task, and why. */
export function outcomeOf(event: TaskEvent, { colours, check }: TaskStyle): string {
  const because = event.reason === undefined ? '' : `: ${event.reason}`
  const doubt = event.confidence !== 'certain' ? ` (${event.confidence}${because})` : event.reason === undefined ? '' : ` (${event.reason})`
  switch (event.outcome) {
    case 'ok':
      return colours.ok('ok') + doubt
    case 'changed':
      return colours.changed(check ? pending(event) : 'changed') + doubt
    case 'skipped':
      return colours.faint('skipped') + doubt
    case 'failed':
      return colours.failed(event.ignored ? 'failed, ignored' : 'failed') + doubt
    case 'unreachable':
      return colours.failed(event.ignored ? 'unreachable, ignored' : 'unreachable') + doubt
    default:
      return event.outcome satisfies never
  }
}

/** An action has steps but no state to compare: it would run, whatever it changes. */
function pending({ diff, steps, would = 'run' }: TaskEvent): string {
  return (diff ?? []).length === 0 && (steps ?? []).length > 0 ? `would ${would}` : 'would change'
}

/** What belongs below the line of a task: diff, steps, message, error. */
export function detailLines(event: TaskEvent, { colours, diff, verbosity, cwd }: TaskStyle): string[] {
  const lines: string[] = []
  const views = event.templates ?? []
  lines.push(...views.map((view) => colours.faint(viewSentence(view, views.length > 1))))
  if (diff) lines.push(...(event.diff ?? []).flatMap((entry) => formatDiff(entry, colours)))
  if (verbosity > 0) {
    lines.push(
      ...(event.steps ?? []).flatMap((step) => indent(step, '  ').map((line, index) => (index === 0 ? `$ ${line.trimStart()}` : line))),
    )
    if ((event.notified ?? []).length > 0) lines.push(`notified: ${event.notified?.join(', ')}`)
    if (event.result !== undefined) lines.push(...resultLines(event.result))
  }
  if (event.message !== undefined && event.message !== event.error?.detail) lines.push(...event.message.replace(/\n+$/, '').split('\n'))
  if (event.error) lines.push(...describeError(complete(event.error, event), colours, cwd))
  return lines
}

/** Hosts whose facts are not live that a template's line names; the header of the run names more. */
const mostStale = 8

/** `fleet 2 of 7 (group cluster), crystal-panda cached 3 h`: how much of the fleet a template saw. */
export function viewSentence(view: TemplateView, withName = false): string {
  const named = view.notLive.length > mostStale + 1 ? view.notLive.slice(0, mostStale) : view.notLive
  const stale = named.map(({ host, origin, ageSeconds }) => {
    if (origin === 'cached') return `, ${host} cached ${formatAge(ageSeconds)}`
    return `, ${host} ${origin === 'none' ? 'unknown' : origin}`
  })
  if (named.length < view.notLive.length) stale.push(` and ${view.notLive.length - named.length} more not live`)
  return `${withName ? `${view.template} ${view.input}: ` : ''}fleet ${view.hosts.length} of ${view.fleetSize} (${view.of})${stale.join('')}`
}

function resultLines(result: unknown): string[] {
  const short = JSON.stringify(result)
  if (short === undefined || short === '{}') return []
  return `result: ${short.length <= 120 ? short : JSON.stringify(result, null, 2)}`.split('\n')
}

/** The error with host, task and place from the event, where it does not tell them itself. */
function complete(error: ErrorDetails, event: TaskEvent): ErrorDetails {
  const place = event.at === undefined ? undefined : parsePlace(event.at)
  return { host: event.host, task: event.task, ...(place && { at: place }), ...error }
}
