import type { Emit, Event, FactsEvent, RunEvent, TaskEvent, WarningEvent } from '../model/event.ts'
import { addedLines } from './added.ts'
import { createCollapse, isQuiet } from './collapse.ts'
import type { Colours } from './colours.ts'
import { headerLines } from './header.ts'
import { printableDeep } from './printable.ts'
import { recapLines } from './recap.ts'
import { runningLines } from './running.ts'
import type { Screen } from './screen.ts'
import { type TaskStyle, taskLines } from './task-lines.ts'
import { count, indent, listed } from './words.ts'

/** How a report for people looks. */
export interface HumanOptions {
  readonly colours: Colours
  readonly diff: boolean
  readonly verbosity: number
  readonly cwd: string
  /** What was said to each host and what its time went to, at the end; default false. */
  readonly timing?: boolean
  /** Tasks that changed nothing are shown one by one, too, for a person who is asked before each; default false. */
  readonly each?: boolean
}

/** Reports a run to a person: the three sets first, changes and failures in full, unchanged tasks as a count. */
export function createHuman(screen: Screen, { colours, diff, verbosity, cwd, timing = false, each = false }: HumanOptions): Emit {
  const collapse = createCollapse()
  /** Warnings that came before the facts wait, since the first line is the three sets. */
  const early: WarningEvent[] = []
  let run: RunEvent | undefined
  let headed = false
  let style: TaskStyle = { colours, diff, verbosity, cwd, check: false, hostWidth: 0 }

  const print = (lines: readonly string[]): void => {
    for (const line of lines) screen.print(line)
  }
  const printCounted = (lines: readonly string[]) => print(lines.map((line) => colours.faint(`  ${line}`)))
  const printHeader = (facts: FactsEvent | undefined): void => {
    if (headed || run === undefined) return
    headed = true
    print(headerLines(run, facts, colours, verbosity))
    for (const warning of early.splice(0)) print(warningLines(warning, colours))
  }
  const onTask = (whole: TaskEvent): void => {
    const { message: _, ...silent } = whole
    const event = (whole.verbosity ?? 0) > verbosity ? silent : whole
    if (verbosity === 0 && !each && isQuiet(event)) {
      collapse.add(event)
      screen.status(`  ${collapse.peek()}`)
      return
    }
    printCounted(collapse.takeLike(event.host))
    print(taskLines(event, style))
  }
  const on = (event: Event): void => {
    switch (event.event) {
      case 'run':
        run = event
        style = { ...style, check: event.check, hostWidth: Math.max(0, ...event.targets.map((host) => host.length)) }
        break
      case 'facts':
        printHeader(event)
        break
      case 'warning':
        if (run !== undefined && !headed) early.push(event)
        else print(warningLines(event, colours))
        break
      case 'added': {
        printHeader(undefined)
        printCounted(collapse.takeAll())
        style = { ...style, hostWidth: Math.max(style.hostWidth, ...event.targets.map((host) => host.length)) }
        print(['', ...addedLines(event, colours, verbosity)])
        break
      }
      case 'play': {
        printHeader(undefined)
        printCounted(collapse.takeAll())
        const where = event.connection === 'local' ? ' · on the controller for' : ' ·'
        const about = `${where} ${listed(event.hosts, 4) || 'no targets'} · ${count(event.tasks, 'task')}`
        print(['', colours.strong(`play ${event.play}`) + colours.faint(about)])
        break
      }
      case 'batch': {
        printCounted(collapse.takeAll())
        print([colours.faint(`  batch ${event.number} of ${event.of} · ${listed(event.hosts, 4)}`)])
        break
      }
      case 'retry': {
        printCounted(collapse.takeLike(event.host))
        const left = `attempt ${event.attempt} of ${event.retries + 1} was not enough, again in ${event.delay} s`
        print([
          `  ${event.host.padEnd(style.hostWidth)}  ${event.task}: ${colours.warning(left)}`,
          ...indent(event.reason, '    ').map(colours.faint),
        ])
        break
      }
      case 'rescued':
        printCounted(collapse.takeLike(event.host))
        print([
          `  ${event.host.padEnd(style.hostWidth)}  ${event.block}: ${colours.ok('rescued')} ${colours.faint(`after '${event.task}' failed`)}`,
        ])
        break
      case 'stopped': {
        printCounted(collapse.takeAll())
        const left = event.hosts.length === 0 ? [] : indent(`not failed, and left where they are: ${listed(event.hosts, 8)}`, '  ')
        print([colours.failed(`play ${event.play} ends here, and the run with it: ${event.reason}`), ...left])
        break
      }
      case 'task':
        onTask(event)
        break
      case 'running':
        screen.live(runningLines(event, colours, screen.room))
        break
      case 'recap':
        printHeader(undefined)
        printCounted(collapse.takeAll())
        print(['', ...recapLines(event, colours, timing)])
        break
      default:
        event satisfies never
    }
  }
  return (event) => on(printableDeep(event))
}

/** A warning: its message, and what to do about it. */
export function warningLines({ host, message, fix }: WarningEvent, colours: Colours): string[] {
  const [first = '', ...rest] = message.split('\n')
  return [
    `${colours.warning('warning:')} ${host === undefined ? '' : `${host}: `}${first}`,
    ...rest.flatMap((line) => indent(line, '  ')),
    ...(fix === undefined ? [] : indent(fix, '  ').map((line) => colours.hint(line))),
  ]
}
