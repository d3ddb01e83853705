import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dial, sshFiles } from '../../src/lab/index.ts'
import { knownHostLine } from '../../src/transport/known-hosts.ts'
import { outcomes, scratchFile } from '../helpers/cli.ts'
import { type CountingProxy, countingProxy } from '../helpers/counting-proxy.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli, run } = useJobLab('ansible-inventory')
const vaults = 'test/load/ansible-inventories'
let proxies: readonly CountingProxy[] = []
let folder = ''

const playbook = `import { inventory } from '#inventory'
import { copy, definePlaybook } from 'rollcall'
export default definePlaybook('as-they-are', inventory, (play) => {
  play('nodes', { hosts: 'cluster', become: true, facts: { of: 'all', families: ['os'] } }, ({ task }) => {
    task('config', ({ host, fleet }) =>
      copy({
        dest: '/etc/as-they-are',
        content: \`\${host.vars.app_port} \${host.vars.domain} \${host.vars.packages.join(' ')} of \${fleet.group('cluster').map((each) => each.name).join(' ')}\\n\`,
      }),
    )
    task('secret', ({ host }) => copy({ dest: '/etc/as-they-are.secret', content: host.vars.db_password, mode: '0600' }))
  })
})
`

beforeAll(async () => {
  const { identityFile } = sshFiles(lab)
  const upstream = (address: string) => ({ dial: () => dial(lab, address, 22), privateKey: readFileSync(identityFile, 'utf8') })
  proxies = [await countingProxy(upstream(viper.address)), await countingProxy(upstream(panda.address))]
  const known = proxies.map(({ port, hostKey }) => `${knownHostLine(`[127.0.0.1]:${port}`, hostKey.publicKey)}\n`)
  const reached = `ansible_user=admin ansible_ssh_private_key_file='${identityFile}' ansible_ssh_common_args='-o UserKnownHostsFile=${scratchFile('known_hosts', known.join(''))}'`
  folder = mkdtempSync(join(tmpdir(), 'rollcall-ansible-'))
  mkdirSync(join(folder, 'dir/group_vars/cluster'), { recursive: true })
  mkdirSync(join(folder, 'group_vars'), { recursive: true })
  const vault = readFileSync(`${vaults}/fleet/group_vars/db/secrets.yml`, 'utf8')
  writeFileSync(
    join(folder, 'hosts.ini'),
    `[cluster]
honor-viper:${proxies[0]!.port} private_ip=10.108.0.4
crystal-panda:${proxies[1]!.port} private_ip=10.108.0.3
[cluster:vars]
ansible_host=127.0.0.1
app_port=8080
packages=["haproxy"]
[all:vars]
domain=dynia.test
${reached.replaceAll(/ (?=ansible_)/g, '\n').replaceAll(/^(\w+)='(.*)'$/gm, '$1=$2')}
`,
  )
  writeFileSync(join(folder, 'group_vars/cluster.yml'), vault)
  writeFileSync(
    join(folder, 'dir/1-hosts.yml'),
    JSON.stringify({
      cluster: { hosts: { 'honor-viper': { ansible_port: proxies[0]!.port }, 'crystal-panda': { ansible_port: proxies[1]!.port } } },
    }),
  )
  writeFileSync(join(folder, 'dir/2-vars'), `[all:vars]\ndomain=dynia.test\nansible_host=127.0.0.1\n`)
  writeFileSync(join(folder, 'dir/group_vars/cluster/secrets.yml'), vault)
  writeFileSync(
    join(folder, 'dir/group_vars/cluster/vars.yml'),
    `app_port: 9090\npackages: [haproxy, curl]\nansible_user: admin\nansible_ssh_private_key_file: ${identityFile}\nansible_ssh_common_args: ${/'(-o .*)'/.exec(reached)![1]}\n`,
  )
}, 120_000)
afterAll(async () => {
  for (const proxy of proxies) await proxy.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a run over an inventory of Ansible', () => {
  it.for([
    ['a file of INI', 'hosts.ini', '8080 dynia.test haproxy of honor-viper crystal-panda'],
    ['a folder of several sources', 'dir', '9090 dynia.test haproxy curl of honor-viper crystal-panda'],
  ])('%s', async ([, source, content]) => {
    const file = scratchFile('as-they-are.ts', playbook)
    const given = ['-i', join(folder, source!), '--vault-password-file', `${vaults}/vault-password`]
    const first = await run(file, ...given)
    expect(first.code, first.stderr + first.stdout).toBe(0)
    for (const host of [viper, panda]) {
      expect(outcomes(first, host.name)).toEqual(['config: changed', expect.stringMatching(/^secret: (changed|ok)$/)])
      expect(await inside(lab, host, 'cat /etc/as-they-are')).toBe(content)
      expect(await inside(lab, host, 'cat /etc/as-they-are.secret; stat -c %a /etc/as-they-are.secret')).toBe('s3cret "quoted"600')
    }
    expect(first.stdout + first.stderr).not.toContain('s3cret')
    const second = await run(file, ...given)
    expect(outcomes(second, viper.name)).toEqual(['config: ok', 'secret: ok'])
  })

  it('is refused at the line of the playbook that asks for what it does not have', async () => {
    const file = scratchFile('as-they-are.ts', playbook.replace('host.vars.app_port', 'host.vars.app_prot'))
    const { code, stderr } = await cli(['run', file, '-i', join(folder, 'hosts.ini'), '--vault-password-file', `${vaults}/vault-password`])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/as-they-are\.ts:8:\d+ Property 'app_prot' does not exist/)])
  })

  it('is the same run over the typed inventory that is made of it', async () => {
    const target = scratchFile('taken-over.ts', '')
    const imported = await cli(['inventory', 'import', join(folder, 'hosts.ini'), '--to', target, '--force'])
    expect([imported.code, imported.stdout], imported.stderr).toEqual([0, expect.stringMatching(/taken-over\.ts: 2 hosts, 2 groups\n$/)])
    const again = await run(scratchFile('as-they-are.ts', playbook), '-i', target, '--vault-password-file', `${vaults}/vault-password`)
    expect(outcomes(again, viper.name), again.stderr).toEqual(['config: changed', 'secret: ok'])
    expect(await inside(lab, viper, 'cat /etc/as-they-are')).toBe('8080 dynia.test haproxy of honor-viper crystal-panda')
  })
})
