import { describe, expect, test } from 'vitest'
import { ssh } from '../../src/dsl/connection.ts'
import { type AskedHost, NotAdded, newRecord } from '../../src/model/new-host.ts'
import { readModel, writeCase } from './read-sources.ts'

const files = {
  'hosts.ini': `
[web]
web1 ansible_host=192.0.2.1
[eu:children]
web
[eu:vars]
region=eu
port=80
[all:vars]
ansible_user=deploy
ansible_port=2222
`,
  'group_vars/web.yml': 'port: 8080\n',
  'host_vars/web1.yml': 'port: 9090\n',
}
const add = async (more: Partial<AskedHost>) => {
  const { model } = await readModel(writeCase({ files }))
  const set = { kind: 'new', name: 'fresh', like: ['web'], inventory: model } as const
  return newRecord({ set, name: 'web9', hostKeys: [], vars: {}, ...more }, model)
}

describe('a host that a task adds to an inventory of Ansible', () => {
  test('has what its groups say of vars and of the way, from the top down', async () => {
    const { groups, vars, connection } = await add({ address: '192.0.2.9' })
    expect([groups, vars, connection]).toEqual([
      ['web', 'eu'],
      { ansible_user: 'deploy', ansible_port: 2222, region: 'eu', port: 8080 },
      { type: 'ssh', user: 'deploy', port: 2222, address: '192.0.2.9' },
    ])
  })
  test('has its own over that', async () => {
    const { vars, connection, varLevels } = await add({ vars: { port: 99 }, connection: ssh({ user: 'root' }) })
    expect([vars.port, connection]).toEqual([99, { type: 'ssh', user: 'root', port: 2222 }])
    expect(varLevels!.get('port')!.map(({ level, group, value }) => [level, group, value])).toEqual([
      ['group', 'eu', 80],
      ['group', 'web', 8080],
      ['host', undefined, 99],
    ])
  })
  test('on this machine has nothing of the others’ way', async () => {
    expect((await add({ connection: 'local' })).connection).toEqual({ type: 'local' })
  })
  test('has no vars that its groups do not have', async () => {
    await expect(add({ vars: { prt: 1 } })).rejects.toThrow(NotAdded)
  })
})
