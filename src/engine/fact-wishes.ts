import { mayRun, type Selection } from './select.ts'

/** What the plays of a run want of the facts of one host. */
export interface FactWish {
  readonly families: readonly string[]
  /** Seconds for which a cached fact is good, outside the targets. */
  readonly maxAge: number
  /** Whether a play fails without its answer: then it is asked, however short ago it was silent. */
  readonly insists: boolean
}

/** Of each host in the scope of a play what the plays together want: a play that is short of time does not hurry others' hosts. */
export function wishesOf({ plays }: Pick<Selection, 'plays'>): ReadonlyMap<string, FactWish> {
  const wishes = new Map<string, FactWish>()
  for (const selected of plays) {
    const { play, factsOf } = selected
    const { families, maxAge, ifDown } = play.facts
    if (!mayRun(selected) || families.length === 0) continue
    for (const host of factsOf) {
      const before = wishes.get(host)
      wishes.set(host, {
        families: before ? [...new Set([...before.families, ...families])] : families,
        maxAge: Math.min(maxAge, before?.maxAge ?? maxAge),
        insists: ifDown === 'fail' || (before?.insists ?? false),
      })
    }
  }
  return wishes
}

/** Seconds for the whole gathering: those of the most patient play. */
export function timeoutOf({ plays }: Pick<Selection, 'plays'>): number {
  const asking = plays.filter((selected) => mayRun(selected) && selected.play.facts.families.length > 0)
  return Math.max(...asking.map(({ play }) => play.facts.timeout), 0) || usualTimeout
}

/** Seconds that all hosts outside the targets have together. */
export const usualTimeout = 10
