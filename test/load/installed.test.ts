import { expect, test } from 'vitest'

// @ts-expect-error The set-up is plain JavaScript, since it runs before anything is installed.
import { installed } from '../../scripts/setup.mjs'
import { tempProject } from '../helpers/project.ts'

const packages = (entries: Readonly<Record<string, object>>) =>
  JSON.stringify({ packages: Object.fromEntries(Object.entries(entries).map(([name, value]) => [`node_modules/${name}`, value])) })

const lock = packages({ a: { version: '1.0.0' }, 'for-mac': { version: '1.0.0', optional: true } })

test.for([
  ['nothing is installed', undefined, false],
  ['all is there, but for another platform’s', packages({ a: { version: '1.0.0' } }), true],
  ['a version differs', packages({ a: { version: '1.0.1' } }), false],
  ['a package is missing', packages({}), false],
  ['a package is left over', packages({ a: { version: '1.0.0' }, b: { version: '1.0.0' } }), false],
] as const)('%s', ([, found, fresh]) => {
  const { root } = tempProject({ 'package-lock.json': lock, ...(found !== undefined && { 'node_modules/.package-lock.json': found }) })
  expect(installed(root)).toBe(fresh)
})
