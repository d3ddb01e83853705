import type { AddedEvent } from '../model/event.ts'
import type { Colours } from './colours.ts'
import { factsSentence, notLiveLines } from './header.ts'
import { count, groupBy, listed } from './words.ts'

/** What the header's sets grow by before a play, and whom check mode can tell nothing of. */
export function addedLines(event: AddedEvent, colours: Colours, verbosity: number): string[] {
  const { hosts, facts, targets, leftOut, queries, delegates, unknown, play } = event
  const mostNames = verbosity > 0 ? Number.POSITIVE_INFINITY : 8
  const by = groupBy(hosts, ({ task, by, at }) => `added by task '${task}' of ${by}${at === undefined ? '' : ` at ${at}`}`)
  const who = [...by].map(([how, group]) => `${listed(names(group), mostNames)}, ${how}`)
  const sets = [
    hosts.length > 0 && `inventory +${count(hosts.length, 'host')} (${who.join('; ')})`,
    facts.length > 0 && factsSentence(facts),
    targets.length > 0 && `targets +${targets.length} (${listed(targets, mostNames)})`,
    delegates.length > 0 && `delegates +${delegates.length} (${listed(delegates, mostNames)})`,
  ].filter((part) => part !== false)
  const sayings = groupBy(unknown, ({ task, by: host, at, reason }) =>
    [task !== undefined && `task '${task}' of ${host}${at === undefined ? '' : ` at ${at}`}`, reason].filter(Boolean).join(' '),
  )
  return [
    ...(sets.length > 0 ? [colours.strong(sets.join(' · '))] : []),
    ...notLiveLines(facts, mostNames).map((line) => colours.warning(line)),
    ...(leftOut.length > 0 ? [colours.warning(`play ${play} does not run on ${listed(leftOut, mostNames)}: the limit leaves it out`)] : []),
    ...(queries.length > 0
      ? [colours.strong('these queries run all the same, trusted only to read:'), ...queries.map((one) => `  ${one}`)]
      : []),
    ...[...sayings].map(([why, group]) => {
      const known = group.flatMap(({ host }) => host ?? [])
      const whom = known.length > 0 ? `also on ${listed(known, mostNames)}` : 'on hosts that the run adds'
      return colours.warning(`play ${play} would run ${whom}: what it would do there is unknown (${why})`)
    }),
  ]
}

const names = (hosts: AddedEvent['hosts']) => hosts.map(({ host }) => host)
