import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Secret } from '../../src/util/secret.ts'
import { testFolder } from '../helpers/folder.ts'
import { rollcall } from './harness.ts'

const folder = testFolder()
const file = (name: string, text: string, mode = 0o600) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}
const engine = { run: async () => 0, exec: async () => 0, doModule: async () => 0 }
const asked = async (line: string) => {
  const done = await rollcall(line, { engine })
  const { becomePassword, become } = (done.asked[0]?.[1] ?? {}) as { becomePassword?: Secret; become?: unknown }
  return { ...done, become, password: becomePassword?.reveal() }
}

describe('--become-password-file', () => {
  test.each([
    ['run', 'run prepare'],
    ['exec', 'exec all -b'],
    ['do', 'do all ping -b'],
  ])('%s: the file is the password, but for the end of its line', async (command, words) => {
    const rest = command === 'exec' ? ' -- id' : ''
    const plain = await asked(`${words} --become-password-file ${file('plain', 'letmein \r\n')}${rest}`)
    expect(plain).toMatchObject({ code: 0, err: '', password: 'letmein ' })
    const program = await asked(`${words} --become-password-file ${file('program', '#!/bin/sh\necho from a program\n', 0o700)}${rest}`)
    expect(program).toMatchObject({ code: 0, err: '', password: 'from a program' })
  })
  test('one that others can read is warned of, and taken', async () => {
    const { err, password } = await asked(`run prepare --become-password-file ${file('open', 'letmein', 0o644)}`)
    expect([err, password]).toEqual([expect.stringMatching(/^warning: others can read .*: chmod 600 /), 'letmein'])
  })
  test.each([
    ['not there', () => join(folder, 'nowhere'), 'The file of the become password cannot be read'],
    ['a directory', () => folder, 'The file of the become password cannot be read'],
    ['empty', () => file('empty', '\n'), 'The become password is empty'],
    ['two lines', () => file('two', 'one\ntwo\n'), 'The become password is more than one line'],
    ['a program that fails', () => file('fails', '#!/bin/sh\necho x; exit 3\n', 0o700), 'ended with 3'],
    ['no program, though it may run', () => file('none', 'letmein', 0o700), 'The program that gives the become password failed'],
  ])('%s: refused before anything is asked of a host', async (_, path, text) => {
    const { code, err, asked: verbs } = await rollcall(['run', 'prepare', '--become-password-file', path()], { engine })
    expect([code, verbs]).toEqual([1, []])
    expect(err).toContain(text)
    expect(err).not.toContain('letmein')
  })
})

test('--ask-become-pass without a terminal is refused, with what else there is', async () => {
  const { code, err, asked: verbs } = await asked('run prepare -K')
  expect([code, verbs]).toEqual([1, []])
  expect(err).toContain('--ask-become-pass needs a terminal to ask at')
  expect(err).toContain('--become-password-file FILE')
})

test('what excludes each other, and what is for nobody', async () => {
  expect((await asked(`run prepare -K --become-password-file ${file('x', 'x')}`)).err).toContain('exclude each other')
  expect((await asked('exec all -K -- id')).err).toContain('--ask-become-pass without --become')
  expect((await asked('do all ping --become-user -x')).code).toBe(1)
  expect((await asked('exec all --become-user=a:b -- id')).err).toContain('--become-user needs the name of a user')
})

test.each([
  ['', false],
  ['-b', true],
  ['--become-user postgres', { user: 'postgres' }],
  ['-b --become-method su', { method: 'su' }],
  ['--become-method doas --become-user postgres', { method: 'doas', user: 'postgres' }],
])('exec %s', async (options, become) => {
  expect((await asked(`exec all ${options} -- id`)).become).toEqual(become)
  expect((await asked(`do all ping ${options}`)).become).toEqual(become)
})
