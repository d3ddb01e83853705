import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as builtIns from '../../src/modules/index.ts'
import { type LawCase, laws } from '../../src/testing/index.ts'
import { render } from './case-helpers.ts'

/** What a file of cases/ exports: cases that a folder of this machine can stand for a host in, and others that need more. */
interface CaseFile {
  readonly cases?: readonly LawCase[]
  readonly systemCases?: readonly LawCase[]
  readonly labCases?: readonly LawCase[]
}

const folder = new URL('./cases/', import.meta.url)
const files = new Map<string, CaseFile>()
for (const name of readdirSync(folder)) files.set(name.replace(/\.ts$/, ''), (await import(new URL(name, folder).href)) as CaseFile)

/** Their laws are tried by hand on lab hosts so far. */
const onLabHosts = ['apt', 'reloaded', 'restarted', 'service', 'systemdUnit']

test.each(Object.keys(builtIns).filter((name) => !onLabHosts.includes(name)))('%s has cases', (name) => {
  const { cases = [], systemCases = [], labCases = [] } = files.get(name) ?? {}
  expect(
    [...cases, ...systemCases, ...labCases].map((one) => one.name),
    `test/modules/cases/${name}.ts`,
  ).not.toEqual([])
})

test.each(
  laws(
    [...files.values()].flatMap(({ cases = [] }) => cases),
    { render },
  ),
)('$name', ({ check }) => check())
