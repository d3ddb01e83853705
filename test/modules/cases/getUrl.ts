import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { getUrl } from '../../../src/modules/get-url.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sha256 } from '../../../src/util/sha256.ts'
import { webServer } from '../../helpers/web-server.ts'
import { modeOf, text } from '../case-helpers.ts'

const server = await webServer()
server.files.set('/file', 'from the web\n')
const url = `${server.url}/file`
const checksum = `sha256:${sha256('from the web\n')}`

export const cases: readonly LawCase[] = [
  {
    name: 'getUrl makes a file',
    call: (root) => getUrl({ url, dest: `${root}/a`, mode: '0750' }),
    after: (root) => expect([text(`${root}/a`), modeOf(`${root}/a`)]).toEqual(['from the web\n', '750']),
  },
  {
    name: 'getUrl into a directory',
    before: (root) => mkdirSync(`${root}/d`),
    call: (root) => getUrl({ url, dest: `${root}/d`, checksum }),
    after: (root) => expect(text(`${root}/d/file`)).toBe('from the web\n'),
  },
  {
    name: 'getUrl replaces what has another checksum',
    before: (root) => writeFileSync(`${root}/a`, 'old'),
    call: (root) => getUrl({ url, dest: `${root}/a`, checksum }),
  },
  {
    name: 'getUrl leaves what has the checksum',
    before: (root) => writeFileSync(`${root}/a`, 'from the web\n'),
    call: (root) => getUrl({ url: 'http://127.0.0.1:1/a', dest: `${root}/a`, checksum }),
    expect: 'nothing',
  },
  {
    name: 'getUrl leaves a file without force',
    before: (root) => writeFileSync(`${root}/a`, 'old'),
    call: (root) => getUrl({ url: 'http://127.0.0.1:1/a', dest: `${root}/a` }),
    expect: 'nothing',
  },
  {
    name: 'getUrl with force compares',
    before: (root) => writeFileSync(`${root}/a`, 'old'),
    call: (root) => getUrl({ url, dest: `${root}/a`, force: true }),
  },
  {
    name: 'getUrl changes the mode alone',
    before: (root) => writeFileSync(`${root}/a`, 'old'),
    call: (root) => getUrl({ url, dest: `${root}/a`, mode: '0600' }),
    after: (root) => expect([text(`${root}/a`), modeOf(`${root}/a`)]).toEqual(['old', '600']),
  },
  {
    name: 'getUrl of what names no file, into a directory',
    call: (root) => getUrl({ url: `${server.url}/`, dest: root }),
    expect: 'refusal',
  },
  { name: 'getUrl with a short checksum', call: (root) => getUrl({ url, dest: `${root}/a`, checksum: 'sha256:abc' }), expect: 'refusal' },
  {
    name: 'getUrl that cannot compare',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => getUrl({ url: 'http://127.0.0.1:1/a', dest: `${root}/a`, force: true }),
    expect: 'refusal',
  },
  {
    name: 'getUrl with hostile names and headers, through a link',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/d`)
      writeFileSync(`${root}/d/${hostile}`, 'old')
      symlinkSync(`d/${hostile}`, `${root}/${hostile}`)
    },
    call: (root, hostile) =>
      getUrl({
        url: `${url}?${encodeURIComponent(hostile)}#${encodeURIComponent(hostile)}`,
        dest: `${root}/${hostile}`,
        checksum,
        headers: { 'X-Hostile': hostile.replaceAll('\n', ' ') },
        tmpDest: `${root}/d`,
      }),
    after: (root, hostile) => expect(text(`${root}/d/${hostile}`)).toBe('from the web\n'),
  },
]
