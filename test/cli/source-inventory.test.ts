import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { rollcall } from '../helpers/cli.ts'
import { tempProject, twoHosts } from '../helpers/project.ts'
import { casesFolder } from '../load/read-sources.ts'

const ini = `# Two of them.
[web]
web1 port=80
web2 port=8080
[eu:children]
web
[eu:vars]
region=eu
[all:vars]
ansible_connection=local
domain=example.test
`
const playbook = (expression: string, options = `facts: { families: [] }`) => `import { command, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('site', inventory, (play) => {
  play('web', { hosts: 'web', ${options} }, ({ task }) => {
    task('say', ({ host }) => command({ argv: ['echo', ${expression}] }))
  })
})
`
const files = {
  'inventory/lab.ts': twoHosts(),
  'hosts.ini': ini,
  'group_vars/eu.yml': '# More of it.\nregion: europe\n',
  'playbooks/site.ts': playbook(`[host.name, host.vars.region, host.vars.port + 1].join(' ')`),
}
const password = ['--vault-password-file', join(casesFolder, 'vault-password')]

describe('-i names an inventory of Ansible', () => {
  test('a playbook runs over it', async () => {
    const { root } = tempProject(files)
    const run = await rollcall(['run', 'site', '-i', 'hosts.ini', '--format', 'json'], { cwd: root })
    const said = run.events.flatMap((event) => (event.event === 'task' ? [(event.result as { stdout?: string } | undefined)?.stdout] : []))
    expect([run.code, said.sort()], run.stderr).toEqual([0, ['web1 europe 81', 'web2 europe 8081']])
  })
  test('commands that look at inventories know it', async () => {
    const { root } = tempProject(files)
    const said = async (...words: string[]) => {
      const { code, stdout, stderr } = await rollcall([...words, '-i', 'hosts.ini'], { cwd: root })
      return code === 0 ? stdout : stderr
    }
    expect(await said('inventory', 'list')).toBe(
      'inventory hosts.ini · hosts 2 · groups 3\n  all: web1, web2\n  web: web1, web2\n  eu: web1, web2\n',
    )
    expect(await said('inventory', 'graph')).toBe('@all:\n  |--@eu:\n  |  |--@web:\n  |  |  |--web1\n  |  |  |--web2\n')
    expect(await said('explain', 'var', 'web1', 'region')).toBe(
      'vars of web1 · inventory hosts.ini\n  region  europe  group eu  group_vars/eu.yml:2:1\n          eu      group eu  hosts.ini:8, overridden\n',
    )
    expect(await said('inventory', 'validate')).toBe('inventory hosts.ini: 2 hosts, 3 groups, no warnings\n')
  })
  test('what Ansible would do and Rollcall does not is said, with its line', async () => {
    const { root } = tempProject({
      ...files,
      'hosts.ini':
        `${ini}greeting=hello {{ name }}\nversion=1.0\nansible_become=yes\nansible_shell_type=csh\nansible_ssh_extra_args=-o StrictHostKeyChecking=no\n`.replace(
          'ansible_connection=local',
          'ansible_host=203.0.113.9',
        ),
    })
    const { stdout } = await rollcall(['inventory', 'validate', '-i', 'hosts.ini'], { cwd: root })
    for (const line of [
      `greeting of group all is a template of Ansible's: Rollcall knows no Jinja, and it stays the text it is  hosts.ini:12`,
      'version of group all holds the number 1.0, which Ansible prints otherwise than Rollcall  hosts.ini:13',
      'ansible_become is not honoured (web1 and 1 more): whether tasks become another user says the play  hosts.ini:14',
      'vars that only Ansible has a use for: ansible_shell_type (web1 and 1 more)  hosts.ini:15',
      'arguments of ssh that are not honoured, since keys of hosts are always checked: -o StrictHostKeyChecking=no  hosts.ini:16',
    ])
      expect(stdout).toContain(`warning: ${line}\n`)
  })
  test('a mistake is told with its line', async () => {
    const { root } = tempProject({ ...files, 'hosts.ini': `${ini}[bd:chidlren]\n` })
    const { code, stderr } = await rollcall(['inventory', 'list', '-i', 'hosts.ini'], { cwd: root })
    expect([code, stderr]).toEqual([
      1,
      `The inventory cannot be read\n  '[bd:chidlren]' is a section of an unknown kind\n  at hosts.ini:12\n  Did you mean ':children'?\n`,
    ])
  })
  test('a script is run, and a folder may be the default inventory', async () => {
    const user = tempProject({
      ...files,
      'all/1-script': `#!/bin/sh\necho '{"web": {"hosts": ["web1"], "vars": {"ansible_connection": "local", "port": 1}}, "_meta": {"hostvars": {}}}'\n`,
      'all/2-more': '[web]\nweb2 port=2\n[web:vars]\nregion=x\n',
    })
    chmodSync(user.path('all/1-script'), 0o755)
    user.write(
      'package.json',
      JSON.stringify({
        name: 'fixture',
        type: 'module',
        dependencies: { rollcall: '*' },
        rollcall: { inventory: 'all' },
        imports: { '#inventory': './inventory/lab.ts' },
      }),
    )
    const { stdout, stderr } = await rollcall(['run', 'site', '--format', 'json'], { cwd: user.root })
    expect(stdout, stderr).toContain('web2 x 3')
  })
  test('vars that hold addresses may have other names', async () => {
    const user = tempProject({ ...files, 'hosts.ini': ini.replace('web1 port=80', 'web1 port=80 internal=192.0.2.1') })
    user.write('package.json', JSON.stringify({ name: 'fixture', type: 'module', rollcall: { addressVars: { privateIp: 'internal' } } }))
    const { stdout } = await rollcall(['inventory', 'host', 'web1', '-i', 'hosts.ini', '--format', 'json'], { cwd: user.root })
    expect(JSON.parse(stdout)).toMatchObject({ privateIp: '192.0.2.1' })
  })
})

describe('vaults', () => {
  const secrets = readFileSync(join(casesFolder, 'fleet/group_vars/db/secrets.yml'), 'utf8')
  const whole = readFileSync(join(casesFolder, 'fleet/group_vars/all/vault.yml'), 'utf8')
  test('a value is opened when a run needs it, and never shown', async () => {
    const { root } = tempProject({ ...files, 'group_vars/web.yml': secrets, 'playbooks/site.ts': playbook('host.vars.db_password') })
    const listed = await rollcall(['inventory', 'host', 'web1', '-i', 'hosts.ini'], { cwd: root })
    expect(listed.stdout).toContain('db_password: [secret]')
    const locked = await rollcall(['run', 'site', '-i', 'hosts.ini'], { cwd: root })
    expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining('The password of a vault is needed')])
    const run = await rollcall(['run', 'site', '-i', 'hosts.ini', '--format', 'json', ...password], { cwd: root })
    expect(run.code, run.stderr).toBe(0)
    expect(run.stdout).toContain('[secret]')
    expect(run.stdout + run.stderr).not.toContain('s3cret')
  })
  test('a file that is encrypted as a whole is opened when the inventory is read', async () => {
    const { root } = tempProject({ ...files, 'group_vars/web.yml': whole, 'playbooks/site.ts': playbook('host.vars.smtp.port') })
    const locked = await rollcall(['inventory', 'list', '-i', 'hosts.ini'], { cwd: root })
    expect([locked.code, locked.stderr]).toEqual([1, expect.stringMatching(/needed, and there is no terminal[\s\S]*group_vars\/web\.yml/)])
    const run = await rollcall(['run', 'site', '-i', 'hosts.ini', '--format', 'json', ...password], { cwd: root })
    expect(run.code, run.stderr).toBe(0)
    expect(run.stdout).not.toContain('2525')
  })
})

describe('inventory import', () => {
  test('writes a typed inventory that says the same', async () => {
    const user = tempProject(files)
    const { code, stdout, stderr } = await rollcall(['inventory', 'import', 'hosts.ini'], { cwd: user.root })
    expect([code, stdout], stderr).toEqual([0, 'inventory/hosts.ts: 2 hosts, 3 groups\n'])
    expect(readFileSync(user.path('inventory/hosts.ts'), 'utf8')).toBe(`// Taken over from hosts.ini by: rollcall inventory import
import { defineInventory, Type } from 'rollcall'

export const inventory = defineInventory({
  groups: {
    all: { vars: { domain: 'example.test' }, schema: Type.Object({ port: Type.Number() }) },
    web: {},
    eu: { children: ['web'], vars: { region: 'europe' } },
  },
  hosts: {
    web1: { groups: ['web'], vars: { port: 80 }, connection: 'local' },
    web2: { groups: ['web'], vars: { port: 8080 }, connection: 'local' },
  },
})
`)
    const run = await rollcall(['run', 'site', '-i', 'hosts', '--format', 'json'], { cwd: user.root })
    expect(run.stdout, run.stderr).toContain('web2 europe 8081')
    const again = await rollcall(['inventory', 'import', 'hosts.ini'], { cwd: user.root })
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('The file to write is there already\n  inventory/hosts.ts')])
    expect((await rollcall(['inventory', 'import', 'hosts.ini', '--force'], { cwd: user.root })).code).toBe(0)
  })
  test('says on the host what groups say differently, and why', async () => {
    const user = tempProject({ ...files, 'hosts.ini': '[a]\nh1\n[b]\nh1\n[a:vars]\nv=1\n[b:vars]\nv=2\n' })
    await rollcall(['inventory', 'import', 'hosts.ini', '--to', 'inventory/two.ts'], { cwd: user.root })
    expect(readFileSync(user.path('inventory/two.ts'), 'utf8')).toContain('v: 2, // groups a and b differ')
  })
  test('secrets of vaults are named from their files', async () => {
    const secrets = readFileSync(join(casesFolder, 'fleet/group_vars/db/secrets.yml'), 'utf8')
    const user = tempProject({ ...files, 'group_vars/web.yml': secrets, 'playbooks/site.ts': playbook('host.vars.db_password') })
    await rollcall(['inventory', 'import', 'hosts.ini'], { cwd: user.root })
    const text = readFileSync(user.path('inventory/hosts.ts'), 'utf8')
    expect(text).toContain(`const groupVarsWeb = defineSecrets({ file: 'group_vars/web.yml', names: ['db_password'] })`)
    const run = await rollcall(['run', 'site', '-i', 'hosts', '--format', 'json', ...password], { cwd: user.root })
    expect([run.code, run.stdout.includes('s3cret')], run.stderr).toEqual([0, false])
  })
})
