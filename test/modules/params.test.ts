import { beforeAll, describe, expect, test } from 'vitest'
import type { Definition } from '../../src/dsl/definition.ts'
import { loadValidator, type ParamsValidator } from '../../src/engine/validate.ts'
import * as modules from '../../src/modules/index.ts'
import { Secret } from '../../src/util/secret.ts'

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
    ['file', { path: '/a', mode: 'u+x' }, /octal digits in quotes/],
    ['file', { path: 'a' }, /path is "a"/],
    ['file', { path: '/a', state: 'dir' }, /must be one of file, directory, link, touch, absent/],
    ['copy', { dest: '/a', content: 5 }, /^copy content is 5, it must be string or a Uint8Array or a Secret \(the content itself[^\n]*$/],
    ['copy', { dest: '/a', src: '' }, /^copy src is "", it must NOT have fewer than 1 characters$/],
    ['copy', { dest: '/a', src: new URL('file:///x'), mode: '0644' }, /^$/],
    ['copy', { dest: '/a', content: new Uint8Array() }, /^$/],
    ['copy', { dest: '/a', content: '', validate: 'haproxy -c' }, /validate is "haproxy -c", it must be a Function/],
    ['copy', { dest: '/a', content: new Secret('hush hush') }, /^$/],
    ['copy', { dest: new Secret('hush hush'), content: '' }, /^copy dest is a Secret, it must be string[\s\S]*$/],
    ['command', { argv: ['a', new Secret('b')], stdin: new Secret('c'), environment: { A: new Secret('d') } }, /^$/],
    ['command', { argv: ['a', 5] }, /command argv\.1 is 5, it must be string or a Secret \(a word, or a secret\)$/],
    ['command', { argv: ['a'], stdin: 5 }, /^command stdin is 5, it must be string or a Secret \(given as [\s\S]*$/],
    ['command', { argv: ['a'], environment: { A: [] } }, /command environment\.A is \[\], it must be string/],
    ['systemdUnit', { name: 'a.service', content: new Secret('hush hush') }, /^$/],
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
    const said = validate(byName.get(name)!, params) ?? ''
    expect(said).toMatch(message)
    expect(said).not.toContain('hush')
  })
})
