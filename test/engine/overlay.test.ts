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
mkdirSync(join(root, 'deep/e'), { recursive: true })
writeFileSync(join(root, 'deep/e/f'), 'f\n')

type At = (name: string) => string
/**
 * What tasks leave for later ones in check mode; on the host are a directory `there` with a file `a`, a link `to` to it, a directory `same` like it, a directory
 * `other` with a file `x`, and a link `dangling` to `none`, which is not there.
 */
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
  [
    'a directory that is made behind a link, with one above it, is where the link leads',
    ({ task }, at) => {
      task('directory', file({ path: at('to/e/f'), state: 'directory' }))
      task('tree', copy({ dest: at('there'), src: `${join(root, 'deep')}/` }))
    },
    ['directory: changed', 'tree: changed (unknown)'],
  ],
  [
    'a directory that is planned can be removed by the link to it',
    ({ task }, at) => {
      task('directory', file({ path: at('there/e'), state: 'directory' }))
      task('remove', file({ path: at('to/e'), state: 'absent' }))
      task('again', file({ path: at('there/e'), state: 'absent' }))
    },
    ['directory: changed', 'remove: changed', 'again: ok'],
  ],
  [
    'a file that is gone where a link leads is gone behind the link',
    ({ task }, at) => {
      task('remove', file({ path: at('there/a'), state: 'absent' }))
      task('again', file({ path: at('to/a'), state: 'absent' }))
    },
    ['remove: changed', 'again: ok'],
  ],
  [
    'what is made behind a link that leads nowhere yet is made where it leads',
    ({ task }, at) => {
      task('end', file({ path: at('none'), state: 'directory' }))
      task('behind', file({ path: at('dangling/e'), state: 'directory' }))
      task('there', file({ path: at('none/e'), state: 'directory' }))
    },
    ['end: changed', 'behind: changed', 'there: ok'],
  ],
  [
    'a tree that is copied through a link reads what is planned where it leads',
    ({ task }, at) => {
      task('write', copy({ dest: at('there/x'), content: 'x\n' }))
      task('tree', copy({ dest: at('to'), src: `${at('other')}/`, remoteSrc: true }))
    },
    ['write: changed', 'tree: changed (assumed)'],
  ],
  [
    'a tree that is copied through a link may alter what is where it leads',
    ({ task }, at) => {
      task('tree', copy({ dest: at('to'), src: `${at('other')}/`, remoteSrc: true }))
      task('write', copy({ dest: at('there/x'), content: 'x\n' }))
      task('beside', copy({ dest: at('other/x'), content: 'x\n' }))
    },
    ['tree: changed', 'write: changed (unknown)', 'beside: ok'],
  ],
  [
    'modes that are set in a tree behind a link are those of the tree',
    ({ task }, at) => {
      task('tree', file({ path: at('to'), state: 'directory', recurse: true, mode: '0700' }))
      task('in it', file({ path: at('there/a'), mode: '0700' }))
    },
    ['tree: changed', 'in it: changed (assumed)'],
  ],
  [
    'a tree of which it is not known whether it will be copied may alter what is in it',
    ({ task }, at) => {
      task('source', copy({ dest: at('same/a'), content: 'new\n' }))
      task('tree', copy({ dest: at('there'), src: `${at('same')}/`, remoteSrc: true }))
      task('in it', copy({ dest: at('there/a'), content: 'a\n' }))
    },
    ['source: changed', 'tree: ok (assumed)', 'in it: ok (assumed)'],
  ],
  [
    'what is written behind a link that is only planned may be what is written where it leads',
    ({ task }, at) => {
      task('link', file({ path: at('new'), state: 'link', src: 'there' }))
      task('write', copy({ dest: at('new/x'), content: 'x\n' }))
      task('same', copy({ dest: at('there/x'), content: 'x\n' }))
      task('beside', copy({ dest: at('there/a'), content: 'a\n' }))
    },
    ['link: changed', 'write: changed (unknown)', 'same: ok (unknown)', 'beside: ok'],
  ],
  [
    'what may be removed behind a link that is only planned may be gone where it leads',
    ({ task }, at) => {
      task('link', file({ path: at('new'), state: 'link', src: at('there') }))
      task('remove', file({ path: at('new/a'), state: 'absent' }))
      task('same', file({ path: at('there/a'), state: 'absent' }))
    },
    ['link: changed', 'remove: ok (unknown)', 'same: changed (assumed)'],
  ],
  [
    'behind a link that will lead elsewhere lies nothing of where it led',
    ({ task }, at) => {
      task('link', file({ path: `${at('')}/to`, state: 'link', src: at('other'), force: true }))
      task('write', copy({ dest: at('to/a'), content: 'new\n' }))
      task('old', copy({ dest: at('there/a'), content: 'a\n' }))
      task('new', copy({ dest: at('other/a'), content: 'new\n' }))
    },
    ['link: changed', 'write: changed (assumed)', 'old: ok (assumed)', 'new: changed (unknown)'],
  ],
  [
    'a mode that a planned file has only unless it is there already does not hold for sure',
    ({ task }, at) => {
      task('act', shell({ script: sh`(umask 077; echo x >${at('b')})` }))
      task('write', copy({ dest: at('b'), content: 'x\n' }))
      task('mode', copy({ dest: at('b'), content: 'x\n', mode: '0644' }))
    },
    ['act: changed', 'write: changed (unknown)', 'mode: ok (assumed)'],
  ],
  [
    'times of what is planned, whatever its name, are not known',
    ({ task }, at) => {
      task('write', copy({ dest: at('there/a'), content: 'new\n' }))
      task('times', file({ path: at('to/a'), modificationTime: '2020-01-01' }))
    },
    ['write: changed', 'times: changed (assumed)'],
  ],
]

test.each(cases.map((row, index) => [...row, index] as const))('%s', async (_, fill, outcomes, index) => {
  const host = join(root, `host-${index}`)
  mkdirSync(join(host, 'there'), { recursive: true })
  writeFileSync(join(host, 'there/a'), 'a\n')
  symlinkSync(join(host, 'there'), join(host, 'to'))
  mkdirSync(join(host, 'same'))
  writeFileSync(join(host, 'same/a'), 'a\n')
  mkdirSync(join(host, 'other'))
  writeFileSync(join(host, 'other/x'), 'x\n')
  symlinkSync('none', join(host, 'dangling'))
  const playbook = definePlaybook('p', inventory, (play) =>
    play('p', { hosts: 'one' }, ((tools: PlayTools<any>) => fill(tools, (name) => join(host, name))) as never),
  )
  const foreseen = await runLocally(playbook, { home: root, check: true })
  expect(foreseen.outcomes('one')).toEqual(outcomes)
  const done = await runLocally(playbook, { home: root })
  const certain = new Set(foreseen.tasks.filter(({ confidence }) => confidence === 'certain').map(({ task }) => task))
  const sure = ({ tasks }: typeof done) => tasks.filter(({ task }) => certain.has(task)).map(({ task, outcome }) => `${task}: ${outcome}`)
  expect(sure(foreseen), 'what it is certain of is what a run does').toEqual(sure(done))
})
