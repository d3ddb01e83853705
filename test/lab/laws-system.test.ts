import { test } from 'vitest'
import { laws, sandboxHosts } from '../../src/testing/index.ts'
import { caseFiles } from '../modules/case-files.ts'

const all = [...(await caseFiles()).values()].flatMap(({ systemCases = [] }) => systemCases)

test.concurrent.each(laws(all, { hosts: sandboxHosts() }))('$name', ({ check }) => check())
