import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { compareDebianVersions } from '../../src/util/debian-version.ts'

const versions = [
  '1.0',
  '1.0-1',
  '1.0~rc1',
  '1.0~~',
  '1.00',
  '1:0.1',
  '1.0a',
  '1.0+b',
  '1.10',
  '1.9',
  '2.0-1~bpo12+1',
  '2.0-1',
  '0',
  '1.0-1.1',
  '1.0.',
]
test.each(versions)('%s compares with others as with dpkg', (left) => {
  for (const right of versions) {
    const says = (relation: string) => spawnSync('dpkg', ['--compare-versions', left, relation, right]).status === 0
    const expected = says('lt') ? -1 : says('gt') ? 1 : 0
    expect([right, Math.sign(compareDebianVersions(left, right))]).toEqual([right, expected])
  }
})
