import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type { Calls } from '../../src/dsl/play-tools.ts'
import type { TaskRecord } from '../../src/dsl/record.ts'
import { readController } from '../../src/engine/controller-files.ts'
import { readAhead } from '../../src/engine/read-ahead.ts'
import type { SelectedPlay } from '../../src/engine/select.ts'
import { command } from '../../src/modules/command.ts'
import { copy } from '../../src/modules/copy.ts'
import { testFolder } from '../helpers/folder.ts'

const large = 3 * 1024 * 1024 + 17
const root = testFolder()
const put = (name: string, length: number) => writeFileSync(join(root, name), Buffer.alloc(length, name))
for (const name of ['a', 'b', 'c', 'd', 'e']) put(name, large)
put('small', 1000)
mkdirSync(join(root, 'folder'))
chmodSync(join(root, 'a'), 0o750)

const of = (src: string | URL) => copy({ src, dest: '/etc/there' })
const play = (tasks: readonly Partial<TaskRecord>[], hosts = ['honor-viper']) => ({ hosts, tasks }) as unknown as SelectedPlay
const read = async (...plays: readonly SelectedPlay[]) => {
  const files = new Map()
  await readAhead(plays, root, files)
  return files
}

test('what is known to be copied is read as it would be at its time', async () => {
  const files = await read(
    play([{ action: of('a') }, { action: [of('b'), of(pathToFileURL(join(root, 'c')))] as unknown as Calls }, { action: of('./a') }]),
  )
  expect([...files.keys()]).toEqual(['a', 'b', 'c'].map((name) => join(root, name)))
  for (const [path, input] of files) {
    expect(Buffer.compare(input.bytes, readController(path).bytes)).toBe(0)
    expect({ ...input, bytes: 0 }).toEqual({ ...readController(path), bytes: 0 })
  }
  const { sha256, mode } = files.get(join(root, 'a'))
  expect([sha256, mode]).toEqual([createHash('sha256').update(Buffer.alloc(large, 'a')).digest('hex'), '0750'])
})

test.each<readonly [string, Partial<TaskRecord>, string[]]>([
  ['a closure', { action: () => of('d') }, ['honor-viper']],
  ['a task with a condition', { action: of('d'), when: () => false }, ['honor-viper']],
  ['a play without hosts', { action: of('d') }, []],
  ['a small file', { action: of('small') }, ['honor-viper']],
  ['a directory', { action: of('folder') }, ['honor-viper']],
  ['a file that is not there', { action: of('nowhere') }, ['honor-viper']],
  ['parameters that make no sense', { action: copy({ src: 7, content: 8, dest: 9 } as never) }, ['honor-viper']],
  ['no call at all', { action: 'a' as never }, ['honor-viper']],
  ['the place where handlers run', { kind: 'flush', action: undefined as never }, ['honor-viper']],
  ['a call without inputs', { action: command({ argv: ['true'] }) }, ['honor-viper']],
])('left for later: %s', async (_, task, hosts) => {
  const files = await read(play([task], hosts), play([{ action: of('e') }]))
  expect([...files.keys()]).toEqual([join(root, 'e')])
})
