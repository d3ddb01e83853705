import { expect, test } from 'vitest'
import { userFrame } from '../../src/util/caller.ts'
import { ownRoot } from '../../src/util/own-root.ts'

test('frames of a build and of its sources, as source maps name them, are not the user’s', () => {
  const stack = [
    'Error',
    `    at a (${ownRoot()}/src/util/caller.ts:1:1)`,
    `    at b (file://${ownRoot()}/dist/0123456789abcdef/index.js:1:1)`,
    '    at c (/project/node_modules/eta/index.js:1:1)',
    '    at node:internal/modules:1:1',
    `    at d (file://${ownRoot()}/playbooks/prepare.ts?mark:12:5)`,
    '    at /project/playbooks/site.ts:3:4',
  ].join('\n')
  expect(userFrame(stack)).toEqual({ file: `${ownRoot()}/playbooks/prepare.ts`, line: 12, column: 5 })
  expect(userFrame('Error\n    at /project/playbooks/site.ts:3:4')).toEqual({ file: '/project/playbooks/site.ts', line: 3, column: 4 })
  expect(userFrame(stack.split('\n').slice(0, 5).join('\n'))).toBeUndefined()
})
