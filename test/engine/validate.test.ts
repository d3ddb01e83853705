import { describe, expect, test } from 'vitest'
import { instanceOf, oneOf, parameters, Type } from '../../src/dsl/schema.ts'
import { loadValidator } from '../../src/engine/validate.ts'
import { defineModule } from '../../src/index.ts'
import { Script, sh } from '../../src/util/sh.ts'

const { definition } = defineModule({
  name: 'sample',
  summary: 'a sample',
  params: parameters({
    path: Type.String({ pattern: '^/', description: 'an absolute path' }),
    state: Type.Optional(oneOf(['present', 'absent'])),
    address: Type.Optional(Type.String({ format: 'ipv4' })),
    script: Type.Optional(instanceOf('Script', Script)),
    count: Type.Optional(Type.Integer()),
  }),
  reads: () => ({}),
  plan: () => ({}),
  steps: () => [],
})
const check = async (params: object) => (await loadValidator())(definition as never, params)

describe('parameters that are right', () => {
  test.for([
    [{ path: '/a' }],
    [{ path: '/a', state: 'absent', address: '203.0.113.1', script: sh`true`, count: 1 }],
    [{ path: '/a', state: undefined }],
  ] as const)('%j', async ([params]) => expect(await check(params)).toBeUndefined())
})

describe('parameters that are wrong are told by name, value and what was meant', () => {
  test.for([
    [{ path: '/a', stat: 'absent' }, `sample has no parameter 'stat': did you mean 'state'?`],
    [{ path: '/a', zzzzzz: 1 }, `sample has no parameter 'zzzzzz'; it has path, state, address, script, count`],
    [{}, `sample needs the parameter 'path'`],
    [{ path: 'a' }, `sample path is "a", which does not fit: an absolute path`],
    [{ path: '/a', state: 'presnt' }, `sample state is "presnt", it must be one of present, absent: did you mean 'present'?`],
    [{ path: '/a', address: '203.0.113' }, `sample address is "203.0.113", it must match format "ipv4"`],
    [{ path: '/a', script: 'true' }, `sample script is "true", it must be a Script`],
    [{ path: '/a', count: '1' }, `sample count is "1", it must be integer`],
  ] as const)('%j', async ([params, sentence]) => expect(await check(params)).toBe(sentence))
})
