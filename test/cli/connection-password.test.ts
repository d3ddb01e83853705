import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loginSettings, useLoginSettings } from '../../src/util/login-settings.ts'
import { rollcall as cli, onTerminal } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { sshdPassword as right, startPasswordSshd } from '../helpers/password-sshd.ts'
import { tempProject } from '../helpers/project.ts'
import type { TestSshd } from '../helpers/sshd.ts'
import { rollcall } from './harness.ts'

const folder = testFolder()
const file = (name: string, text: string, mode = 0o600) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

/** What logins would use when the command contacts hosts; undefined where it did not come that far. */
async function used(line: string) {
  const seen: unknown[] = []
  const contact = (answer: unknown) => async () => {
    const { password } = loginSettings()
    seen.push(password && [password.from, password.value.reveal()])
    return answer as never
  }
  const cleaned = { kept: [], removable: [], removed: false, failures: [], down: [] }
  const engine = {
    ...{ run: contact(0), exec: contact(0), doModule: contact(0), showFacts: contact([]), doctor: contact([]), cleanup: contact(cleaned) },
    renderOne: contact({ task: 'x', host: 'x', bytes: Buffer.from(''), facts: { hosts: [] }, warnings: [], views: [], sealed: false }),
    trust: contact(0),
    outline: contact({ playbook: 'x', inventory: 'x', fleet: [], targets: [], plays: [] }),
  }
  const done = await rollcall(line, { engine })
  useLoginSettings({})
  const { becomePassword } = (done.asked[0]?.[1] ?? {}) as { becomePassword?: { reveal(): string } }
  return { ...done, seen, becomes: becomePassword?.reveal() }
}
const commands = [
  ['run', 'run prepare', ''],
  ['exec', 'exec all', ' -- id'],
  ['do', 'do all ping', ''],
  ['facts', 'facts', ''],
  ['render', 'render prepare --task x --host x', ''],
  ['doctor', 'doctor all', ''],
  ['cleanup', 'cleanup', ''],
] as const

describe.each(commands)('%s', (_, words, rest) => {
  test('the password of a file or a program is for all logins', async () => {
    const plain = await used(`${words} --connection-password-file ${file('plain', 'letmein \r\n')}${rest}`)
    expect(plain).toMatchObject({ code: 0, seen: [['--connection-password-file', 'letmein ']], becomes: undefined })
    const program = await used(`${words} --connection-password-file ${file('program', '#!/bin/sh\necho printed\n', 0o700)}${rest}`)
    expect(program).toMatchObject({ code: 0, seen: [['--connection-password-file', 'printed']] })
    expect(await used(`${words}${rest}`)).toMatchObject({ code: 0, seen: [undefined] })
  })

  test('--ask-pass without a terminal is refused with what else there is, before anything is contacted', async () => {
    for (const option of ['-k', '--ask-pass']) {
      const { code, err, asked } = await used(`${words} ${option}${rest}`)
      expect([code, asked]).toEqual([1, []])
      expect(err).toContain('--ask-pass needs a terminal to ask at')
      expect(err).toContain('--connection-password-file FILE')
    }
  })

  test('both options exclude each other', async () => {
    const { code, err, asked } = await used(`${words} -k --connection-password-file ${file('x', 'x')}${rest}`)
    expect([code, asked]).toEqual([1, []])
    expect(err).toContain('--ask-pass and --connection-password-file exclude each other')
  })
})

test.each([
  ['not there', () => join(folder, 'nowhere'), 'The file of the SSH password cannot be read'],
  ['empty', () => file('empty', '\n'), 'The SSH password is empty'],
  ['two lines', () => file('two', 'one\ntwo\n'), 'The SSH password is more than one line'],
  ['a program that fails', () => file('fails', '#!/bin/sh\nexit 3\n', 0o700), 'The program that gives the SSH password failed'],
])('a file that is %s is refused before anything is contacted', async (_, path, text) => {
  const { code, err, asked } = await used(`run prepare --connection-password-file ${path()}`)
  expect([code, asked]).toEqual([1, []])
  expect(err).toContain(text)
})

test('where no host is contacted no password is asked for', async () => {
  for (const line of ['facts --cached', 'doctor', 'cleanup --controller-only', 'run prepare --list-tasks'])
    expect([line, (await used(`${line} -k`)).code, (await used(`${line} -k`)).seen]).toEqual([line, 0, [undefined]])
})

test('the passwords of two files are two', async () => {
  const line = `run prepare --connection-password-file ${file('one', 'the one')} --become-password-file ${file('other', 'the second')}`
  expect(await used(line)).toMatchObject({ code: 0, seen: [['--connection-password-file', 'the one']], becomes: 'the second' })
  const { err, asked } = await used(`run prepare -k -K --become-password-file ${file('other', 'the second')}`)
  expect([err, asked]).toEqual([expect.stringContaining('--ask-become-pass and --become-password-file exclude each other'), []])
})

describe.runIf(process.getuid?.() === 0)('against sshd', () => {
  let sshd: TestSshd
  beforeAll(async () => {
    sshd = await startPasswordSshd('password')
  })
  afterAll(() => sshd.close())
  const project = () => {
    const of = (more: string) =>
      `ssh({ address: '127.0.0.1', port: ${sshd.port}, user: '${sshd.user}', knownHostsFiles: ['${sshd.knownHostsFile}'], ${more} })`
    return tempProject({
      'inventory/lab.ts': `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { web: {} },
  hosts: { one: { groups: ['web'], connection: ${of('')} }, two: { groups: ['web'], connection: ${of(`transport: 'openssh'`)} } },
})
`,
      'playbooks/site.ts': `import { command, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('site', inventory, (play) => {
  play('all', { hosts: 'one' }, ({ task }) => {
    task('first', command({ argv: ['echo', '${right}'] }))
    task('second', command({ argv: ['test', '!', '-e', '${folder}/fail'] }))
  })
})
`,
    })
  }
  /** Nothing in the folders of a run holds it, whoever wrote there. */
  const nowhere = (root: string) => {
    const texts = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('playbooks'))
      .map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'latin1')] as const)
    expect(texts.length).toBeGreaterThan(0)
    expect(texts.filter(([, text]) => text.includes(right)).map(([name]) => name)).toEqual([])
  }

  // Other tests may change this machine at the same time.
  const wait = ['--wait-for-lock', '60']

  test('is asked for once at the terminal, for all hosts', async () => {
    const { root } = project()
    const { code, shown } = await onTerminal(
      ['exec', 'web', '-k', '--no-lock', '--', 'echo', 'it', right],
      [['SSH password: ', `${right}\r`]],
      { cwd: root },
    )
    expect([code, shown.split('SSH password').length, shown.split('it [secret]').length]).toEqual([0, 2, 3])
    expect(shown).not.toContain(right)
  })

  test('a run shows and keeps it nowhere, and needs it again where it resumes', async () => {
    const { root } = project()
    const env = { XDG_STATE_HOME: join(root, 'state') }
    writeFileSync(join(folder, 'fail'), '')
    const first = await onTerminal(['run', 'site', '-k', '-v', ...wait], [['SSH password: ', `${right}\r`]], { cwd: root, env })
    expect([first.code, first.shown.split('SSH password').length]).toEqual([2, 2])
    expect(first.shown).toContain('[secret]')
    expect(first.shown).not.toContain(right)
    nowhere(env.XDG_STATE_HOME)
    rmSync(join(folder, 'fail'))
    const without = await cli(['run', 'site', '--resume'], { cwd: root, env })
    expect([without.code, without.stdout + without.stderr]).toEqual([expect.any(Number), expect.stringContaining('--ask-pass (-k)')])
    const again = await cli(['run', 'site', '--resume', '--connection-password-file', file('right', `${right}\n`), ...wait], {
      cwd: root,
      env,
    })
    expect([again.code, again.stderr]).toEqual([0, ''])
    nowhere(env.XDG_STATE_HOME)
  })

  test('with -K an empty answer is the same password; one that is empty itself is refused', async () => {
    const { root } = project()
    const env = { XDG_STATE_HOME: join(root, 'state') }
    const both = await onTerminal(
      ['exec', 'one', '-k', '-b', '-K', '--no-lock', '--', 'id', '-un'],
      [
        ['SSH password: ', `${right}\r`],
        ['become password [defaults to SSH password]: ', '\r'],
      ],
      { cwd: root, env },
    )
    expect([both.code, both.shown]).toEqual([0, expect.stringContaining('root')])
    const empty = await onTerminal(['exec', 'one', '-k', '--', 'id'], [['SSH password: ', '\r']], { cwd: root, env })
    expect([empty.code, empty.shown]).toEqual([1, expect.stringContaining('The SSH password is empty')])
  })

  test('a wrong one says so for each host, with what was tried', async () => {
    const { root } = project()
    const path = file('wrong', 'never the right one')
    const run = await cli(['exec', 'web', '--connection-password-file', path, '--', 'id'], { cwd: root })
    expect(run.code).toBe(4)
    expect(run.stdout).toMatch(/tried: .*, password of --connection-password-file/)
    expect(run.stdout.match(/Check the user and the password given by --connection-password-file/g)).toHaveLength(2)
    expect(run.stdout + run.stderr).not.toContain('never the right one')
  })

  test('facts and doctor log in by it, too', async () => {
    const { root } = project()
    const words = ['--connection-password-file', file('right', right)]
    const facts = await cli(['facts', 'web', '--refresh', ...words], { cwd: root, env: { XDG_STATE_HOME: join(root, 'state') } })
    expect([facts.code, facts.stdout]).toEqual([0, expect.stringContaining('2 live')])
    const doctor = await cli(['doctor', 'web', '--json', ...words], { cwd: root })
    const { checks } = JSON.parse(doctor.stdout) as { checks: readonly { about: string; verdict: string; host?: string }[] }
    expect(checks.filter(({ about, host }) => host !== undefined && about === 'reachable').map(({ verdict }) => verdict)).toEqual([
      'ok',
      'ok',
    ])
  })
})
