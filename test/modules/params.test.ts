import { beforeAll, describe, expect, test } from 'vitest'
import type { Definition } from '../../src/dsl/definition.ts'
import { loadValidator, type ParamsValidator } from '../../src/engine/validate.ts'
import * as modules from '../../src/modules/index.ts'

let validate: ParamsValidator
beforeAll(async () => {
  validate = await loadValidator()
})
const byName = new Map(Object.entries(modules).map(([name, { definition }]) => [name, definition as unknown as Definition]))
const definitions = [...byName.values()]

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  '%s is closed, and every parameter is described',
  (_, definition) => {
    expect(definition.summary).not.toBe('')
    for (const schema of Object.values(definition.params.properties))
      expect(schema).toHaveProperty('description', expect.stringMatching(/\w/))
    expect(validate(definition, { nonsense: 1 })).toMatch(/has no parameter 'nonsense'/)
  },
)

describe('wrong parameters are said in sentences', () => {
  test.each<[keyof typeof modules, object, RegExp]>([
    ['file', { path: '/a', mode: 644 }, /mode is 644.*octal digits in quotes/],
    ['file', { path: '/a', mode: 'u+x,go=rX' }, /^$/],
    ['file', { path: '/a', mode: 'u+z' }, /octal digits in quotes/],
    ['file', { path: '/a', state: 'touch', modificationTime: 'yesterday' }, /modificationTime is "yesterday"/],
    ['stat', { path: '/a', checksum: true }, /has no parameter 'checksum'/],
    ['stat', { path: '/a', checksumAlgorithm: 'sha265' }, /did you mean 'sha256'/],
    ['lineinfile', { path: '/a', line: 'a\nb' }, /line is "a\\nb"/],
    ['lineinfile', { path: '/a', line: 'a', regexp: '' }, /regexp is ""/],
    ['lineinfile', { path: '/a', line: 'a', regexp: /a/, insertAfter: /b/ }, /^$/],
    ['lineinfile', { path: '/a', regex: 'a' }, /did you mean 'regexp'/],
    ['blockinfile', { path: '/a', marker: '# block' }, /with \{mark\} for BEGIN and END/],
    ['find', { paths: ['/a'], patterns: ['*.log', /a/], age: '-2w', size: '10m' }, /^$/],
    ['find', { paths: 'a' }, /paths is "a"/],
    ['find', { paths: '/a', age: '2y' }, /age is "2y"/],
    ['find', { paths: '/a', pattern: '*' }, /did you mean 'patterns'/],
    ['copy', { dest: '/a', src: 'b/', mode: 'preserve', directoryMode: 'preserve', remoteSrc: true }, /^$/],
    ['copy', { dest: '/a', src: 'b', checksum: 'abc' }, /checksum is "abc"/],
    ['replace', { path: '/a' }, /replace needs the parameter 'regexp'/],
    ['file', { path: 'a' }, /path is "a"/],
    ['file', { path: '/a', state: 'dir' }, /must be one of file, directory, link, hard, touch, absent/],
    ['copy', { dest: '/a', content: 5 }, /content is 5/],
    ['copy', { dest: '/a', src: new URL('file:///x'), mode: '0644' }, /^$/],
    ['copy', { dest: '/a', content: new Uint8Array() }, /^$/],
    ['copy', { dest: '/a', content: '', validate: 'haproxy -c' }, /validate is "haproxy -c", it must be a Function/],
    ['template', { dest: '/a', src: 'x.eta' }, /src is "x.eta", it must be a Rendering/],
    ['shell', { script: 'ls' }, /script is "ls", it must be a Script \(a script made with the sh tag\)/],
    ['command', { argv: [] }, /argv/],
    ['command', { argv: ['a'], environment: { 'A B': 'x' } }, /environment/],
    ['command', { argv: ['a'], environment: { A: 'x' } }, /^$/],
    ['apt', { name: ['a', 'b'] }, /^$/],
    ['apt', { name: [] }, /name/],
    ['apt', {}, /apt needs the parameter 'name'/],
    ['service', { name: 'a', state: 'restarted' }, /must be one of started, stopped/],
    ['waitFor', { port: 70_000 }, /port is 70000/],
    ['assert', { that: 'yes' }, /that is "yes"/],
  ])('%s %j', (name, params, message) => {
    expect(validate(byName.get(name)!, params) ?? '').toMatch(message)
  })
})
