/** How many single-letter edits, swaps of neighbours included, lead from one word to the other (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let best = Math.min(rows[row - 1]![column]! + 1, current[column - 1]! + 1, rows[row - 1]![column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) best = Math.min(best, rows[row - 2]![column - 2]! + 1)
      current.push(best)
    }
    rows.push(current)
  }
  return rows[from.length]![to.length]!
}

/**
 * The candidate that was probably meant: close in spelling (one edit in three letters at most), or one that begins
 * with the word as a whole part (`honor` for `honor-viper`). Undefined rather than a wild guess.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase()
  if (typed === '') return undefined
  const ranked = [...candidates]
    .filter((candidate) => candidate !== word)
    .map((candidate) => ({ candidate, cost: cost(typed, candidate.toLowerCase()) }))
    .filter(({ cost }) => cost <= 1)
    .sort((a, b) => a.cost - b.cost || (a.candidate < b.candidate ? -1 : 1))
  return ranked[0]?.candidate
}

function cost(typed: string, candidate: string): number {
  const allowed = Math.max(1, Math.floor(Math.max(typed.length, candidate.length) / 3))
  const part = typed.length >= 3 && (candidate.startsWith(typed) || candidate.split(/[-_.]/).includes(typed))
  const edits = editDistance(typed, candidate)
  const near = edits < typed.length ? edits / allowed : Number.POSITIVE_INFINITY
  return Math.min(near, part ? 0.9 : Number.POSITIVE_INFINITY)
}
