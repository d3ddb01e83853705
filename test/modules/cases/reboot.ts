import { expect } from 'vitest'
import { reboot } from '../../../src/modules/reboot.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { text } from '../case-helpers.ts'

// That a host really goes and comes back is tried in test/lab/reboot.test.ts: this machine is not to be rebooted.
export const cases: readonly LawCase[] = [
  {
    name: 'reboot by a command of the user, with a hostile message',
    hostile: true,
    call: (root, hostile) => reboot({ msg: hostile, rebootCommand: sh`printf %s "$msg" >${`${root}/a`}` }),
    after: (root, hostile) => expect(text(`${root}/a`)).toBe(hostile),
  },
]
