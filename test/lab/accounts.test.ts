import { expect, it } from 'vitest'
import { sshFiles } from '../../src/lab/index.ts'
import { run as runProgram } from '../../src/lab/process.ts'
import { type CliRun, eventsOf, outcomes, recapOf, rollcall, scratchFile, taskOf } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, overSsh, viper } from './lab-setup.ts'

const { lab } = useJobLab('accounts')
const hash = '$6$rollcall$Ro1OBbF6mIyx6hQjXqvD0abcdefghijklmnop'

const theKey = async () => (await runProgram(['ssh-keygen', '-y', '-f', sshFiles(lab).identityFile])).stdout.toString().trim()

const accounts = async () => `
    task('group', group({ name: 'crew', gid: 4300 }))
    task('user', user({ name: 'joe', groups: ['crew'], comment: 'Joe', shell: '/bin/sh', password: new Secret('${hash}') }))
    task('key', authorizedKey({ user: 'joe', key: '${await theKey()}', comment: 'lab' }))
    task('folder', file({ path: '/home/joe/work', state: 'directory', owner: 'joe', group: 'crew' }))
    task('cron itself', apt({ name: 'cron' }))
    task('entry', cron({ name: 'tidy', job: 'true', minute: 5, user: 'joe' }))
    task('file of entries', cron({ name: 'tidy', job: 'true', specialTime: 'daily', cronFile: 'tidy' }))`

async function play(tasks: string, ...options: readonly string[]): Promise<CliRun> {
  const playbook = scratchFile(
    'accounts.ts',
    `import { inventory } from '#inventory'
import { apt, authorizedKey, cron, definePlaybook, file, group, Secret, user } from 'rollcall'
export const imported = { apt, authorizedKey, cron, file, group, Secret, user }
export default definePlaybook('accounts', inventory, (play) => {
  play('accounts', { hosts: 'honor-viper', facts: { of: 'cluster', maxAge: 3600 }, become: true }, ({ task }) => {
${tasks}
  })
})
`,
  )
  return rollcall(['run', playbook, '--limit', 'honor-viper', '--format', 'json', '--diff', ...options], {
    env: { ROLLCALL_LAB: lab.name },
  })
}

const verdicts = (run: CliRun) => eventsOf(run, 'task').map(({ task, outcome, confidence }) => [task, outcome, confidence].join(' '))

it('check mode on a bare host: what needs a user that is only planned is planned as well, and not the hash is shown', async () => {
  const check = await play(await accounts(), '--check')
  expect([check.code, check.stderr]).toEqual([0, ''])
  expect(verdicts(check)).toEqual([
    'group changed certain',
    'user changed certain',
    'key changed unknown',
    'folder changed unknown',
    'cron itself changed certain',
    'entry changed unknown',
    'file of entries changed unknown',
  ])
  const key = taskOf(check, viper.name, 'key')
  expect(JSON.stringify(key.diff)).toContain('ssh-ed25519')
  expect(check.stdout).not.toContain(hash)
  expect(await inside(lab, viper, 'getent passwd joe || echo none')).toBe('none')
})

it('the run makes them, the key opens the account, and no hash is in the output', async () => {
  const done = await play(await accounts())
  expect([done.code, done.stderr]).toEqual([0, ''])
  expect(recapOf(done)).toEqual({ 'honor-viper': 'changed 7, failed 0, unreachable 0' })
  expect(done.stdout).not.toContain(hash)
  expect(taskOf(done, viper.name, 'user').result).toMatchObject({ name: 'joe', groups: ['crew'], home: '/home/joe', shell: '/bin/sh' })
  expect(await overSsh(lab, viper, 'joe', 'id -Gn; stat -c "%U:%G %a" .ssh .ssh/authorized_keys work')).toBe(
    'joe crew\njoe:joe 700\njoe:joe 600\njoe:crew 755',
  )
  expect(await inside(lab, viper, 'getent shadow joe | cut -d: -f2; crontab -u joe -l; cat /etc/cron.d/tidy')).toBe(
    `${hash}\n#Rollcall: tidy\n5 * * * * true\n#Rollcall: tidy\n@daily root true`,
  )
})

it('a second run changes nothing', async () => {
  const again = await play(await accounts())
  expect(outcomes(again, viper.name).filter((outcome) => !outcome.endsWith(': ok'))).toEqual([])
})

it('check mode: the crontab and the keys of a user that is only planned, and of one that is only planned to go', async () => {
  const check = await play(
    `    task('user', user({ name: 'ann', home: '/srv/ann' }))
    task('entry', cron({ name: 'tidy', job: 'true', user: 'ann' }))
    task('key', authorizedKey({ user: 'ann', key: '${await theKey()}' }))
    task('joe goes', user({ name: 'joe', state: 'absent', remove: true }))
    task('his group', group({ name: 'joe', state: 'absent' }))
    task('his number', user({ name: 'bob', uid: 1002 }))`,
    '--check',
  )
  expect([check.code, check.stderr]).toEqual([0, ''])
  expect(verdicts(check)).toEqual([
    'user changed certain',
    'entry changed unknown',
    'key changed unknown',
    'joe goes changed certain',
    'his group changed unknown',
    'his number changed certain',
  ])
})
