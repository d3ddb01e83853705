import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { unarchive } from '../../../src/modules/unarchive.ts'
import { type LawCase, localHosts } from '../../../src/testing/index.ts'
import { hostsWithPrograms, modeOf, text } from '../case-helpers.ts'

/** A folder of files of all kinds, some with the hostile name, and an empty `dest`. */
function tree(root: string, hostile = 'plain'): void {
  mkdirSync(`${root}/from/app/bin`, { recursive: true })
  mkdirSync(`${root}/dest`)
  writeFileSync(`${root}/from/app/${hostile}`, hostile)
  writeFileSync(`${root}/from/app/bin/run`, '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(`${root}/from/app/empty`, '')
  symlinkSync('../empty', `${root}/from/app/bin/link`)
  for (const name of [`app/${hostile}`, 'app/bin/run']) utimesSync(`${root}/from/${name}`, 1_000_000_000, 1_000_000_000)
}
const shell = (root: string, command: string, ...args: readonly string[]) =>
  execFileSync('sh', ['-c', command, 'sh', ...args], { cwd: `${root}/from`, stdio: 'pipe' })
const packed = (command: string) => (root: string, hostile: string) => {
  tree(root, hostile)
  shell(root, command)
}
const tar = packed('tar -cf ../a app')
const isThere = (root: string) => {
  expect([text(`${root}/dest/app/plain`), modeOf(`${root}/dest/app/bin/run`), text(`${root}/dest/app/bin/link`)]).toEqual([
    'plain',
    '755',
    '',
  ])
}
const isThereWithItsTime = (root: string) => {
  isThere(root)
  expect(statSync(`${root}/dest/app/plain`).mtimeMs).toBe(1_000_000_000_000)
}
const call = (root: string, extra: Partial<Parameters<typeof unarchive>[0]> = {}) =>
  unarchive({ src: `${root}/a`, dest: `${root}/dest`, ...extra })
/** A tar whose members no tar would write by itself. */
function strange(...members: readonly (readonly [name: string, type: string, target?: string])[]) {
  return (root: string) => {
    tree(root)
    const blocks = members.map(([name, type, target = '']) => {
      const block = Buffer.alloc(512)
      block.write(name, 0)
      block.write('0000644\0' + '0000000\0' + '0000000\0' + '00000000000\0' + '00000000000\0' + '        ', 100)
      block.write(type, 156)
      block.write(target, 157)
      block.write('ustar\x0000', 257)
      block.write(
        `${block
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
      )
      return block
    })
    writeFileSync(`${root}/a`, Buffer.concat([...blocks, Buffer.alloc(1024)]))
  }
}
const withGnuTar = hostsWithPrograms.slice(0, 2)

export const cases: readonly LawCase[] = [
  ...['tar -cf', 'tar -czf', 'tar -cjf', 'tar -cJf'].map(
    (command): LawCase => ({
      name: `unarchive of ${command}`,
      before: packed(`${command} ../a app`),
      call: (root) => call(root),
      after: isThereWithItsTime,
    }),
  ),
  {
    name: 'unarchive of zstd',
    hosts: hostsWithPrograms,
    before: packed('tar --zstd -cf ../a app'),
    call: (root) => call(root),
    after: isThere,
  },
  {
    name: 'unarchive of zip',
    before: packed('TZ=UTC zip -qry ../a.zip app && mv ../a.zip ../a'),
    call: (root) => call(root),
    after: isThere,
  },
  {
    name: 'unarchive of a file of the host',
    before: tar,
    call: (root) => call(root, { remoteSrc: true }),
    after: isThere,
  },
  {
    name: 'unarchive over what is there',
    before: (root, hostile) => {
      tar(root, hostile)
      mkdirSync(`${root}/dest/app`)
      writeFileSync(`${root}/dest/app/plain`, 'old')
      writeFileSync(`${root}/dest/app/mine`, 'mine')
    },
    call: (root) => call(root),
    after: (root) => {
      isThere(root)
      expect(text(`${root}/dest/app/mine`)).toBe('mine')
    },
  },
  {
    name: 'unarchive that is done by creates',
    before: (root, hostile) => {
      tar(root, hostile)
      rmSync(`${root}/dest`, { recursive: true })
    },
    call: (root) => call(root, { creates: `${root}/a` }),
    expect: 'nothing',
  },
  {
    name: 'unarchive with include and mode',
    before: tar,
    call: (root) => call(root, { include: ['app/bin'], mode: '0700', owner: '0', group: '0' }),
    after: (root) => {
      expect(readdirSync(`${root}/dest/app`)).toEqual(['bin'])
      expect([modeOf(`${root}/dest/app/bin/run`), modeOf(`${root}/dest/app/bin`)]).toEqual(['700', '700'])
    },
  },
  {
    name: 'unarchive with exclude and options of tar',
    hosts: withGnuTar,
    before: tar,
    call: (root) => call(root, { exclude: ['*/empty', 'app/bin/link'], extraOpts: ['--strip-components=1'], listFiles: true }),
    after: (root) => expect(readdirSync(`${root}/dest`).sort()).toEqual(['bin', 'plain']),
  },
  {
    name: 'unarchive with include and exclude of zip',
    before: packed('zip -qry ../a.zip app && mv ../a.zip ../a'),
    call: (root) => call(root, { include: ['app/*'], exclude: ['app/empty'] }),
    after: (root) => expect([existsSync(`${root}/dest/app/plain`), existsSync(`${root}/dest/app/empty`)]).toEqual([true, false]),
  },
  {
    name: 'unarchive with keepNewer',
    hosts: withGnuTar,
    before: (root, hostile) => {
      tar(root, hostile)
      mkdirSync(`${root}/dest/app`)
      writeFileSync(`${root}/dest/app/plain`, 'newer')
    },
    call: (root) => call(root, { keepNewer: true }),
    after: (root) => expect(text(`${root}/dest/app/plain`)).toBe('newer'),
  },
  { name: 'unarchive into no directory', before: tar, call: (root) => call(root, { dest: `${root}/none` }), expect: 'refusal' },
  {
    name: 'unarchive of nothing on the host',
    before: (root) => tree(root),
    call: (root) => call(root, { remoteSrc: true }),
    expect: 'refusal',
  },
  {
    name: 'unarchive of a URL',
    before: (root) => tree(root),
    call: (root) => call(root, { src: 'https://x.example/a.tar' }),
    expect: 'refusal',
  },
  {
    name: 'unarchive of a link that stays inside',
    before: strange(['a/b/c', '2', '../../d'], ['d', '0']),
    call: (root) => call(root),
    after: (root) => expect(lstatSync(`${root}/dest/a/b/c`).isSymbolicLink()).toBe(true),
  },
  {
    name: 'unarchive with hostile names',
    hostile: true,
    before: (root, hostile) => {
      tree(root, hostile)
      mkdirSync(`${root}/${hostile}`)
      shell(root, 'tar -cf "../$1/a" app', hostile)
    },
    call: (root, hostile) => call(root, { src: `${root}/${hostile}/a`, dest: `${root}/${hostile}`, remoteSrc: true, listFiles: true }),
    after: (root, hostile) => expect(text(`${root}/${hostile}/app/${hostile}`)).toBe(hostile),
  },
  {
    name: 'unarchive of a zip with hostile names',
    hostile: true,
    hosts: localHosts().slice(0, 2),
    before: (root, hostile) => {
      tree(root, hostile)
      shell(root, 'zip -qry ../a.zip app && mv ../a.zip ../a')
    },
    call: (root) => call(root),
    // unzip itself writes another character for a newline.
    after: (root, hostile) =>
      expect(
        readdirSync(`${root}/dest/app`)
          .filter((name) => name !== 'bin')
          .map((name) => text(`${root}/dest/app/${name}`)),
      ).toContain(hostile),
  },
]

/** Archives that shall not be unpacked, each by another trick. */
export const traps: readonly (readonly [string, (root: string) => void])[] = [
  ['an absolute name', strange(['/tmp/law-evil', '0'])],
  ['a name that climbs', strange(['../evil', '0'])],
  ['a name that climbs further down', strange(['a/../../evil', '0'])],
  ['a link to an absolute path', strange(['a', '2', '/etc'])],
  ['a link that climbs', strange(['a/b', '2', '../../etc'])],
  ['a hard link that climbs', strange(['a', '1', '../evil'])],
  ['a hard link to an absolute path', strange(['a', '1', '/etc/passwd'])],
  ['a link with an arrow in its name', strange(['a -> b', '2', '/etc'])],
]
