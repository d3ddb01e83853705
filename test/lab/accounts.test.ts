import { expect, it } from 'vitest'
import { sshFiles } from '../../src/lab/index.ts'
import { run as runProgram } from '../../src/lab/process.ts'
import { type CliRun, eventsOf, outcomes, recapOf, rollcall, scratchFile, taskOf } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, overSsh, viper } from './lab-setup.ts'

const { lab } = useJobLab('accounts')
const hash = '$6$rollcall$Ro1OBbF6mIyx6hQjXqvD0abcdefghijklmnop'

async function play(...options: readonly string[]): Promise<CliRun> {
  const { stdout } = await runProgram(['ssh-keygen', '-y', '-f', sshFiles(lab).identityFile])
  const playbook = scratchFile(
    'accounts.ts',
    `import { inventory } from '#inventory'
import { apt, authorizedKey, cron, definePlaybook, file, group, Secret, user } from 'rollcall'
export default definePlaybook('accounts', inventory, (play) => {
  play('accounts', { hosts: 'honor-viper', facts: { of: 'cluster', maxAge: 3600 }, become: true }, ({ task }) => {
    task('group', group({ name: 'crew', gid: 4300 }))
    task('user', user({ name: 'joe', groups: ['crew'], comment: 'Joe', shell: '/bin/sh', password: new Secret('${hash}') }))
    task('key', authorizedKey({ user: 'joe', key: '${stdout.toString().trim()}', comment: 'lab' }))
    task('folder', file({ path: '/home/joe/work', state: 'directory', owner: 'joe', group: 'crew' }))
    task('cron itself', apt({ name: 'cron' }))
    task('entry', cron({ name: 'tidy', job: 'true', minute: 5, user: 'joe' }))
    task('file of entries', cron({ name: 'tidy', job: 'true', specialTime: 'daily', cronFile: 'tidy' }))
  })
})
`,
  )
  return rollcall(['run', playbook, '--limit', 'honor-viper', '--format', 'json', '--diff', ...options], {
    env: { ROLLCALL_LAB: lab.name },
  })
}

it('check mode on a bare host: what needs a user that is only planned is planned as well, and not the hash is shown', async () => {
  const check = await play('--check')
  expect([check.code, check.stderr]).toEqual([0, ''])
  expect(eventsOf(check, 'task').map(({ task, outcome, confidence }) => [task, outcome, confidence].join(' '))).toEqual([
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
  const done = await play()
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
  const again = await play()
  expect(outcomes(again, viper.name).filter((outcome) => !outcome.endsWith(': ok'))).toEqual([])
})
