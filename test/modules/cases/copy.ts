import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { copy } from '../../../src/modules/copy.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { Secret, sealed } from '../../../src/util/secret.ts'
import { sh } from '../../../src/util/sh.ts'
import { modeOf, text } from '../case-helpers.ts'

const sumOfOne = '2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806'

/** A directory with files, an empty directory and a link, `from` in the case's tree. */
function makeTree(root: string, name = 'from'): void {
  mkdirSync(`${root}/${name}/d/empty`, { recursive: true })
  writeFileSync(`${root}/${name}/a`, 'one\n')
  writeFileSync(`${root}/${name}/d/run`, Uint8Array.of(0, 255))
  chmodSync(`${root}/${name}/d/run`, 0o750)
  symlinkSync('../a', `${root}/${name}/d/link`)
}

const directories: readonly LawCase[] = [
  {
    name: 'copy lets new directories inherit the set-group-ID bit',
    before: (root) => {
      makeTree(root)
      mkdirSync(`${root}/group`)
      chmodSync(`${root}/group`, 0o2755)
    },
    call: (root) => copy({ src: `${root}/from`, dest: `${root}/group` }),
    after: (root) => expect(['', '/d'].map((name) => modeOf(`${root}/group/from${name}`))).toEqual(['2755', '2755']),
  },
  {
    name: 'copy lets the directory of a file inherit the set-group-ID bit',
    before: (root) => {
      makeTree(root)
      mkdirSync(`${root}/group`)
      chmodSync(`${root}/group`, 0o2755)
    },
    call: (root) => copy({ src: `${root}/from/a`, dest: `${root}/group/new/` }),
    after: (root) => expect(modeOf(`${root}/group/new`)).toBe('2755'),
  },
  {
    name: 'copy gives new directories exactly the mode that is asked for',
    before: (root) => {
      makeTree(root)
      mkdirSync(`${root}/group`)
      chmodSync(`${root}/group`, 0o2755)
    },
    call: (root) => copy({ src: `${root}/from/`, dest: `${root}/group/new`, directoryMode: '0700' }),
    after: (root) => expect(['', '/d'].map((name) => modeOf(`${root}/group/new${name}`))).toEqual(['700', '700']),
  },
  {
    name: 'copy of a directory of the host keeps modes below a directory with the set-group-ID bit',
    before: (root) => {
      makeTree(root)
      mkdirSync(`${root}/group`)
      chmodSync(`${root}/group`, 0o2755)
    },
    call: (root) => copy({ src: `${root}/from`, dest: `${root}/group`, remoteSrc: true }),
    after: (root) => expect(modeOf(`${root}/group/from/d`)).toBe('755'),
  },
  {
    name: 'copy of a directory of the controller',
    before: (root) => makeTree(root),
    call: (root) => copy({ src: `${root}/from`, dest: `${root}/to` }),
    after: (root) => {
      expect(readdirSync(`${root}/to/from/d`).sort()).toEqual(['empty', 'link', 'run'])
      expect([text(`${root}/to/from/d/link`), lstatSync(`${root}/to/from/d/link`).isFile()]).toEqual(['one\n', true])
      expect(['', '/d', '/a', '/d/run'].map((name) => modeOf(`${root}/to/from${name}`))).toEqual(['755', '755', '644', '644'])
    },
  },
  {
    name: 'copy of what is in a directory of the controller, with modes',
    before: (root) => makeTree(root),
    call: (root) =>
      copy({
        src: new URL(`${pathToFileURL(root).href}/from/`),
        dest: `${root}/to/`,
        mode: 'preserve',
        directoryMode: '0711',
        owner: '4242',
      }),
    after: (root) => expect(['', '/d', '/a', '/d/run'].map((name) => modeOf(`${root}/to${name}`))).toEqual(['711', '711', '644', '750']),
  },
  {
    name: 'copy of a directory writes only what differs',
    before: (root) => {
      makeTree(root)
      makeTree(root, 'to')
      writeFileSync(`${root}/to/d/more`, '')
      writeFileSync(`${root}/to/a`, 'old')
    },
    call: (root) => copy({ src: `${root}/from/`, dest: `${root}/to`, backup: true, validate: (path) => sh`test -s ${path}` }),
    after: (root) => {
      expect([text(`${root}/to/a`), existsSync(`${root}/to/d/more`)]).toEqual(['one\n', true])
      expect(readdirSync(`${root}/to`).filter((name) => name.startsWith('a.'))).not.toEqual([])
    },
  },
  {
    name: 'copy of a directory that is there',
    before: (root) => {
      makeTree(root)
      makeTree(root, 'to')
    },
    call: (root) => copy({ src: `${root}/from/`, dest: `${root}/to` }),
    expect: 'nothing',
  },
  {
    name: 'copy of a directory leaves what is there with force: false',
    before: (root) => {
      makeTree(root)
      makeTree(root, 'to')
      writeFileSync(`${root}/to/a`, 'old')
    },
    call: (root) => copy({ src: `${root}/from/`, dest: `${root}/to`, force: false }),
    expect: 'nothing',
  },
  {
    name: 'copy of a directory over a file',
    before: (root) => {
      makeTree(root)
      writeFileSync(`${root}/to`, '')
    },
    call: (root) => copy({ src: `${root}/from/`, dest: `${root}/to` }),
    expect: 'refusal',
  },
  {
    name: 'copy of a directory with hostile names',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/from/${hostile}`, { recursive: true })
      writeFileSync(`${root}/from/${hostile}/${hostile}`, hostile)
    },
    call: (root, hostile) => copy({ src: `${root}/from/${hostile}`, dest: `${root}/to` }),
    after: (root, hostile) => expect(text(`${root}/to/${hostile}/${hostile}`)).toBe(hostile),
  },
  {
    name: 'copy of a file into a directory',
    before: (root) => {
      makeTree(root)
      mkdirSync(`${root}/to`)
    },
    call: (root) => copy({ src: `${root}/from/d/run`, dest: `${root}/to`, mode: 'preserve' }),
    after: (root) => expect(modeOf(`${root}/to/run`)).toBe('750'),
  },
  {
    name: 'copy of a file into a directory that it makes',
    before: (root) => makeTree(root),
    call: (root) => copy({ src: `${root}/from/a`, dest: `${root}/to/new/`, checksum: sumOfOne.toUpperCase(), directoryMode: '0700' }),
    after: (root) => expect([text(`${root}/to/new/a`), modeOf(`${root}/to/new`)]).toEqual(['one\n', '700']),
  },
  {
    name: 'copy of another file than meant',
    before: (root) => makeTree(root),
    call: (root) => copy({ src: `${root}/from/d/run`, dest: `${root}/to`, checksum: sumOfOne }),
    expect: 'refusal',
  },
  {
    name: 'copy of a file into a directory that it makes with a mode in letters',
    before: (root) => makeTree(root),
    call: (root) => copy({ src: `${root}/from/a`, dest: `${root}/to/`, directoryMode: 'go=' }),
    after: (root) => expect(modeOf(`${root}/to`)).toBe('700'),
  },
  { name: 'copy of content into a directory', call: (root) => copy({ content: '', dest: `${root}/to/` }), expect: 'refusal' },
]

const onTheHost: readonly LawCase[] = [
  {
    name: 'copy of a file of the host',
    before: (root) => makeTree(root),
    call: (root) => copy({ src: `${root}/from/d/run`, dest: `${root}/to`, remoteSrc: true, validate: (path) => sh`test -s ${path}` }),
    after: (root) => expect([readFileSync(`${root}/to`).length, modeOf(`${root}/to`)]).toEqual([2, '644']),
  },
  {
    name: 'copy of a file of the host, through links, keeping modes and the old file',
    before: (root) => {
      makeTree(root)
      mkdirSync(`${root}/to`)
      writeFileSync(`${root}/to/link`, 'old')
    },
    call: (root) =>
      copy({ src: `${root}/from/d/link`, dest: `${root}/to`, remoteSrc: true, backup: true, mode: 'preserve', checksum: sumOfOne }),
    after: (root) => expect([text(`${root}/to/link`), readdirSync(`${root}/to`).length]).toEqual(['one\n', 2]),
  },
  {
    name: 'copy of a file of the host that is there',
    before: (root) => {
      makeTree(root)
      writeFileSync(`${root}/to`, 'one\n')
    },
    call: (root) => copy({ src: `${root}/from/a`, dest: `${root}/to`, remoteSrc: true }),
    expect: 'nothing',
  },
  {
    name: 'copy of a directory of the host',
    before: (root) => makeTree(root),
    call: (root) => copy({ src: `${root}/from`, dest: `${root}/to`, remoteSrc: true }),
    after: (root) => {
      expect(readlinkSync(`${root}/to/from/d/link`)).toBe('../a')
      expect([modeOf(`${root}/to/from/d/run`), existsSync(`${root}/to/from/d/empty`)]).toEqual(['750', true])
    },
  },
  {
    name: 'copy of what differs in a directory of the host',
    before: (root) => {
      makeTree(root)
      makeTree(root, 'to')
      writeFileSync(`${root}/to/a`, 'old')
      writeFileSync(`${root}/to/more`, 'more')
    },
    call: (root) => copy({ src: `${root}/from/`, dest: `${root}/to`, remoteSrc: true }),
    after: (root) => expect([text(`${root}/to/a`), text(`${root}/to/more`)]).toEqual(['one\n', 'more']),
  },
  {
    name: 'copy of a directory of the host leaves what is there with force: false',
    before: (root) => {
      makeTree(root)
      makeTree(root, 'to')
      writeFileSync(`${root}/to/a`, 'old')
    },
    call: (root) => copy({ src: `${root}/from/`, dest: `${root}/to`, remoteSrc: true, force: false }),
    expect: 'nothing',
  },
  {
    name: 'copy of a directory of the host with hostile names',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/${hostile}/${hostile}`, { recursive: true })
      writeFileSync(`${root}/${hostile}/${hostile}/${hostile}`, hostile)
      symlinkSync(hostile, `${root}/${hostile}/link`)
      writeFileSync(Buffer.concat([Buffer.from(`${root}/${hostile}/`), Buffer.from([0xff, 10])]), 'bytes')
    },
    call: (root, hostile) => copy({ src: `${root}/${hostile}`, dest: `${root}/to${hostile}`, remoteSrc: true }),
    after: (root, hostile) => {
      expect(text(`${root}/to${hostile}/${hostile}/${hostile}/${hostile}`)).toBe(hostile)
      expect(readdirSync(`${root}/to${hostile}/${hostile}`)).toHaveLength(3)
    },
  },
  ...(
    [
      ['what is not there', { src: '/none/at/all' }],
      ['a path from nowhere', { src: 'a' }],
      ['a directory with a mode', { src: '/etc/', mode: '0644' }],
      ['a directory with a checksum', { src: '/etc', checksum: sumOfOne }],
      ['a device', { src: '/dev/null' }],
      ['a directory into itself', { src: '/tmp' }],
      ['content', { content: 'a' }],
    ] as const
  ).map(
    ([name, given]): LawCase => ({
      name: `copy on the host refuses ${name}`,
      call: (root) => copy({ dest: `${root}/to`, remoteSrc: true, ...given }),
      expect: 'refusal',
    }),
  ),
]

export const cases: readonly LawCase[] = [
  ...directories,
  ...onTheHost,
  {
    name: 'copy makes a file',
    call: (root) => copy({ dest: `${root}/a`, content: 'one\n' }),
    after: (root) => expect([text(`${root}/a`), modeOf(`${root}/a`)]).toEqual(['one\n', '644']),
  },
  {
    name: 'copy makes an empty file',
    call: (root) => copy({ dest: `${root}/a`, content: '', mode: '0600' }),
    after: (root) => expect(modeOf(`${root}/a`)).toBe('600'),
  },
  {
    name: 'copy keeps mode and owner',
    before: (root) => {
      writeFileSync(`${root}/a`, 'old')
      chmodSync(`${root}/a`, 0o4750)
    },
    call: (root) => copy({ dest: `${root}/a`, content: 'new' }),
    after: (root) => expect([text(`${root}/a`), modeOf(`${root}/a`)]).toEqual(['new', '4750']),
  },
  {
    name: 'copy changes the mode alone',
    before: (root) => writeFileSync(`${root}/a`, 'same'),
    call: (root) => copy({ dest: `${root}/a`, content: 'same', mode: '640' }),
    after: (root) => expect(modeOf(`${root}/a`)).toBe('640'),
  },
  {
    name: 'copy leaves what is right',
    before: (root) => writeFileSync(`${root}/a`, 'same'),
    call: (root) => copy({ dest: `${root}/a`, content: 'same' }),
    expect: 'nothing',
  },
  {
    name: 'copy leaves a file with force: false',
    before: (root) => writeFileSync(`${root}/a`, 'x'),
    call: (root) => copy({ dest: `${root}/a`, content: 'y', force: false }),
    expect: 'nothing',
  },
  {
    name: 'copy refuses a directory',
    before: (root) => mkdirSync(`${root}/a`),
    call: (root) => copy({ dest: `${root}/a`, content: 'y' }),
    expect: 'refusal',
  },
  { name: 'copy takes src or content', call: (root) => copy({ dest: `${root}/a` }), expect: 'refusal' },
  {
    name: 'copy follows a link',
    before: (root) => {
      writeFileSync(`${root}/end`, 'old')
      symlinkSync('end', `${root}/a`)
    },
    call: (root) => copy({ dest: `${root}/a`, content: 'new', validate: (path) => sh`grep -q new ${path}` }),
    after: (root) => expect([lstatSync(`${root}/a`).isSymbolicLink(), text(`${root}/end`)]).toEqual([true, 'new']),
  },
  {
    name: 'copy of any bytes',
    call: (root) => copy({ dest: `${root}/a`, content: Uint8Array.from({ length: 70_000 }, (_, index) => index % 256) }),
    after: (root) => expect(readFileSync(`${root}/a`)).toHaveLength(70_000),
  },
  {
    name: 'copy replaces bytes that are no text',
    before: (root) => writeFileSync(`${root}/a`, Buffer.from([0xff, 0, 0xfe])),
    call: (root) => copy({ dest: `${root}/a`, content: Uint8Array.of(0, 255, 10) }),
  },
  {
    name: 'copy with hostile name and content',
    hostile: true,
    call: (root, hostile) => copy({ dest: `${root}/${hostile}`, content: hostile, backup: true, validate: (path) => sh`test -s ${path}` }),
    after: (root, hostile) => expect(text(`${root}/${hostile}`)).toBe(hostile),
  },
  {
    name: 'copy of a hostile secret, and a check of it that knows it',
    hostile: true,
    call: (root, hostile) =>
      copy({
        dest: `${root}/a`,
        content: sealed`${new Secret(hostile)}`,
        validate: (path) => sh`test "$(cat ${path}; echo .)" = ${sealed`${new Secret(hostile)}.`}`,
      }),
    after: (root, hostile) => expect(text(`${root}/a`)).toBe(hostile),
  },
  {
    name: 'copy leaves a secret that is right',
    before: (root) => writeFileSync(`${root}/a`, 'same'),
    call: (root) => copy({ dest: `${root}/a`, content: new Secret('same') }),
    expect: 'nothing',
  },
  {
    name: 'copy over a file with hostile name, through a hostile link',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/d`)
      writeFileSync(`${root}/d/${hostile}`, 'old')
      symlinkSync(`d/${hostile}`, `${root}/${hostile}`)
    },
    call: (root, hostile) => copy({ dest: `${root}/${hostile}`, content: 'new', mode: '0600', validate: (path) => sh`test -s ${path}` }),
    after: (root, hostile) => expect(text(`${root}/d/${hostile}`)).toBe('new'),
  },
]
