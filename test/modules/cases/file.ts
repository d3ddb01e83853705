import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { file } from '../../../src/modules/file.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { modeOf } from '../case-helpers.ts'

export const cases: readonly LawCase[] = [
  {
    name: 'file makes a directory',
    call: (root) => file({ path: `${root}/a/b/c`, state: 'directory' }),
    after: (root) => expect(modeOf(`${root}/a/b`)).toBe('755'),
  },
  {
    name: 'file makes a directory with a mode',
    call: (root) => file({ path: `${root}/a`, state: 'directory', mode: '2770', owner: '0', group: '0' }),
  },
  {
    name: 'file leaves a directory',
    before: (root) => mkdirSync(`${root}/a`, 0o700),
    call: (root) => file({ path: `${root}/a/`, state: 'directory' }),
    expect: 'nothing',
  },
  {
    name: 'file changes a directory',
    before: (root) => mkdirSync(`${root}/a`, 0o700),
    call: (root) => file({ path: `${root}/a`, state: 'directory', mode: '0711' }),
  },
  {
    name: 'file takes the set-group-ID bit from a directory',
    before: (root) => {
      mkdirSync(`${root}/a`)
      chmodSync(`${root}/a`, 0o2755)
    },
    call: (root) => file({ path: `${root}/a`, state: 'directory', mode: '0750' }),
    after: (root) => expect(modeOf(`${root}/a`)).toBe('750'),
  },
  {
    name: 'file takes the set-group-ID bit from a tree',
    before: (root) => {
      mkdirSync(`${root}/a/b`, { recursive: true })
      chmodSync(`${root}/a/b`, 0o2755)
    },
    call: (root) => file({ path: `${root}/a`, state: 'directory', recurse: true, mode: '0750' }),
    after: (root) => expect(modeOf(`${root}/a/b`)).toBe('750'),
  },
  {
    name: 'file lets a new directory inherit the set-group-ID bit',
    before: (root) => {
      mkdirSync(`${root}/a`)
      chmodSync(`${root}/a`, 0o2755)
    },
    call: (root) => file({ path: `${root}/a/b/c`, state: 'directory' }),
    after: (root) => expect(modeOf(`${root}/a/b/c`)).toBe('2755'),
  },
  {
    name: 'file makes a directory with exactly the mode that is asked for',
    before: (root) => {
      mkdirSync(`${root}/a`)
      chmodSync(`${root}/a`, 0o2755)
    },
    call: (root) => file({ path: `${root}/a/b`, state: 'directory', mode: '0700' }),
    after: (root) => expect(modeOf(`${root}/a/b`)).toBe('700'),
  },
  {
    name: 'file refuses a directory as file',
    before: (root) => mkdirSync(`${root}/a`),
    call: (root) => file({ path: `${root}/a`, state: 'file', mode: '0700' }),
    expect: 'refusal',
  },
  {
    name: 'file sets the mode of a directory without a state',
    before: (root) => mkdirSync(`${root}/a`),
    call: (root) => file({ path: `${root}/a`, mode: '0700' }),
  },
  {
    name: 'file refuses a file as directory',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => file({ path: `${root}/a`, state: 'directory' }),
    expect: 'refusal',
  },
  {
    name: 'file sets the mode',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => file({ path: `${root}/a`, mode: '0711' }),
  },
  {
    name: 'file sets the owner and keeps special bits',
    before: (root) => {
      writeFileSync(`${root}/a`, '')
      chmodSync(`${root}/a`, 0o6711)
    },
    call: (root) => file({ path: `${root}/a`, owner: '4242', group: '4343' }),
    after: (root) => expect(modeOf(`${root}/a`)).toBe('6711'),
  },
  { name: 'file makes no file', call: (root) => file({ path: `${root}/a` }), expect: 'refusal' },
  ...(
    [
      ['recurse without anything to set', { state: 'directory', recurse: true }],
      ['recurse of a file', { state: 'touch', recurse: true, mode: '0644' }],
      ['a hard link without src', { state: 'hard' }],
      ['a hard link to a relative path', { state: 'hard', src: 'end' }],
      ['a hard link to nothing', { state: 'hard', src: '/none/at/all' }],
      ['a hard link to a directory', { state: 'hard', src: '/etc' }],
      ['a link with a mode', { state: 'link', src: '/etc', mode: '0644' }],
      ['a link with an owner', { state: 'link', src: '/etc', owner: 'root' }],
      ['src of a file', { state: 'touch', src: '/etc' }],
      ['times of a link', { state: 'link', src: '/etc', modificationTime: 'now' }],
      ['a day that there is not', { state: 'touch', accessTime: '2026-02-31T25:00:00Z' }],
    ] as const
  ).map(
    ([name, given]): LawCase => ({
      name: `file refuses ${name}`,
      call: (root) => file({ path: `${root}/a`, ...given }),
      expect: 'refusal',
    }),
  ),
  {
    name: 'file changes a mode by letters',
    before: (root) => writeFileSync(`${root}/a`, '', { mode: 0o640 }),
    call: (root) => file({ path: `${root}/a`, mode: 'u+x,g=u,o-r' }),
    after: (root) => expect(modeOf(`${root}/a`)).toBe('770'),
  },
  {
    name: 'file leaves a mode that letters would not change',
    before: (root) => writeFileSync(`${root}/a`, '', { mode: 0o640 }),
    call: (root) => file({ path: `${root}/a`, mode: 'u=rwX,g=r,o=' }),
    expect: 'nothing',
  },
  {
    name: 'file makes a directory with a mode in letters',
    call: (root) => file({ path: `${root}/a/b`, state: 'directory', mode: 'g+ws,o=' }),
    after: (root) => expect([modeOf(`${root}/a`), modeOf(`${root}/a/b`)]).toEqual(['2770', '2770']),
  },
  {
    name: 'file sets all below a directory',
    before: (root) => {
      mkdirSync(`${root}/a/b`, { recursive: true })
      writeFileSync(`${root}/a/b/.c`, '', { mode: 0o600 })
      writeFileSync(`${root}/a/same`, '', { mode: 0o640 })
      chmodSync(`${root}/a/same`, 0o640)
      writeFileSync(`${root}/end`, '', { mode: 0o600 })
      symlinkSync('../end', `${root}/a/link`)
    },
    call: (root) => file({ path: `${root}/a`, state: 'directory', recurse: true, mode: '0640' }),
    after: (root) =>
      expect(['a', 'a/b', 'a/b/.c', 'a/same', 'end'].map((name) => modeOf(`${root}/${name}`))).toEqual(['640', '640', '640', '640', '600']),
  },
  {
    name: 'file sets all below a directory by letters, through a link',
    before: (root) => {
      mkdirSync(`${root}/a/b`, { recursive: true, mode: 0o700 })
      writeFileSync(`${root}/a/b/c`, '', { mode: 0o600 })
      writeFileSync(`${root}/a/run`, '', { mode: 0o700 })
      symlinkSync('a', `${root}/link`)
    },
    call: (root) => file({ path: `${root}/link`, state: 'directory', recurse: true, mode: 'u=rwX,go=rX', owner: '4242', group: 'root' }),
    after: (root) => {
      expect(['a', 'a/b', 'a/b/c', 'a/run'].map((name) => modeOf(`${root}/${name}`))).toEqual(['755', '755', '644', '755'])
      expect(statSync(`${root}/a/b/c`).uid).toBe(4242)
    },
  },
  {
    name: 'file sets owners below a directory and keeps special bits',
    before: (root) => {
      mkdirSync(`${root}/a`)
      writeFileSync(`${root}/a/b`, '')
      chmodSync(`${root}/a/b`, 0o6711)
    },
    call: (root) => file({ path: `${root}/a`, state: 'directory', recurse: true, owner: '4242' }),
    after: (root) => expect(modeOf(`${root}/a/b`)).toBe('6711'),
  },
  {
    name: 'file leaves a tree that is right',
    before: (root) => {
      mkdirSync(`${root}/a/b`, { recursive: true })
      writeFileSync(`${root}/a/b/c`, '')
    },
    call: (root) => file({ path: `${root}/a`, state: 'directory', recurse: true, mode: 'u=rwX,go=rX', owner: 'root', group: '0' }),
    expect: 'nothing',
  },
  {
    name: 'file makes a new directory with recurse',
    call: (root) => file({ path: `${root}/a/b`, state: 'directory', recurse: true, mode: '0700' }),
  },
  {
    name: 'file recurses through hostile names',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/${hostile}/${hostile}`, { recursive: true })
      writeFileSync(`${root}/${hostile}/${hostile}/${hostile}`, '', { mode: 0o600 })
      writeFileSync(Buffer.concat([Buffer.from(`${root}/${hostile}/`), Buffer.from([0xff, 10, 0x3a])]), '', { mode: 0o600 })
    },
    call: (root, hostile) => file({ path: `${root}/${hostile}`, state: 'directory', recurse: true, mode: 'a+rX', owner: '4242' }),
    after: (root, hostile) => expect(modeOf(`${root}/${hostile}/${hostile}/${hostile}`)).toBe('644'),
  },
  {
    name: 'file makes a hard link',
    before: (root) => writeFileSync(`${root}/end`, 'x'),
    call: (root) => file({ path: `${root}/a`, state: 'hard', src: `${root}/end`, mode: '0600' }),
    after: (root) => expect([statSync(`${root}/a`).ino, modeOf(`${root}/end`)]).toEqual([statSync(`${root}/end`).ino, '600']),
  },
  {
    name: 'file leaves a hard link',
    before: (root) => {
      writeFileSync(`${root}/end`, 'x')
      linkSync(`${root}/end`, `${root}/a`)
    },
    call: (root) => file({ path: `${root}/a`, state: 'hard', src: `${root}/end` }),
    expect: 'nothing',
  },
  {
    name: 'file replaces a symbolic link by a hard one',
    before: (root) => {
      writeFileSync(`${root}/end`, 'x')
      symlinkSync('end', `${root}/a`)
    },
    call: (root) => file({ path: `${root}/a`, state: 'hard', src: `${root}/end` }),
    after: (root) => expect(lstatSync(`${root}/a`).ino).toBe(lstatSync(`${root}/end`).ino),
  },
  {
    name: 'file makes no hard link over a file',
    before: (root) => {
      writeFileSync(`${root}/end`, 'x')
      writeFileSync(`${root}/a`, 'y')
    },
    call: (root) => file({ path: `${root}/a`, state: 'hard', src: `${root}/end` }),
    expect: 'refusal',
  },
  {
    name: 'file forces a hostile hard link over a file',
    hostile: true,
    before: (root, hostile) => {
      writeFileSync(`${root}/${hostile}`, 'x')
      writeFileSync(`${root}/a${hostile}`, 'y')
    },
    call: (root, hostile) => file({ path: `${root}/a${hostile}`, state: 'hard', src: `${root}/${hostile}`, force: true }),
    after: (root, hostile) => expect(lstatSync(`${root}/a${hostile}`).ino).toBe(lstatSync(`${root}/${hostile}`).ino),
  },
  {
    name: 'file gives a link an owner of its own',
    before: (root) => writeFileSync(`${root}/end`, ''),
    call: (root) => file({ path: `${root}/a`, state: 'link', src: 'end', owner: '4242', group: '4343', follow: false }),
    after: (root) => expect([lstatSync(`${root}/a`).uid, lstatSync(`${root}/a`).gid, statSync(`${root}/end`).uid]).toEqual([4242, 4343, 0]),
  },
  {
    name: 'file does not follow a link',
    before: (root) => {
      writeFileSync(`${root}/end`, '')
      symlinkSync('end', `${root}/a`)
    },
    call: (root) => file({ path: `${root}/a`, mode: '0600', follow: false }),
    expect: 'refusal',
  },
  {
    name: 'file sets times',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => file({ path: `${root}/a`, state: 'touch', modificationTime: '2001-02-03T04:05:06+01:00', accessTime: '2001-02-03' }),
    after: (root) =>
      expect([statSync(`${root}/a`).mtime, statSync(`${root}/a`).atime].map((time) => time.toISOString())).toEqual([
        '2001-02-03T03:05:06.000Z',
        '2001-02-03T00:00:00.000Z',
      ]),
  },
  {
    name: 'file sets times of what it makes',
    call: (root) => file({ path: `${root}/a`, state: 'directory', modificationTime: '2001-02-03' }),
    after: (root) => expect(statSync(`${root}/a`).mtime.toISOString()).toBe('2001-02-03T00:00:00.000Z'),
  },
  {
    name: 'file keeps times',
    before: (root) => {
      writeFileSync(`${root}/a`, '')
      utimesSync(`${root}/a`, 1, 1)
    },
    call: (root) => file({ path: `${root}/a`, state: 'touch', modificationTime: 'preserve' }),
    expect: 'nothing',
  },
  {
    name: 'file sets a time to now',
    before: (root) => {
      writeFileSync(`${root}/a`, '')
      utimesSync(`${root}/a`, 1, 1)
    },
    call: (root) => file({ path: `${root}/a`, state: 'touch', modificationTime: 'now', accessTime: 'now' }),
    after: (root) => expect(statSync(`${root}/a`).mtimeMs).toBeGreaterThan(1_000_000_000_000),
  },
  {
    name: 'file touches',
    call: (root) => file({ path: `${root}/a`, state: 'touch', owner: 'root' }),
    after: (root) => expect(modeOf(`${root}/a`)).toBe('644'),
  },
  {
    name: 'file leaves what is touched',
    before: (root) => writeFileSync(`${root}/a`, 'x'),
    call: (root) => file({ path: `${root}/a`, state: 'touch' }),
    expect: 'nothing',
  },
  {
    name: 'file removes a directory',
    before: (root) => {
      mkdirSync(`${root}/a`)
      writeFileSync(`${root}/a/b`, '')
    },
    call: (root) => file({ path: `${root}/a`, state: 'absent' }),
    after: (root) => expect(existsSync(`${root}/a`)).toBe(false),
  },
  {
    name: 'file removes a link and not its end',
    before: (root) => {
      writeFileSync(`${root}/end`, '')
      symlinkSync('end', `${root}/a`)
    },
    call: (root) => file({ path: `${root}/a`, state: 'absent' }),
    after: (root) => expect(existsSync(`${root}/end`)).toBe(true),
  },
  {
    name: 'file removes a link that leads nowhere',
    before: (root) => symlinkSync('none', `${root}/a`),
    call: (root) => file({ path: `${root}/a`, state: 'absent' }),
  },
  { name: 'file leaves what is absent', call: (root) => file({ path: `${root}/a/b`, state: 'absent' }), expect: 'nothing' },
  {
    name: 'file makes a link',
    before: (root) => writeFileSync(`${root}/end`, ''),
    call: (root) => file({ path: `${root}/a`, state: 'link', src: 'end' }),
    after: (root) => expect(readlinkSync(`${root}/a`)).toBe('end'),
  },
  {
    name: 'file turns a link, also one to a directory',
    before: (root) => {
      mkdirSync(`${root}/old`)
      mkdirSync(`${root}/new`)
      symlinkSync('old', `${root}/a`)
    },
    call: (root) => file({ path: `${root}/a`, state: 'link', src: `${root}/new` }),
    after: (root) => expect(readlinkSync(`${root}/a`)).toBe(join(root, 'new')),
  },
  { name: 'file refuses a link to nowhere', call: (root) => file({ path: `${root}/a`, state: 'link', src: 'end' }), expect: 'refusal' },
  {
    name: 'file forces a link over a file',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => file({ path: `${root}/a`, state: 'link', src: '../none', force: true }),
  },
  {
    name: 'file makes a hostile directory',
    hostile: true,
    call: (root, hostile) => file({ path: `${root}/${hostile}/${hostile}`, state: 'directory', mode: '0700' }),
  },
  {
    name: 'file makes a hostile link',
    hostile: true,
    call: (root, hostile) => file({ path: `${root}/${hostile}`, state: 'link', src: `${hostile}x`, force: true }),
    after: (root, hostile) => expect(readlinkSync(`${root}/${hostile}`)).toBe(`${hostile}x`),
  },
  {
    name: 'file touches and removes what is hostile',
    hostile: true,
    before: (root, hostile) => writeFileSync(`${root}/${hostile}`, ''),
    call: (root, hostile) => file({ path: `${root}/${hostile}`, state: 'absent' }),
  },
]
