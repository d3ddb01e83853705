import { existsSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defineModule } from '../../src/dsl/module.ts'
import { parameters, Type } from '../../src/dsl/schema.ts'
import { run, type Step } from '../../src/dsl/step.ts'
import { type FileState, file } from '../../src/resources/file.ts'
import { laws, localHosts } from '../../src/testing/index.ts'
import { Script, sh } from '../../src/util/sh.ts'

const params = parameters({ path: Type.String(), word: Type.String() })

/** A module that breaks one law; each must be caught. */
function broken(
  name: string,
  plan: (found: FileState) => { exists?: boolean; mode?: string },
  steps: (path: string, word: string) => readonly Step[],
) {
  return defineModule({
    name,
    summary: '',
    params,
    reads: ({ path }) => ({ file: file(path) }),
    plan: (_, { file }) => ({ file: plan(file) as {} }),
    steps: ({ path, word }) => steps(path, word),
  })
}

test.each([
  [
    'check predicts apply',
    broken(
      'a',
      () => ({ exists: true, mode: '0600' }),
      (path) => [run(sh`: > ${path}; chmod 0644 ${path}`)],
    ),
  ],
  [
    'apply converges',
    broken(
      'b',
      (found) => (found.exists ? { mode: found.mode === '0600' ? '0644' : '0600' } : { exists: true }),
      (path) => [run(sh`: > ${path}`)],
    ),
  ],
  [
    'hostile values are data',
    broken(
      'c',
      () => ({ exists: true }),
      (path, word) => [run(new Script(`: > '${path}'; eval : ${word}; true`))],
    ),
  ],
  [
    'ended with exit code 3',
    broken(
      'd',
      () => ({ exists: true }),
      () => [run(sh`exit 3`)],
    ),
  ],
  [
    'expected a change',
    broken(
      'e',
      () => ({}),
      () => [],
    ),
  ],
])('a module that breaks the law: %s', async (law, module) => {
  const [dash] = localHosts()
  const [one] = laws(
    [{ name: 'case', hostile: law.startsWith('hostile'), call: (root, hostile) => module({ path: `${root}/a`, word: hostile }) }],
    { hosts: [dash!] },
  )
  await expect(one!.check()).rejects.toThrow(law)
  expect(existsSync(dash!.canary)).toBe(false)
})

test('a check that writes is caught', async () => {
  const writes = defineModule({
    name: 'writes',
    summary: '',
    params,
    reads: ({ path }) => ({ file: file(path) }),
    plan: ({ path }) => {
      writeFileSync(path, '')
      return { file: { exists: true } }
    },
    steps: () => [],
  })
  const [one] = laws([{ name: 'case', call: (root) => writes({ path: `${root}/a`, word: '' }) }], { hosts: localHosts().slice(0, 1) })
  await expect(one!.check()).rejects.toThrow('check writes nothing')
})
