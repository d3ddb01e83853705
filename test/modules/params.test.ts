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
    ['user', { name: 'a:b' }, /name is "a:b"/],
    ['user', { name: '-a' }, /name is "-a"/],
    ['user', { name: 'a', comment: 'a:b' }, /comment is "a:b"/],
    ['user', { name: 'a', comment: 'a\nb' }, /comment is/],
    ['user', { name: 'a', home: 'home' }, /home is "home"/],
    ['user', { name: 'a', groups: ['b', 'c d'] }, /groups/],
    ['user', { name: 'a', groups: 'adm, sudo', password: new Secret('x'), expires: -1 }, /^$/],
    ['user', { name: 'a', expires: 'tomorrow' }, /expires is "tomorrow"/],
    ['user', { name: 'a', updatePassword: 'on_create' }, /must be one of always, onCreate/],
    ['user', { name: 'a', create_home: true }, /has no parameter 'create_home'.*createHome/s],
    ['group', { name: 'a', gid: '5' }, /gid is "5"/],
    ['group', { name: '5' }, /name is "5"/],
    ['authorizedKey', { user: 'a' }, /needs the parameter 'key'/],
    ['authorizedKey', { user: 'a', key: 'k', path: 'x' }, /path is "x"/],
    ['authorizedKey', { user: 'a', key: 'k', comment: 'a\nb' }, /comment is/],
    ['cron', { name: 'a', minute: '*/5', hour: 4, job: 'true' }, /^$/],
    ['cron', { name: 'a', minute: '1 2' }, /minute is "1 2"/],
    ['cron', { name: 'a', specialTime: 'noon' }, /must be one of reboot, yearly/],
    ['cron', { name: 'a', cronFile: 'a.conf' }, /cronFile is "a.conf"/],
    ['cron', { name: 'a\nb' }, /name is/],
    ['assert', { that: 'yes' }, /that is "yes"/],
  ])('%s %j', (name, params, message) => {
    expect(validate(byName.get(name)!, params) ?? '').toMatch(message)
  })
})
