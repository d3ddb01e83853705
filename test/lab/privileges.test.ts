import { expect, it } from 'vitest'
import { guardedPassword } from '../../src/lab/index.ts'
import { eventsOf, rollcall, scratchFile, taskOf } from '../helpers/cli.ts'
import { inventoryOf, useJobLab } from './job-setup.ts'
import { inside, viper } from './lab-setup.ts'

const { lab, cli } = useJobLab('privileges')

const playbook = () =>
  scratchFile(
    'who.ts',
    `import { inventory } from '#inventory'
import { copy, definePlaybook, query, sh } from 'rollcall'
export default definePlaybook('who', inventory, (play) => {
  play('who', { hosts: 'honor-viper', facts: { of: 'cluster', maxAge: 3600 } }, ({ task }) => {
    task('as myself', query({ script: sh\`id -un\` }))
    task('as root', query({ script: sh\`id -un; id -u\` }), { become: true })
    task('who is running', query({ script: sh\`cat /proc/[0-9]*/cmdline | tr "\\\\0" " "\` }), { become: true })
    task('a file of root', copy({ dest: '/etc/who', content: 'x\\n', mode: '0600' }), { become: true })
    task('a file of mine', copy({ dest: '/tmp/who', content: 'x\\n' }))
  })
})
`,
  )
const runAs = (name: string, connection: string) =>
  rollcall(['run', playbook(), '-i', inventoryOf(name, connection), '--limit', 'honor-viper', '--format', 'json'], {
    env: { ROLLCALL_LAB: lab.name },
  })
const says = (stdout: string) => ({ rc: 0, stdout, stderr: '', changed: false })

it('sudo without a password: each task acts as the user it says', async () => {
  const run = await runAs('admin', 'lab()')
  expect([run.code, run.stderr]).toEqual([0, ''])
  expect(taskOf(run, viper.name, 'as myself').result).toEqual(says('admin\n'))
  expect(taskOf(run, viper.name, 'as root').result).toEqual(says('root\n0\n'))
  expect(await inside(lab, viper, 'stat -c "%U %a" /etc/who; stat -c %U /tmp/who')).toBe('root 600\nadmin')
})

it('sudo with a password: the same, and the password is in no output, no log and no process list', async () => {
  const run = await runAs('guarded', `lab({ user: 'guarded', becomePassword: new Secret('${guardedPassword}') })`)
  expect([run.code, run.stderr]).toEqual([0, ''])
  expect(taskOf(run, viper.name, 'as root').result).toEqual(says('root\n0\n'))
  expect(taskOf(run, viper.name, 'who is running').result).toMatchObject({ stdout: expect.stringContaining('sudo') })
  expect(run.stdout).not.toContain(guardedPassword)
  const seen = await inside(
    lab,
    viper,
    'journalctl --no-pager -o cat; cat /var/log/auth.log 2>/dev/null; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" " "',
  )
  expect(seen).toContain('sudo')
  expect(seen).not.toContain(guardedPassword)
})

it.for([
  ['a wrong password', `lab({ user: 'guarded', becomePassword: new Secret('wrong') })`, /^sudo did not accept the password/],
  ['no password where sudo asks for one', `lab({ user: 'guarded' })`, /^sudo asks for a password, and none was given/],
] as const)('%s fails the first task that becomes root, in a sentence, and nothing else', async ([name, connection, sentence]) => {
  await inside(lab, viper, 'rm -f /etc/who')
  const run = await runAs(name.replaceAll(' ', '-'), connection)
  expect(run.code).toBe(2)
  expect(eventsOf(run, 'task').map(({ task, outcome }) => `${task}: ${outcome}`)).toEqual(['as myself: ok', 'as root: failed'])
  const { error } = taskOf(run, viper.name, 'as root')
  expect(`${error?.summary} ${error?.detail}`).toMatch(sentence)
  expect(error?.fix).toBeDefined()
  expect(run.stdout).not.toContain('wrong"')
  expect(await inside(lab, viper, 'ls /etc/who 2>/dev/null || echo none')).toBe('none')
})

it('the session leaves nothing behind: no process, no folder', async () => {
  await cli(['run', 'prepare.ts', '--check', '--limit', viper.name])
  expect(await inside(lab, viper, 'ls -A /tmp /dev/shm | grep rollcall || echo none; ps -eo args | grep "[r]c_n=" || echo none')).toBe(
    'none\nnone',
  )
})
