import { describe, expect, test } from 'vitest'
import { forPlaybooksOnly, paramsFromJson, paramsFromWords } from '../../src/do-params.ts'
import { RollcallError } from '../../src/model/errors.ts'
import { moduleNamed } from '../../src/module-named.ts'
import { Script } from '../../src/util/sh.ts'

const from = (module: string, ...words: readonly string[]) => paramsFromWords(moduleNamed(module), words)
function refusal(work: () => unknown): RollcallError['details'] {
  try {
    work()
  } catch (error) {
    if (error instanceof RollcallError) return error.details
    throw error
  }
  throw new Error('nothing was refused')
}

describe('parameters of a command line', () => {
  test.each([
    [from('command', 'argv=["echo","touch"]', 'environment={"A":"word"}')],
    [from('command', '{"argv":["echo","touch"],"environment":{"A":"word"}}')],
  ])('the words of a command and its environment are no secrets', (params) =>
    expect(JSON.stringify(params)).toBe('{"argv":["echo","touch"],"environment":{"A":"word"}}'),
  )

  test.each<readonly [module: string, words: readonly string[], params: object]>([
    ['apt', ['name=nginx'], { name: 'nginx' }],
    [
      'apt',
      ['name=nginx,curl', 'updateCache=true', 'cacheValidTime=60'],
      { name: ['nginx', 'curl'], updateCache: true, cacheValidTime: 60 },
    ],
    ['apt', ['{"name":["nginx"],"purge":true}'], { name: ['nginx'], purge: true }],
    ['command', ['argv=["echo","a b"]', 'chdir=/tmp'], { argv: ['echo', 'a b'], chdir: '/tmp' }],
    ['command', ['argv=uptime', 'environment={"A":"1"}'], { argv: ['uptime'], environment: { A: '1' } }],
    ['shell', ['script=echo "$1" | cat'], { script: new Script('echo "$1" | cat') }],
    ['shell', ['{"script":"id","unless":"false"}'], { script: new Script('id'), unless: new Script('false') }],
    ['copy', ['dest=/etc/motd', 'content=a=b', 'mode=0644'], { dest: '/etc/motd', content: 'a=b', mode: '0644' }],
    ['copy', ['dest=/etc/x', 'content='], { dest: '/etc/x', content: '' }],
    ['copy', ['dest=/etc/x', 'src=motd'], { dest: '/etc/x', src: 'motd' }],
    ['assert', ['that=true'], { that: true }],
    ['query', ['script=true', 'okCodes=0,1'], { script: new Script('true'), okCodes: [0, 1] }],
    ['debug', [], {}],
  ])('%s %j', (module, words, params) => expect(from(module, ...words)).toEqual(params))

  test.each<readonly [module: string, words: readonly string[], detail: string, fix: string]>([
    ['apt', ['nme=x'], `apt has no parameter 'nme': did you mean 'name'?`, 'rollcall doc apt'],
    ['apt', ['update_cache=true'], `apt has no parameter 'update_cache': did you mean 'updateCache'?`, 'rollcall doc apt'],
    [
      'apt',
      ['install-recommends=true'],
      `apt has no parameter 'install-recommends': did you mean 'installRecommends'?`,
      'rollcall doc apt',
    ],
    ['apt', ['updateCache=yes'], `apt updateCache is 'yes': it must be true or false`, 'updateCache=true\nrollcall doc apt'],
    ['apt', ['name=a', 'name=b'], `'name' is given twice`, 'rollcall doc apt'],
    ['group', ['nginx'], `'nginx' is no parameter: parameters are written name=value`, 'name=nginx\nrollcall doc group'],
    [
      'command',
      ['ls', '/tmp'],
      `'ls' is no parameter: parameters are written name=value\n'/tmp' is no parameter: parameters are written name=value`,
      `argv='["ls","/tmp"]'\nrollcall doc command`,
    ],
    [
      'shell',
      [`echo it's`],
      `'echo it's' is no parameter: parameters are written name=value`,
      `script='echo it'\\''s'\nrollcall doc shell`,
    ],
    [
      'command',
      ['argv=ls -l'],
      `command argv is 'ls -l': it takes a list, and this can be read in more than one way`,
      `argv='["ls","-l"]'\nrollcall doc command`,
    ],
    [
      'copy',
      ['dest=/x', 'content=y', 'validate=visudo -cf %s'],
      'copy validate takes a function, which only a playbook can give',
      `Leave it out, or put the task into a playbook: task('…', copy({ … }))\nrollcall doc copy`,
    ],
    [
      'systemdUnit',
      ['name=x.service', 'src=x.eta'],
      'systemdUnit src takes a template that is called with its input, which only a playbook can give',
      `Leave it out, or put the task into a playbook: task('…', systemdUnit({ … }))\nrollcall doc systemdUnit`,
    ],
    ['apt', ['__proto__=1'], `apt has no parameter '__proto__'; it has `, 'rollcall doc apt'],
    ['apt', ['{"nme":"x"}'], `apt has no parameter 'nme': did you mean 'name'?`, 'rollcall doc apt'],
    ['apt', ['{"name"'], 'the parameters: no JSON', `{"name":"value"}\nrollcall doc apt`],
  ])('%s %j is refused', (module, words, detail, fix) => {
    const told = refusal(() => from(module, ...words))
    expect(told).toMatchObject({ summary: `Wrong parameters for ${module}`, fix, exitCode: 1 })
    expect(told.detail).toContain(detail)
  })
  test('every mistake is told at once', () =>
    expect(refusal(() => from('apt', 'nme=x', 'purge=1')).detail).toBe(
      `apt has no parameter 'nme': did you mean 'name'?\napt purge is '1': it must be true or false`,
    ))
  test('JSON that is no object is refused by the name of where it came from', () =>
    expect(refusal(() => paramsFromJson(moduleNamed('apt'), '[]', 'params.json')).detail).toBe('params.json: a JSON object is needed'))
  test('a module that needs what only a playbook has says so', () => {
    expect(forPlaybooksOnly(moduleNamed('template'))?.details).toMatchObject({
      summary: 'This module is for playbooks',
      detail: 'template needs src: a template that is called with its input, which only a playbook can give',
    })
    expect(forPlaybooksOnly(moduleNamed('systemdUnit'))).toBeUndefined()
  })
})

describe('names of modules', () => {
  test.each([
    ['wait_for', 'waitFor'],
    ['systemd-unit', 'systemdUnit'],
    ['ansible.builtin.copy', 'copy'],
    ['ansible.builtin.wait_for', 'waitFor'],
    ['aptt', 'apt'],
  ])('%s leads to %s', (word, meant) =>
    expect(refusal(() => moduleNamed(word))).toMatchObject({
      summary: 'There is no such module',
      detail: `'${word}'`,
      fix: `Did you mean '${meant}'?`,
    }),
  )
})
