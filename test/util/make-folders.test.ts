import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolders } from '../../src/util/make-folders.ts'
import { testFolder } from '../helpers/folder.ts'

test('makes every folder that is missing, with the mode, and is content with what is there', () => {
  const root = testFolder()
  mkdirSync(join(root, 'a'))
  makeFolders(join(root, 'a/b/c'), 0o700)
  makeFolders(join(root, 'a/b/c'), 0o755)
  expect(statSync(join(root, 'a/b/c')).mode & 0o777).toBe(0o700)
})

test.for([
  ['where the kernel takes no folders', (): string => '/proc/rollcall/a/b', 'ENOENT'],
  [
    'below a file',
    (): string => {
      const file = join(testFolder(), 'file')
      writeFileSync(file, '')
      return join(file, 'a/b')
    },
    'ENOTDIR',
  ],
  [
    'where a file stands',
    (): string => {
      const file = join(testFolder(), 'file')
      writeFileSync(file, '')
      return file
    },
    'ENOTDIR',
  ],
] as const)('fails %s', ([, path, code]) => {
  const wanted = path()
  expect(() => makeFolders(wanted)).toThrow(expect.objectContaining({ code }))
  expect(existsSync(join(wanted, 'b'))).toBe(false)
})
