import { expect, it } from 'vitest'
import { outcomes, rollcall, scratchFile, taskOf } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, viper } from './lab-setup.ts'

const { lab } = useJobLab('environment')
const playbook = (name: string, environment: string) =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { apt, definePlaybook, query, Secret, sh, shell } from 'rollcall'
const token = new Secret('a token that nobody knows')
void [apt, query, shell, sh, token]
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'honor-viper', become: true, facts: { of: 'cluster', families: ['os'] }, environment: ${environment} }, ({ task }) => {
    task('root', shell({ script: sh\`printf '%s %s' "$PLACE" "$(id -un)"\` }))
    task('login', query({ script: sh\`printf '%s %s' "$PLACE" "$(id -un)"\` }), { become: false, environment: { PLACE: 'inner' } })
    task('token', shell({ script: sh\`printf %s "$TOKEN" | wc -c >/tmp/length; cat /proc/[0-9]*/cmdline >/tmp/running\` }), { environment: { TOKEN: token } })
    task('a package', apt({ name: 'cron', updateCache: true }))
  })
})
`,
  )
const run = (name: string, environment: string, ...more: string[]) =>
  rollcall(['run', playbook(name, environment), '--limit', 'honor-viper', '--format', 'json', ...more], { env: { ROLLCALL_LAB: lab.name } })

it('commands, queries and modules run with it, whoever they run as; no process list shows what is secret in it', async () => {
  const ran = await run('with', `({ host }) => ({ PLACE: host.name })`)
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect(taskOf(ran, viper.name, 'root').result).toMatchObject({ stdout: 'honor-viper root' })
  expect(taskOf(ran, viper.name, 'login').result).toMatchObject({ stdout: 'inner admin' })
  expect(await inside(lab, viper, 'cat /tmp/length; grep -c "a token" /tmp/running || true')).toBe('25\n0')
  expect(ran.stdout).not.toContain('nobody knows')
})

it('a package goes through the proxy that it names, and no check does', async () => {
  const environment = `{ http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' }`
  await inside(lab, viper, 'apt-get -qq purge cron >/dev/null 2>&1; apt-get clean')
  expect(outcomes(await run('proxy', environment, '--check'), viper.name)).toContain('a package: changed')
  const ran = await run('proxy', environment)
  expect(ran.code).toBe(2)
  const { error } = taskOf(ran, viper.name, 'a package')
  expect(`${error?.summary} ${error?.detail}`).toMatch(/127\.0\.0\.1.*9|127\.0\.0\.1:9/)
})
