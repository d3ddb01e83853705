import { expect, test } from 'vitest'
// @ts-expect-error The script is plain JavaScript, since it is run by hand too.
import { measure as measureUntyped, sizes as sizesUntyped } from '../../scripts/type-budget.mjs'

interface Size {
  readonly hosts: number
  readonly groups: number
  readonly tasks: number
}
const measure = measureUntyped as (size: Size) => { readonly errors: string; readonly instantiations: number; readonly types: number }
const sizes = sizesUntyped as Record<'small' | 'tasks' | 'big' | 'regions', Size>

/*
 * What a run waits for is the compiler, so what it does for a big project has a budget: counts, not seconds. When this
 * fails, `node scripts/type-budget.mjs` shows which part has grown.
 */
test('500 hosts and 400 tasks are type-checked within the budget', () => {
  const [small, tasks, big] = [measure(sizes.small), measure(sizes.tasks), measure(sizes.big)]
  for (const { errors } of [small, tasks, big]) expect(errors).toBe('')
  // Rollcall's own types: grows with each module.
  expect(small.instantiations).toBeLessThan(180_000)
  expect(small.types).toBeLessThan(70_000)
  // What a project adds: about 170 for a host and 11 for a task.
  expect(big.instantiations - small.instantiations).toBeLessThan(110_000)
  expect(big.types - small.types).toBeLessThan(30_000)
  expect((big.instantiations - tasks.instantiations) / (sizes.big.hosts - sizes.tasks.hosts)).toBeLessThan(200)
  expect((tasks.instantiations - small.instantiations) / (sizes.tasks.tasks - sizes.small.tasks)).toBeLessThan(20)
})

test('groups below groups cost little more', () => {
  const [big, regions] = [measure(sizes.big), measure(sizes.regions)]
  expect(regions.errors).toBe('')
  expect(regions.instantiations - big.instantiations).toBeLessThan(40_000)
})
