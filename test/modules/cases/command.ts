import { writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { command } from '../../../src/modules/command.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { Secret } from '../../../src/util/secret.ts'
import { text } from '../case-helpers.ts'

export const cases: readonly LawCase[] = [
  { name: 'command with creates', call: (root) => command({ argv: ['touch', `${root}/a`], creates: `${root}/a` }) },
  {
    name: 'command that is done',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => command({ argv: ['false'], creates: `${root}/a` }),
    expect: 'nothing',
  },
  {
    name: 'command that is done, by a pattern',
    before: (root) => writeFileSync(`${root}/done-7`, ''),
    call: (root) => command({ argv: ['false'], creates: `${root}/done-*` }),
    expect: 'nothing',
  },
  {
    name: 'command with removes by a pattern',
    before: (root) => writeFileSync(`${root}/stale-7`, ''),
    call: (root) => command({ argv: ['rm', 'stale-7'], chdir: root, removes: `${root}/stale-?` }),
  },
  {
    name: 'command with removes',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => command({ argv: ['rm', 'a'], chdir: root, removes: `${root}/a` }),
  },
  {
    name: 'command with a command line',
    call: (root) => command({ cmd: `touch '${root}/a b'`, creates: `${root}/a b` }),
  },
  { name: 'command that needs a shell', call: () => command({ cmd: 'ls | wc' }), expect: 'refusal' },
  { name: 'command without a command', call: () => command({}), expect: 'refusal' },
  { name: 'command with two commands', call: () => command({ cmd: 'true', argv: ['true'] }), expect: 'refusal' },
  {
    name: 'command line of hostile words',
    hostile: true,
    call: (root, hostile) => command({ cmd: `sh -c 'printf %s "$1" >"$2"' sh '${hostile.replaceAll("'", "'\\''")}' '${root}/a'` }),
    after: (root, hostile) => expect(text(`${root}/a`)).toBe(hostile),
  },
  {
    name: 'command with hostile words',
    hostile: true,
    call: (root, hostile) =>
      command({
        argv: ['sh', '-c', 'printf %s "$1$WORD" >"$2"; cat >>"$2"', 'sh', hostile, `${root}/a`],
        environment: { WORD: hostile },
        stdin: hostile,
      }),
    after: (root, hostile) => expect(text(`${root}/a`)).toBe(hostile.repeat(3)),
  },
  {
    name: 'command with hostile secrets',
    hostile: true,
    call: (root, hostile) => {
      const secret = new Secret(hostile)
      return command({
        argv: ['sh', '-c', 'printf %s "$1$WORD" >"$2"; cat >>"$2"', 'sh', secret, `${root}/a`],
        environment: { WORD: secret },
        stdin: secret,
      })
    },
    after: (root, hostile) => expect(text(`${root}/a`)).toBe(hostile.repeat(3)),
  },
]
