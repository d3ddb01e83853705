import { writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { uri } from '../../../src/modules/uri.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { webServer } from '../../helpers/web-server.ts'
import { text } from '../case-helpers.ts'

const server = await webServer()

export const cases: readonly LawCase[] = [
  { name: 'uri only asks', call: () => uri({ url: `${server.url}/echo` }), expect: 'nothing' },
  { name: 'uri that is answered with another status', call: () => uri({ url: `${server.url}/status/500` }), expect: 'refusal' },
  { name: 'uri of nobody', call: () => uri({ url: 'http://127.0.0.1:1/' }), expect: 'refusal' },
  {
    name: 'uri that is done',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => uri({ url: 'http://127.0.0.1:1/', creates: `${root}/a` }),
    expect: 'nothing',
  },
  {
    name: 'uri to a file',
    call: (root) => uri({ url: `${server.url}/status/200`, dest: `${root}/a`, creates: `${root}/a` }),
    after: (root) => expect(text(`${root}/a`)).toBe('this is 200'),
  },
  {
    name: 'uri with a hostile body, header and dest',
    hostile: true,
    call: (root, hostile) =>
      uri({
        url: `${server.url}/echo`,
        method: 'POST',
        body: { hostile },
        bodyFormat: 'json',
        headers: { 'X-Hostile': hostile.replaceAll('\n', ' ') },
        dest: `${root}/${hostile}`,
        creates: `${root}/${hostile}`,
      }),
    after: (root, hostile) => expect(JSON.parse(JSON.parse(text(`${root}/${hostile}`)).body)).toEqual({ hostile }),
  },
]
