import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { git } from '../../../src/modules/git.ts'
import { type LawCase, localHosts } from '../../../src/testing/index.ts'
import { gitIn, hostsWithPrograms, text } from '../case-helpers.ts'

/** A repository with two commits on main, a tag on the first, and a branch. */
function origin(root: string): void {
  const repo = `${root}/origin`
  mkdirSync(repo)
  gitIn(repo, 'init', '-q')
  writeFileSync(`${repo}/file`, 'one\n')
  gitIn(repo, 'add', '.')
  gitIn(repo, 'commit', '-qm', 'one')
  gitIn(repo, 'tag', '-a', 'v1', '-m', 'first')
  gitIn(repo, 'branch', 'side')
  writeFileSync(`${repo}/file`, 'two\n')
  gitIn(repo, 'commit', '-qam', 'two')
}
function cloned(root: string): void {
  origin(root)
  gitIn(root, 'clone', '-q', `${root}/origin`, `${root}/clone`)
}
const oneLine = (name: string) => name.replaceAll('\n', ' ')
const hosts = hostsWithPrograms
const at = (root: string, extra: Partial<Parameters<typeof git>[0]> = {}) =>
  git({ repo: `${root}/origin`, dest: `${root}/clone`, ...extra })

export const cases: readonly LawCase[] = [
  {
    name: 'git clones what HEAD stands for',
    hosts,
    before: origin,
    call: (root) => at(root, { dest: `${root}/deep/er/clone` }),
    after: (root) => {
      expect(text(`${root}/deep/er/clone/file`)).toBe('two\n')
      expect(gitIn(`${root}/deep/er/clone`, 'status', '-sb')).toBe('## main...origin/main')
    },
  },
  {
    name: 'git at a tag',
    hosts,
    before: cloned,
    call: (root) => at(root, { version: 'v1' }),
    after: (root) => expect(text(`${root}/clone/file`)).toBe('one\n'),
  },
  {
    name: 'git at a branch',
    hosts,
    before: cloned,
    call: (root) => at(root, { version: 'side' }),
    after: (root) => expect(gitIn(`${root}/clone`, 'status', '-sb')).toBe('## side...origin/side'),
  },
  {
    name: 'git follows a branch that moved, and one that was rewritten',
    hosts,
    before: (root) => {
      cloned(root)
      writeFileSync(`${root}/origin/file`, 'three\n')
      gitIn(`${root}/origin`, 'commit', '-q', '--amend', '-am', 'three')
    },
    call: (root) => at(root, { version: 'main' }),
    after: (root) => expect(text(`${root}/clone/file`)).toBe('three\n'),
  },
  { name: 'git that is right', hosts, before: cloned, call: (root) => at(root), expect: 'nothing' },
  {
    name: 'git that is right although there are files of nobody',
    hosts,
    before: (root) => {
      cloned(root)
      writeFileSync(`${root}/clone/mine`, '')
    },
    call: (root) => at(root),
    expect: 'nothing',
  },
  {
    name: 'git at a commit that is checked out asks nobody',
    hosts,
    before: (root) => {
      cloned(root)
      gitIn(`${root}/clone`, 'remote', 'set-url', 'origin', '/nowhere')
      writeFileSync(`${root}/commit`, gitIn(`${root}/clone`, 'rev-parse', 'HEAD'))
    },
    call: (root) => at(root, { repo: '/nowhere', version: text(`${root}/commit`) }),
    expect: 'nothing',
  },
  {
    name: 'git at a commit',
    hosts,
    before: origin,
    call: (root) => at(root, { version: gitIn(`${root}/origin`, 'rev-parse', 'v1^{commit}'), depth: 1 }),
    after: (root) => expect(text(`${root}/clone/file`)).toBe('one\n'),
  },
  {
    name: 'git with depth',
    hosts,
    before: origin,
    call: (root) => at(root, { repo: `file://${root}/origin`, depth: 1, version: 'main' }),
    after: (root) => expect(gitIn(`${root}/clone`, 'rev-list', '--count', 'HEAD')).toBe('1'),
  },
  {
    name: 'git with depth, from one branch to another',
    hosts,
    before: (root) => {
      origin(root)
      gitIn(root, 'clone', '-q', '--depth=1', `file://${root}/origin`, `${root}/clone`)
    },
    call: (root) => at(root, { repo: `file://${root}/origin`, depth: 1, version: 'v1' }),
    after: (root) => expect(text(`${root}/clone/file`)).toBe('one\n'),
  },
  {
    name: 'git bare',
    hosts,
    before: origin,
    call: (root) => at(root, { bare: true }),
    after: (root) => expect(existsSync(`${root}/clone/HEAD`)).toBe(true),
  },
  {
    name: 'git bare fetches what is new',
    hosts,
    before: (root) => {
      origin(root)
      gitIn(root, 'clone', '-q', '--bare', `${root}/origin`, `${root}/clone`)
      writeFileSync(`${root}/origin/file`, 'three\n')
      gitIn(`${root}/origin`, 'commit', '-qam', 'three')
      gitIn(`${root}/origin`, 'tag', 'v2')
    },
    call: (root) => at(root, { bare: true }),
    after: (root) => expect(gitIn(`${root}/clone`, 'rev-parse', 'v2')).toBe(gitIn(`${root}/origin`, 'rev-parse', 'main')),
  },
  {
    name: 'git gives the remote its new address',
    hosts,
    before: (root) => {
      cloned(root)
      gitIn(`${root}/clone`, 'remote', 'set-url', 'origin', '/nowhere')
    },
    call: (root) => at(root),
    after: (root) => expect(gitIn(`${root}/clone`, 'remote', 'get-url', 'origin')).toBe(`${root}/origin`),
  },
  {
    name: 'git throws changes away with force',
    hosts,
    before: (root) => {
      cloned(root)
      appendFileSync(`${root}/clone/file`, 'mine\n')
    },
    call: (root) => at(root, { force: true }),
    after: (root) => expect(text(`${root}/clone/file`)).toBe('two\n'),
  },
  {
    name: 'git keeps changes without force',
    hosts,
    before: (root) => {
      cloned(root)
      appendFileSync(`${root}/clone/file`, 'mine\n')
    },
    call: (root) => at(root, { version: 'v1' }),
    expect: 'refusal',
  },
  {
    name: 'git leaves what is there without update',
    hosts,
    before: cloned,
    call: (root) => at(root, { repo: '/nowhere', version: 'v1', update: false }),
    expect: 'nothing',
  },
  { name: 'git makes nothing without clone', hosts, before: origin, call: (root) => at(root, { clone: false }), expect: 'nothing' },
  { name: 'git of a repository that is not there', hosts, call: (root) => at(root), expect: 'refusal' },
  { name: 'git at a version there is not', hosts, before: origin, call: (root) => at(root, { version: 'mian' }), expect: 'refusal' },
  {
    name: 'git over files of others',
    hosts,
    before: (root) => {
      origin(root)
      mkdirSync(`${root}/clone`)
      writeFileSync(`${root}/clone/mine`, '')
    },
    call: (root) => at(root),
    expect: 'refusal',
  },
  {
    name: 'git into an empty directory inside another repository',
    hosts,
    before: (root) => {
      origin(root)
      mkdirSync(`${root}/origin/sub`)
    },
    call: (root) => at(root, { dest: `${root}/origin/sub`, version: 'v1' }),
    after: (root) => expect(text(`${root}/origin/sub/file`)).toBe('one\n'),
  },
  ...['--upload-pack=touch $CANARY', 'ext::sh -c "touch $CANARY"', 'fd::17'].map(
    (repo): LawCase => ({
      name: `git of ${repo.slice(0, 8)}`,
      call: (root) => git({ repo, dest: `${root}/clone` }),
      expect: 'refusal',
    }),
  ),
  { name: 'git at an option', call: (root) => at(root, { version: '--upload-pack=x' }), expect: 'refusal' },
  { name: 'git without git', hosts: localHosts().slice(2), call: (root) => at(root, { version: '0'.repeat(40) }), expect: 'refusal' },
  {
    name: 'git with hostile names',
    hostile: true,
    hosts,
    before: (root, hostile) => {
      origin(root)
      gitIn(root, 'clone', '-q', '--bare', `${root}/origin`, `${root}/${oneLine(hostile)}`)
    },
    call: (root, hostile) =>
      git({ repo: `${root}/${oneLine(hostile)}`, dest: `${root}/d/${hostile}`, keyFile: `/${hostile}`, sshOpts: [hostile] }),
    after: (root, hostile) => expect(text(`${root}/d/${hostile}/file`)).toBe('two\n'),
  },
  {
    name: 'git at hostile versions',
    hostile: true,
    hosts,
    before: origin,
    call: (root, hostile) => at(root, { version: hostile }),
    expect: 'refusal',
  },
]
