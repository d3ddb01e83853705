import { tellUnreachable } from './announce.ts'
import { askNewcomers } from './ask-newcomers.ts'
import type { PlayContext } from './engine/context.ts'
import type { Groups } from './engine/dynamic-groups.ts'
import type { Gathered } from './engine/gather-facts.ts'
import { preflight } from './engine/preflight.ts'
import type { AddedHost, Roster } from './engine/roster.ts'
import type { SelectedPlay } from './engine/select.ts'
import { formatLine, RollcallError, type SourceLine, UnreachableError } from './model/errors.ts'
import type { AddedEvent } from './model/event.ts'
import { newSetsIn } from './model/host-set.ts'
import type { States } from './open-states.ts'
import { refuseIfDown } from './refuse-if-down.ts'
import type { RunOptions, ToRun } from './run.ts'

export interface TakeOn {
  readonly opened: ToRun
  readonly request: RunOptions
  readonly roster: Roster
  readonly groups: Groups
  readonly gathered: Gathered
  readonly states: States
  /** What the header has named already. */
  readonly told: { readonly queries: readonly string[]; readonly delegates: readonly string[] }
  readonly open: (selected: SelectedPlay, targets: readonly string[]) => PlayContext
}

/** The plays of a run, each when its turn has come. */
export interface Turns {
  /**
   * A play with the hosts that it has by now. Hosts that were added since are told of, and those that it runs on or reads facts of are
   * asked, before any of its tasks begins anywhere.
   * @throws RollcallError for what is found wrong with the play only now.
   */
  readonly due: (context: PlayContext) => Promise<PlayContext>
  /** Targets of the run: those known from the start, then those that were added. */
  readonly targets: () => readonly string[]
  /** Hosts that were added, and that no play has begun with. */
  readonly untold: () => readonly string[]
}

/** Opens the turns of one run. */
export function openTurns(on: TakeOn): Turns {
  const { opened, request, roster, groups, gathered, states } = on
  const joined = new Set<string>()
  const told = new Set<string>()
  const targets = () => [...new Set([...opened.selection.targets, ...joined])]
  /** Those that are still there: what is gone is in the recap only. */
  const present = () => targets().filter((name) => roster.inventory.hosts.has(name))
  const take = async (settled: SelectedPlay): Promise<PlayContext> => {
    const started = performance.now()
    const asked = await askNewcomers(on, settled)
    const selected = request.check ? { ...settled, hosts: settled.hosts.filter((name) => !silent(name)) } : settled
    const news = selected.hosts.filter((name) => isNew(name) && !joined.has(name) && !opened.selection.targets.includes(name))
    for (const name of news) joined.add(name)
    const down = selected.hosts.filter((name) => asked?.failures.has(name) && states.lost(name))
    const begins = selected.hosts.filter((name) => isNew(name) && !states.lost(name))
    await states.take(selected, begins.map(recordOf), gathered.access)
    const context = on.open(selected, present())
    const look = preflight(context)
    const event: AddedEvent = {
      event: 'added',
      play: selected.play.name,
      hosts: [...roster.added].flatMap(([name, host]) => (told.has(name) ? [] : [tellOf(on, name, host)])),
      targets: news,
      leftOut: groups.leftOut(selected),
      facts: asked?.event.hosts ?? [],
      queries: look.queries.filter((name) => !on.told.queries.includes(name)),
      delegates: look.delegates.filter((name) => !targets().includes(name) && !on.told.delegates.includes(name)),
      unknown: request.check ? unknownOf(on, settled, selected) : [],
      durationMs: Math.round(performance.now() - started),
    }
    for (const name of roster.added.keys()) told.add(name)
    if ([event.hosts, event.facts, event.targets, event.leftOut, event.unknown].some(({ length }) => length > 0)) request.emit(event)
    for (const warning of asked?.warnings ?? []) request.emit(warning)
    tellUnreachable(down, gathered, request.emit, asked?.event.durationMs)
    const factsOf = request.check ? [] : selected.factsOf.filter(isNew)
    const wrong = refuseIfDown([{ ...selected, factsOf }], gathered) ?? look.mistakes[0]
    if (wrong) throw late(wrong, selected)
    return context
  }
  const { isNew } = roster
  const silent = (name: string) => states.lost(name) && gathered.failures.get(name) instanceof UnreachableError
  const recordOf = (name: string) => roster.inventory.hosts.get(name)!
  return {
    targets,
    untold: () => [...roster.added.keys()].filter((name) => !told.has(name)),
    due: async (context) => {
      const selected = groups.settle(context.selected)
      if (roster.added.size > 0 || roster.renewed || (request.check && selected.grows)) return take(selected)
      return selected === context.selected ? context : on.open(selected, present())
    },
  }
}

function tellOf(on: TakeOn, name: string, { asked: { set, address }, by, task, at }: AddedHost): AddedEvent['hosts'][number] {
  const { groups } = on.roster.inventory.hosts.get(name)!
  return { host: name, to: set.name, groups, ...(address !== undefined && { address }), by, task, ...place(on, at) }
}

const place = ({ opened }: TakeOn, at: SourceLine | undefined) => (at ? { at: formatLine({ ...at, file: opened.relative(at.file) }) } : {})

/** Check mode: on whom the play would run besides, as far as that is known. */
function unknownOf(on: TakeOn, settled: SelectedPlay, { play, hosts }: SelectedPlay): AddedEvent['unknown'] {
  const { roster, gathered } = on
  const sets = newSetsIn(play.hosts)
  if (sets.length === 0) return []
  const perhaps = new Map(roster.unsure.filter(({ asked }) => sets.includes(asked.set)).map((one) => [one.asked.name, one]))
  const silent = settled.hosts.filter((name) => !hosts.includes(name))
  const unknown = [
    ...[...perhaps.values()].map(({ asked, by, task, at, because }) => ({
      host: asked.name,
      by,
      task,
      ...place(on, at),
      reason: `cannot be told before '${because}' has run`,
    })),
    ...silent.map((host) => ({ host, reason: `it does not answer, and may not be there before a run: ${reasonOf(gathered, host)}` })),
  ]
  if (unknown.length > 0 || hosts.some((name) => roster.added.has(name))) return unknown
  return [{ reason: 'no task has added one for certain' }]
}

function reasonOf({ failures }: Gathered, host: string): string {
  const { summary, detail } = failures.get(host)!.details
  return detail ?? summary
}

/** Earlier plays have run, so it is no mistake that ends before any change. */
function late({ details }: RollcallError, { play }: SelectedPlay): RollcallError {
  const { detail, exitCode } = details
  const why = `found when play '${play.name}' began, since hosts that it knows were added by this run`
  return new RollcallError({ ...details, detail: [detail, why].filter(Boolean).join('\n'), exitCode: exitCode === 4 ? 4 : 2 })
}
