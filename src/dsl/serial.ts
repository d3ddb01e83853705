/** How many hosts: a number of them, or a part of the play's hosts. */
export type Portion = number | `${number}%`

/** Why a portion cannot be one; undefined where it can. */
export function wrongPortion(portion: unknown): string | undefined {
  if (typeof portion === 'number') return Number.isInteger(portion) && portion >= 1 ? undefined : `${portion} is no number of hosts from 1`
  const percent = typeof portion === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(portion)?.[1] : undefined
  if (percent === undefined) return `'${String(portion)}' is neither a number of hosts nor a percentage such as '30%'`
  return Number(percent) > 0 && Number(percent) <= 100 ? undefined : `'${portion}' is not between 0% and 100%`
}

/**
 * Splits hosts into the batches that a play goes through one after another. The last portion is used again until no host is
 * left; a percentage is of all hosts, rounded down, and at least one. Without portions all are one batch.
 */
export function batchesOf<T>(hosts: readonly T[], portions: readonly Portion[]): readonly (readonly T[])[] {
  if (portions.length === 0) return [hosts]
  const batches: T[][] = []
  for (let from = 0, turn = 0; from < hosts.length; turn++) {
    const portion = portions[Math.min(turn, portions.length - 1)]!
    const size = typeof portion === 'number' ? portion : Math.max(1, Math.floor((hosts.length * Number.parseFloat(portion)) / 100))
    batches.push(hosts.slice(from, from + size))
    from += size
  }
  return batches
}
