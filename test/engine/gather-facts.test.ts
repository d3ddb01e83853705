import { expect, test } from 'vitest'
import { gatherFacts } from '../../src/engine/gather-facts.ts'
import { noAccess } from '../../src/engine/no-access.ts'
import { UnreachableError } from '../../src/model/errors.ts'
import type { HostRecord } from '../../src/model/inventory.ts'

const host = (name: string): HostRecord => ({ name, groups: [], vars: {}, connection: { type: 'ssh' } })
const request = {
  targets: new Set<string>(),
  families: ['os'],
  maxAge: 0,
  deadlineMs: 60_000,
  forks: 50,
  cache: { read: async () => ({ families: {}, warnings: [] }), write: async () => {} },
  now: Date.now,
}

test('a large fleet draws no warning from Node about its listeners', async () => {
  const warnings: string[] = []
  const note = ({ message }: Error) => warnings.push(message)
  process.on('warning', note)
  try {
    const hosts = Array.from({ length: 100 }, (_, index) => host(`host${index}`))
    const { access, failures } = await gatherFacts({ ...request, hosts, open: async () => noAccess })
    expect([access.size, failures.size]).toEqual([100, 100])
    await new Promise((resolve) => setImmediate(resolve)) // Warnings come a turn later.
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', note)
  }
})

test('hosts outside the targets are given up at the deadline, targets are waited for', async () => {
  const opening = new Promise<void>((resolve) => setTimeout(resolve, 300))
  const { access, failures, givenUpMs } = await gatherFacts({
    ...request,
    hosts: [host('slow'), host('target')],
    targets: new Set(['target']),
    deadlineMs: 50,
    open: async () => {
      await opening
      return noAccess
    },
  })
  expect([...access.keys()]).toEqual(['target'])
  expect(failures.get('slow')).toBeInstanceOf(UnreachableError)
  expect(failures.get('slow')?.message).toContain('no facts within 0.05 s')
  expect(failures.get('target')?.message).toBe('This command must not contact a host')
  expect([...givenUpMs.keys()]).toEqual(['slow'])
})
