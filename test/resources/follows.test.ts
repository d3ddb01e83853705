import { expect, test } from 'vitest'
import type { PlannedOther } from '../../src/dsl/resource.ts'
import { fileHashKind } from '../../src/resources/file-hash.ts'
import { type GitState, gitKind } from '../../src/resources/git.ts'
import { unpackedKind } from '../../src/resources/unpacked.ts'

const planned = (id: string, exists?: boolean): PlannedOther => ({ kind: 'file', id, planned: exists === undefined ? {} : { exists } })

test('a repository goes with its directory, and files that are planned in it may be changes by hand', () => {
  const now = { kind: 'repository', commit: 'a' } as GitState
  const after = (other: PlannedOther) => gitKind.followsFrom!('/srv/app', other, now)
  expect(after(planned('/srv', false))).toMatchObject({ state: { kind: 'absent', commit: '' } })
  expect(after(planned('/srv/app/x'))).toEqual({ state: now, assumed: true })
  for (const other of [planned('/srv', true), planned('/srv/app2', false)]) expect(after(other)).toBeUndefined()
})

test('what was unpacked goes with its directory, and files that are planned in it may alter it', () => {
  const now = { archive: 'abc', altered: [] }
  const after = (other: PlannedOther, state = now) => unpackedKind.followsFrom!('record /srv/app', other, state)
  expect(after(planned('/srv/app', false))).toEqual({ state: { archive: '', altered: [] } })
  expect(after(planned('/srv/app/x', false))).toEqual({ state: now, assumed: true })
  expect(after(planned('/srv/app/x', true), { archive: '', altered: [] })).toBeUndefined()
  expect(after(planned('/srv', true))).toBeUndefined()
})

test('a hash is that of its file', () => {
  expect(['/srv/a', '/srv', '/srv/b'].map((path) => fileHashKind.affectedBy!('sha1 /srv/a', 'file', path))).toEqual([true, true, false])
})
