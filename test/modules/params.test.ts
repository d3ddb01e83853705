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
    // What is given to it is what it leaves.
    if (definition.name !== 'setFact') expect(validate(definition, { nonsense: 1 })).toMatch(/has no parameter 'nonsense'/)
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
    ['copy', { dest: '/a', content: 5 }, /^copy content is 5, it must be string or a Uint8Array or a Secret \(the content itself[^\n]*$/],
    [
      'copy',
      { dest: '/a', src: '' },
      /^copy src is "", it must NOT have fewer than 1 characters \(a file or directory of the controller: /,
    ],
    ['copy', { dest: '/a', content: '', mode: '999' }, /^copy mode is "999", which does not fit: octal[^\n]*$/],
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
    const said = validate(byName.get(name)!, params) ?? ''
    expect(said).toMatch(message)
    expect(said).not.toContain('hush')
  })
})
