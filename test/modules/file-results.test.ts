import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { describeModules } from '../../src/describe-modules.ts'
import { blockinfile, copy, defineInventory, definePlaybook, file, find, lineinfile, local, replace, stat } from '../../src/index.ts'
import { type LocalRun, runLocally, temporaryFolder } from '../helpers/engine.ts'

const folder = temporaryFolder()
let count = 0
let root = ''
beforeEach(() => {
  root = join(folder, String(count++))
  mkdirSync(`${root}/from/d`, { recursive: true })
  writeFileSync(`${root}/from/d/a.conf`, 'one\n')
  writeFileSync(`${root}/from/b`, 'b\n')
})
const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })
const home = () => `${root}/home`

/** A play that makes a tree, edits a file of it, and looks at what there is. */
const editing = () =>
  definePlaybook('editing', inventory, (play) => {
    play('files', { hosts: 'one' }, ({ task }) => {
      task('directory', file({ path: `${root}/to`, state: 'directory', mode: 'u=rwx,go=rX' }))
      task('copy', copy({ src: `${root}/from/`, dest: `${root}/to`, mode: '0640' }))
      task('line', lineinfile({ path: `${root}/to/d/a.conf`, line: 'two', insertAfter: '^one' }))
      task('block', blockinfile({ path: `${root}/to/d/a.conf`, block: 'three', marker: '# {mark}' }))
      task('replace', replace({ path: `${root}/to/d/a.conf`, regexp: '^o(ne)$', replace: 'O\\1' }))
      task('link', file({ path: `${root}/to/link`, state: 'link', src: 'd/a.conf' }))
      task('hard link', file({ path: `${root}/to/hard`, state: 'hard', src: `${root}/to/b` }))
      task('tree', file({ path: `${root}/to/d`, state: 'directory', recurse: true, mode: 'o+rX' }))
      task('look', stat({ path: `${root}/to/d/a.conf` }))
      task('look at a link', stat({ path: `${root}/to/link` }))
    })
  })

const changes = ['directory', 'copy', 'line', 'block', 'replace', 'link', 'hard link', 'tree']
const resultOf = (run: LocalRun, task: string) => run.tasks.find((event) => event.task === task)!.result as Record<string, unknown>

test('a run makes it, a second changes nothing and costs one exchange for what is known beforehand', async () => {
  const first = await runLocally(editing(), { home: home() })
  expect(first.outcomes('one')).toEqual([...changes.map((name) => `${name}: changed`), 'look: ok', 'look at a link: ok'])
  expect(readFileSync(`${root}/to/d/a.conf`, 'utf8')).toBe('One\ntwo\n# BEGIN\nthree\n# END\n')
  expect(resultOf(first, 'line')).toMatchObject({
    path: `${root}/to/d/a.conf`,
    msg: 'line added',
    state: 'file',
    mode: '0640',
    changed: true,
  })
  expect(resultOf(first, 'block')).toMatchObject({ msg: 'block inserted' })
  expect(resultOf(first, 'replace')).toMatchObject({ msg: '1 replacement made' })
  expect(resultOf(first, 'link')).toMatchObject({ dest: `${root}/to/link`, src: 'd/a.conf', state: 'link' })
  expect(resultOf(first, 'directory')).toMatchObject({ path: `${root}/to`, state: 'directory', mode: '0755' })
  expect(resultOf(first, 'copy')).toMatchObject({ dest: `${root}/to`, src: `${root}/from/` })
  expect(resultOf(first, 'look')).toMatchObject({ stat: { exists: true, isreg: true, mode: '0644' } })
  expect(resultOf(first, 'look at a link')).toMatchObject({
    stat: { islnk: true, lnkTarget: 'd/a.conf', lnkSource: `${root}/to/d/a.conf` },
  })
})

test('a first check foresees what a run does, and writes nothing', async () => {
  const checked = await runLocally(editing(), { home: home(), check: true })
  expect(existsSync(`${root}/to`)).toBe(false)
  expect(checked.outcomes('one')).toEqual([
    ...['directory', 'copy', 'line', 'block', 'replace', 'link', 'hard link'].map((name) => `${name}: changed`),
    // What lies in a tree that is only planned cannot be read, so what the tree's task does to it is not known.
    'tree: ok (assumed)',
    'look: ok (assumed)',
    'look at a link: ok (unknown)',
  ])
  expect(resultOf(checked, 'line')).toMatchObject({ msg: 'line added' })
  expect(resultOf(checked, 'look')).toMatchObject({ stat: { exists: true, isreg: true, mode: '0640' } })
  expect(resultOf(checked, 'look at a link')).toMatchObject({ stat: { exists: true, islnk: true, lnkTarget: 'd/a.conf' } })
})

test('one file: what Ansible tells of it, and where the old one is kept', async () => {
  writeFileSync(`${root}/to`, 'old\n')
  const playbook = definePlaybook('one', inventory, (play) => {
    play('files', { hosts: 'one' }, ({ task }) => {
      const copied = task('copy', copy({ content: 'new\n', dest: `${root}/to`, backup: true, mode: '0600' }))
      task('keep', ({ result }) => copy({ src: result(copied).backupFile!, dest: `${root}/kept/`, remoteSrc: true }))
      task('same', copy({ content: 'new\n', dest: `${root}/to`, backup: true }))
      task('found', find({ paths: root, patterns: 'to*' }))
    })
  })
  const run = await runLocally(playbook, { home: home() })
  expect(run.outcomes('one')).toEqual(['copy: changed', 'keep: changed', 'same: ok', 'found: ok'])
  const { uid } = statSync(root)
  const { backupFile, ...copied } = resultOf(run, 'copy')
  expect(copied).toMatchObject({
    dest: `${root}/to`,
    state: 'file',
    mode: '0600',
    size: 4,
    uid,
    checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(readFileSync(backupFile as string, 'utf8')).toBe('old\n')
  expect(readFileSync(resultOf(run, 'keep').dest as string, 'utf8')).toBe('old\n')
  expect(resultOf(run, 'same')).not.toHaveProperty('backupFile')
  expect(resultOf(run, 'found')).toMatchObject({ matched: 2 })
})

test('a converged copy of a directory and its edits cost one exchange', async () => {
  const playbook = definePlaybook('tree', inventory, (play) => {
    play('files', { hosts: 'one' }, ({ task }) => {
      task('copy', copy({ src: `${root}/from/`, dest: `${root}/to` }))
      task('line', lineinfile({ path: `${root}/to/b`, line: 'b' }))
      task('tree', file({ path: `${root}/to`, state: 'directory', recurse: true, mode: 'u+rw' }))
    })
  })
  await runLocally(playbook, { home: home() })
  const again = await runLocally(playbook, { home: home() })
  expect(again.outcomes('one')).toEqual(['copy: ok', 'line: ok', 'tree: ok'])
  expect(again.exchanges('one')).toBe(1)
})

test('a tree of 200 files costs two exchanges, three where some differ, and one hashing process where none does', async () => {
  for (let n = 0; n < 200; n++) {
    mkdirSync(`${root}/many/${n % 25}`, { recursive: true })
    writeFileSync(`${root}/many/${n % 25}/${n}`, `file ${n}\n`)
  }
  const playbook = definePlaybook('many', inventory, (play) => {
    play('files', { hosts: 'one' }, ({ task }) => {
      task('copy', copy({ src: `${root}/many/`, dest: `${root}/copied` }))
    })
  })
  const seen = async () => {
    const run = await runLocally(playbook, { home: home() })
    const jobs = run.scripts('one').flat()
    return {
      outcomes: run.outcomes('one'),
      exchanges: run.exchanges('one'),
      hashing: jobs.filter((script) => script.includes('sha256sum --')).length,
    }
  }
  expect(await seen()).toMatchObject({ outcomes: ['copy: changed'], exchanges: 2 })
  expect(await seen()).toEqual({ outcomes: ['copy: ok'], exchanges: 1, hashing: 1 })
  for (let n = 0; n < 200; n += 7) writeFileSync(`${root}/copied/${n % 25}/${n}`, 'another')
  expect(await seen()).toMatchObject({ outcomes: ['copy: changed'], exchanges: 3 })
  expect(await seen()).toEqual({ outcomes: ['copy: ok'], exchanges: 1, hashing: 1 })
  expect(readFileSync(`${root}/copied/7/7`, 'utf8')).toBe('file 7\n')
})

test('what is no regular expression is found before anything is changed', async () => {
  const playbook = definePlaybook('wrong', inventory, (play) => {
    play('files', { hosts: 'one' }, ({ task }) => {
      task('copy', copy({ content: 'new\n', dest: `${root}/to` }))
      task('line', lineinfile({ path: `${root}/to`, line: 'a', regexp: '(' }))
    })
  })
  const run = await runLocally(playbook, { home: home() }).catch((error: unknown) => error)
  expect((run as Error).message).toMatch(/regexp '\(' is no regular expression: Unterminated group$/)
  expect(existsSync(`${root}/to`)).toBe(false)
})

test('a check does not pretend to know a line of what is too large for plans', async () => {
  writeFileSync(`${root}/to`, 'a\n')
  const playbook = definePlaybook('large', inventory, (play) => {
    play('files', { hosts: 'one' }, ({ task }) => {
      task('copy', copy({ content: `${'x'.repeat(99)}\n`.repeat(20_000), dest: `${root}/to` }))
      task('line', lineinfile({ path: `${root}/to`, line: 'a' }))
      task('again', lineinfile({ path: `${root}/to`, line: 'a' }))
      task('hard', file({ path: `${root}/hard`, state: 'hard', src: `${root}/to` }))
    })
  })
  const checked = await runLocally(playbook, { home: home(), check: true })
  expect(checked.outcomes('one')).toEqual([
    'copy: changed',
    'line: changed (unknown)',
    'again: changed (unknown)',
    'hard: changed (assumed)',
  ])
  const real = await runLocally(playbook, { home: home() })
  expect(real.outcomes('one')).toEqual(['copy: changed', 'line: changed', 'again: ok', 'hard: changed'])
})

test('what a result has is what rollcall doc says', async () => {
  const described = new Map(describeModules().map(({ name, result }) => [name, result.split(', ')]))
  const { tasks } = await runLocally(editing(), { home: home() })
  for (const { module, result } of tasks) {
    const undescribed = Object.keys(result as object).filter((name) => !described.get(module)?.includes(name))
    expect(undescribed, module).toEqual([])
  }
  expect(new Set(tasks.map(({ module }) => module))).toEqual(new Set(['file', 'copy', 'lineinfile', 'blockinfile', 'replace', 'stat']))
})

test('lineinfile tells how many lines it found to remove', async () => {
  const folder = temporaryFolder()
  writeFileSync(`${folder}/lines`, 'a\nb\na\n')
  const playbook = definePlaybook('removing', inventory, (play) => {
    play('lines', { hosts: 'one' }, ({ task }) => {
      task('some', lineinfile({ path: `${folder}/lines`, line: 'a', state: 'absent' }))
      task('none', lineinfile({ path: `${folder}/lines`, line: 'a', state: 'absent' }))
      task('no file', lineinfile({ path: `${folder}/none`, line: 'a', state: 'absent' }))
    })
  })
  const run = await runLocally(playbook, { home: folder })
  expect(['some', 'none', 'no file'].map((task) => resultOf(run, task).found)).toEqual([2, 0, 0])
})
