/**
 * How often a property is tried, and with which examples: always the same, so that what a check says does not depend on chance,
 * unless one looks for others: `RANDOM_RUNS=5000 RANDOM_SEED=$RANDOM npx vitest run …`.
 */
export const chance = (runs: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: Number(process.env.RANDOM_RUNS ?? runs),
  seed: Number(process.env.RANDOM_SEED ?? 1),
})
