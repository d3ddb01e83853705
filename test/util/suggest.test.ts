import { expect, test } from 'vitest'
import { editDistance, suggest } from '../../src/util/suggest.ts'

test.for([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', 'acb', 1],
  ['abc', 'ab', 1],
  ['abc', 'abd', 1],
  ['kitten', 'sitting', 3],
] as const)('editDistance(%j, %j) is %d', ([from, to, edits]) => {
  expect(editDistance(from, to)).toBe(edits)
  expect(editDistance(to, from)).toBe(edits)
})

test.for([
  ['honor-vipr', ['honor-viper', 'crystal-panda'], 'honor-viper'],
  ['honor', ['honor-viper', 'crystal-panda'], 'honor-viper'],
  ['panda', ['honor-viper', 'crystal-panda'], 'crystal-panda'],
  ['CLUSTER', ['cluster', 'web'], 'cluster'],
  ['prepaer', ['prepare', 'site'], 'prepare'],
  ['database', ['web', 'cache'], undefined],
  ['a', ['b', 'c'], undefined],
  ['', ['web'], undefined],
  ['web', ['web'], undefined],
] as const)('suggest(%j, %j) is %j', ([word, candidates, meant]) => {
  expect(suggest(word, candidates)).toBe(meant)
})
