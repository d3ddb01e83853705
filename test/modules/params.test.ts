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
    ['git', { repo: 'x', dest: 'rel' }, /dest is "rel"/],
    ['git', { repo: 'x', dest: '/a', verison: 'main' }, /did you mean 'version'/],
    ['git', { repo: 'x', dest: '/a', depth: 0 }, /depth is 0/],
    ['git', { repo: 'x', dest: '/a', sshOpts: '-p 22' }, /sshOpts is "-p 22"/],
    ['git', { repo: 'x', dest: '/a', umask: 22 }, /umask is 22/],
    ['getUrl', { url: 'file:///etc/passwd', dest: '/a' }, /url is "file/],
    ['getUrl', { url: 'https://x/y', dest: '/a', mode: 644 }, /mode is 644.*octal digits/],
    ['getUrl', { url: 'https://x/y', dest: '/a', urlPassword: new Secret('x'), headers: { A: new Secret('b'), C: 'd' } }, /^$/],
    ['getUrl', { url: 'https://x/y', dest: '/a', headers: { A: 1 } }, /headers/],
    ['unarchive', { src: '', dest: '/a' }, /src/],
    ['unarchive', { src: 'a.tgz', dest: '/a', exclude: '*.c' }, /exclude is "\*.c"/],
    ['unarchive', { src: new URL('file:///a.tgz'), dest: '/a', extraOpts: ['--strip-components=1'] }, /^$/],
    ['uri', { url: 'ftp://x' }, /url is "ftp/],
    ['uri', { url: 'http://x', method: 'post' }, /method is "post".*capitals/],
    ['uri', { url: 'http://x', statusCode: [200, 700] }, /statusCode/],
    ['uri', { url: 'http://x', bodyFormat: 'form' }, /must be one of raw, json, form-urlencoded/],
    ['uri', { url: 'http://x', method: 'POST', body: new Secret('x') }, /^$/],
    ['script', { src: 'x', args: 'a b' }, /args is "a b"/],
    ['script', { src: 'x', environment: { 'A B': 'x' } }, /environment/],
    ['script', { src: 'x', environment: { A: new Secret('x') } }, /^$/],
    ['pause', { seconds: -1 }, /seconds is -1/],
    ['pause', { minutes: 100_000 }, /minutes is 100000/],
  ])('%s %j', (name, params, message) => {
    expect(validate(byName.get(name)!, params) ?? '').toMatch(message)
  })
})
