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
    ['apt', { nam: 'a' }, /apt has no parameter 'nam': did you mean 'name'/],
    ['apt', { upgrade: true }, /upgrade is true/],
    ['apt', { upgrade: 'dist', autoremove: true, clean: true, policyRcD: 101, dpkgOptions: 'force-confnew' }, /^$/],
    ['apt', { deb: 'a.deb' }, /deb is "a.deb"/],
    ['apt', { deb: ['/tmp/a.deb', '/tmp/b.deb'] }, /^$/],
    ['apt', { name: 'a', state: 'installed' }, /must be one of present, latest, absent, buildDep, fixed/],
    ['apt', { name: 'a', defaultRelease: '-o x' }, /defaultRelease is "-o x"/],
    ['apt', { name: 'a', dpkgOptions: '--force-all; x' }, /dpkgOptions/],
    ['service', { name: 'a', state: 'restarted' }, /state is "restarted": that happens once .* use the action restarted\({ service: … }\)/],
    ['systemdUnit', { name: 'a', content: '', state: 'reloaded' }, /use the action reloaded/],
    ['service', { name: 'a', state: 'running' }, /must be one of started, stopped/],
    ['service', { name: 'a', state: 'stoped' }, /did you mean 'stopped'/],
    ['service', { name: 'a', scope: 'user' }, /scope is "user": units of users' own managers are not supported/],
    ['service', { name: 'a', daemonReload: true, daemonReexec: true, noBlock: true, scope: 'system' }, /^$/],
    ['waitFor', { port: 70_000 }, /port is 70000/],
    ['waitFor', { path: '/a', searchRegex: 5 }, /searchRegex is 5/],
    ['waitFor', { path: '/a', searchRegex: /x/ }, /^$/],
    ['waitFor', { port: 1, state: 'draind' }, /did you mean 'drained'/],
    ['waitFor', { port: 1, activeConnectionStates: ['LISTEN'] }, /must be one of ESTABLISHED/],
    ['assert', { that: 'yes' }, /that is "yes"/],
    ['assert', { that: { named: 'yes' } }, /that/],
    ['assert', { that: { named: true }, quiet: true }, /^$/],
    ['debug', { var: { any: ['thing', null] }, verbosity: 1 }, /^$/],
    ['debug', { msg: 1 }, /msg is 1/],
    ['debug', { msg: 'a', verbosity: 5 }, /verbosity is 5/],
    ['command', { cmd: 'ls -l', okCodes: [0, 1] }, /^$/],
    ['command', { cmd: '' }, /cmd is ""/],
    ['command', { argv: ['a'], okCodes: [] }, /okCodes/],
    ['command', { argv: 'ls' }, /argv is "ls"/],
    ['shell', { cmd: 'ls' }, /shell has no parameter 'cmd'/],
    ['reboot', {}, /^$/],
    ['reboot', { rebootTimeout: '10m' }, /rebootTimeout is "10m"/],
    ['reboot', { rebootCommand: 'reboot' }, /rebootCommand is "reboot", it must be a Script/],
    ['reboot', { testComand: 'x' }, /did you mean 'testCommand'/],
  ])('%s %j', (name, params, message) => {
    expect(validate(byName.get(name)!, params) ?? '').toMatch(message)
  })
})
