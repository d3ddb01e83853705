/** What was thrown, with what it says caused it: `Error: outer`, and below it `caused by Error: inner`. */
export function errorText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `thrown: ${String(thrown)}`
  return [`${thrown.name}: ${thrown.message}`, ...causesOf(thrown)].join('\n')
}

const deepest = 5

/** A line for each error below: its cause, and those that an AggregateError holds. */
export function causesOf(error: Error, depth = 0): readonly string[] {
  if (depth === deepest) return []
  const several = error instanceof AggregateError ? (error.errors as readonly unknown[]).slice(0, deepest) : []
  const below = [...several, ...(error.cause === undefined || error.cause === null ? [] : [error.cause])]
  return below.flatMap((each) =>
    each instanceof Error ? [`caused by ${each.name}: ${each.message}`, ...causesOf(each, depth + 1)] : [`caused by ${String(each)}`],
  )
}
