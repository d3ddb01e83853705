import { chmodSync, existsSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
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
  { name: 'file refuses recurse', call: (root) => file({ path: `${root}/a`, state: 'directory', recurse: true }), expect: 'refusal' },
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
