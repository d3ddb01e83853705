import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Rendering } from '../../src/dsl/template.ts'
import { command, shell } from '../../src/modules/command.ts'
import { copy } from '../../src/modules/copy.ts'
import { file } from '../../src/modules/file.ts'
import { template } from '../../src/modules/template.ts'
import { type LawCase, laws } from '../../src/testing/index.ts'
import { sh } from '../../src/util/sh.ts'

const render = (rendering: Rendering) => Buffer.from(JSON.stringify(rendering.data()))
const rendering = (data: object) => new Rendering('/t.eta', () => data, [], undefined)
const text = (path: string) => readFileSync(path, 'utf8')
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8)

const copies: readonly LawCase[] = [
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

const templates: readonly LawCase[] = [
  {
    name: 'template renders',
    call: (root) => template({ src: rendering({ nodes: 2 }), dest: `${root}/a`, mode: '0600' }),
    after: (root) => expect(text(`${root}/a`)).toBe('{"nodes":2}'),
  },
  {
    name: 'template leaves what is right',
    before: (root) => writeFileSync(`${root}/a`, '{}'),
    call: (root) => template({ src: rendering({}), dest: `${root}/a` }),
    expect: 'nothing',
  },
  {
    name: 'template with hostile data',
    hostile: true,
    call: (root, hostile) =>
      template({ src: rendering({ hostile }), dest: `${root}/a`, validate: (path) => sh`test -f ${path} && test ${hostile} = ${hostile}` }),
  },
]

const files: readonly LawCase[] = [
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

const actions: readonly LawCase[] = [
  { name: 'command with creates', call: (root) => command({ argv: ['touch', `${root}/a`], creates: `${root}/a` }) },
  {
    name: 'command that is done',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => command({ argv: ['false'], creates: `${root}/a` }),
    expect: 'nothing',
  },
  {
    name: 'command with removes',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => command({ argv: ['rm', 'a'], chdir: root, removes: `${root}/a` }),
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
  { name: 'shell with unless', call: (root) => shell({ script: sh`: >a`, chdir: root, unless: sh`test -e a` }) },
  {
    name: 'shell with onlyIf',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => shell({ script: sh`rm a`, chdir: root, onlyIf: sh`test -e a` }),
  },
  {
    name: 'shell whose condition is no shell',
    call: (root) => shell({ script: sh`exit 1`, chdir: root, onlyIf: sh`if (` }),
    expect: 'nothing',
  },
  {
    name: 'shell in a hostile directory',
    hostile: true,
    before: (root, hostile) => mkdirSync(`${root}/${hostile}`),
    call: (root, hostile) => shell({ script: sh`printf %s ${hostile} >a`, chdir: `${root}/${hostile}`, creates: `${root}/${hostile}/a` }),
  },
]

test.each(laws([...copies, ...templates, ...files, ...actions], { render }))('$name', ({ check }) => check())
