import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PlayTools } from '../../src/dsl/play-tools.ts'
import { command, copy, defineInventory, definePlaybook, file, lineinfile, local, sh, shell } from '../../src/index.ts'
import { runLocally, temporaryFolder } from '../helpers/engine.ts'

const root = temporaryFolder()
const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })
mkdirSync(join(root, 'source'))
writeFileSync(join(root, 'source/a'), 'a\n')

type At = (name: string) => string
/** What tasks leave for later ones in check mode; on the host are a directory `there` with a file `a`, and a link `to` to it. */
const cases: readonly [string, (tools: PlayTools<any>, at: At) => void, readonly string[]][] = [
  [
    'a planned file that is removed with its directory is gone',
    ({ task }, at) => {
      task('write', copy({ dest: at('there/b'), content: 'b\n' }))
      task('remove', file({ path: at('there'), state: 'absent' }))
      task('gone', file({ path: at('there/b'), state: 'absent' }))
    },
    ['write: changed', 'remove: changed', 'gone: ok'],
  ],
  [
    'a planned file can be removed',
    ({ task }, at) => {
      task('write', copy({ dest: at('b'), content: 'b\n' }))
      task('remove', file({ path: at('b'), state: 'absent' }))
    },
    ['write: changed', 'remove: changed'],
  ],
  [
    'a link does not replace a file that is planned',
    ({ task }, at) => {
      task('write', copy({ dest: at('b'), content: 'b\n' }))
      task('link', file({ path: at('b'), state: 'link', src: at('there') }))
    },
    ['write: changed', 'link: failed'],
  ],
  [
    'a file that is removed by its link stays, and nothing is below the link any more',
    ({ task }, at) => {
      task('remove', file({ path: `${at('')}/to`, state: 'absent' }))
      task('below', file({ path: at('to/a'), state: 'absent' }))
      task('end', copy({ dest: at('there/a'), content: 'a\n' }))
    },
    ['remove: changed', 'below: ok', 'end: ok'],
  ],
  [
    'what a command may have altered after it was planned is assumed',
    ({ task }, at) => {
      task('write', copy({ dest: at('b'), content: 'b\n' }))
      task('command', command({ argv: ['true'] }))
      task('same', copy({ dest: at('b'), content: 'b\n' }))
    },
    ['write: changed', 'command: changed', 'same: ok (assumed)'],
  ],
  [
    'directories above what is planned are there then',
    ({ task }, at) => {
      task('tree', copy({ dest: at('x/y'), src: `${join(root, 'source')}/` }))
      task('above', shell({ script: sh`:`, creates: at('x') }))
    },
    ['tree: changed', 'above: ok (assumed)'],
  ],
  [
    'what is in a copied tree of the host is not known',
    ({ task }, at) => {
      task('tree', copy({ dest: at('x'), src: `${at('there')}/`, remoteSrc: true }))
      task('in it', copy({ dest: at('x/a'), content: 'a\n' }))
    },
    ['tree: changed', 'in it: changed (unknown)'],
  ],
  [
    'a tree that is removed is copied anew',
    ({ task }, at) => {
      task('remove', file({ path: at('there'), state: 'absent' }))
      task('recurse', file({ path: at('there'), state: 'directory', recurse: true, mode: '0700' }))
    },
    ['remove: changed', 'recurse: changed (assumed)'],
  ],
  [
    'a call of which nothing can be told may change anything',
    ({ task }, at) => {
      const said = task('say', command({ argv: ['echo', 'x'] }), { changedWhen: () => false })
      task('uses', ({ result }) => copy({ dest: at(String((result(said) as { stdout: string }).stdout)), content: 'x\n' }))
      task('after', copy({ dest: at('there/a'), content: 'a\n' }))
    },
    ['say: ok', 'uses: changed (unknown)', 'after: ok (assumed)'],
  ],
  [
    'what may be skipped, or may fail unheard, does not hold for sure',
    ({ task }, at) => {
      task('act', shell({ script: sh`:` }))
      task('maybe', lineinfile({ path: at('b'), line: 'x', create: true }), { ignoreErrors: true })
      task('then', lineinfile({ path: at('b'), line: 'x', create: true }))
    },
    ['act: changed', 'maybe: changed (unknown)', 'then: ok (unknown)'],
  ],
]

test.each(cases.map((row, index) => [...row, index] as const))('%s', async (_, fill, outcomes, index) => {
  const host = join(root, `host-${index}`)
  mkdirSync(join(host, 'there'), { recursive: true })
  writeFileSync(join(host, 'there/a'), 'a\n')
  symlinkSync(join(host, 'there'), join(host, 'to'))
  const playbook = definePlaybook('p', inventory, (play) =>
    play('p', { hosts: 'one' }, ((tools: PlayTools<any>) => fill(tools, (name) => join(host, name))) as never),
  )
  expect((await runLocally(playbook, { home: root, check: true })).outcomes('one')).toEqual(outcomes)
})
