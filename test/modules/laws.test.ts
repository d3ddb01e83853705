import { expect, test } from 'vitest'
import * as builtIns from '../../src/modules/index.ts'
import { laws } from '../../src/testing/index.ts'
import { caseFiles } from './case-files.ts'
import { render } from './case-helpers.ts'

const files = await caseFiles()

test.each(Object.keys(builtIns))('%s has cases', (name) => {
  const { cases = [], systemCases = [], labCases = [] } = files.get(name) ?? {}
  expect(
    [...cases, ...systemCases, ...labCases].map((one) => one.name),
    `test/modules/cases/${name}.ts`,
  ).not.toEqual([])
})

const all = [...files.values()].flatMap(({ cases = [] }) => cases)
// Several at a time, each of which then takes longer than it would alone.
test.concurrent.each(laws(all, { render }))('$name', ({ check }) => check(), 300_000)
