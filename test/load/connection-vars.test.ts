import { describe, expect, test } from 'vitest'
import { RollcallError } from '../../src/model/errors.ts'
import { Secret } from '../../src/util/secret.ts'
import { readModel, writeCase } from './read-sources.ts'

const hostOf = async (vars: Readonly<Record<string, unknown>>) => {
  const { model, warnings } = await readModel(writeCase({ files: { 'hosts.json': JSON.stringify({ all: { hosts: { h1: vars } } }) } }))
  return { host: model.hosts.get('h1')!, warnings: warnings.map(({ message }) => message) }
}

describe('vars that say how a host is reached', () => {
  test.for<[Record<string, unknown>, object]>([
    [{}, { type: 'ssh' }],
    [
      { ansible_host: 'a.example', ansible_port: '22', ansible_user: 'me' },
      { type: 'ssh', address: 'a.example', port: 22, user: 'me' },
    ],
    [
      { ansible_host: 'new', ansible_ssh_host: 'old' },
      { type: 'ssh', address: 'old' },
    ],
    [{ ansible_connection: 'ansible.builtin.local', ansible_host: 'x' }, { type: 'local' }],
    [
      { ansible_connection: 'docker', ansible_user: 'node' },
      { type: 'container', program: 'docker', user: 'node' },
    ],
    [
      { ansible_connection: 'containers.podman.podman', ansible_host: 'shop-web-1' },
      { type: 'container', program: 'podman', container: 'shop-web-1' },
    ],
    [
      { ansible_connection: 'community.general.chroot', ansible_host: '/srv/jail' },
      { type: 'chroot', directory: '/srv/jail' },
    ],
    [
      { ansible_connection: 'nspawn', ansible_host: '/srv/image', ansible_user: 'deploy' },
      { type: 'nspawn', directory: '/srv/image', user: 'deploy' },
    ],
    [
      { ansible_connection: 'smart', ansible_timeout: 5 },
      { type: 'ssh', connectTimeoutSeconds: 5 },
    ],
    [
      { ansible_become_method: 'community.general.doas', ansible_become_user: 'app' },
      { type: 'ssh', becomeMethod: 'doas', becomeUser: 'app' },
    ],
    [{ ansible_ssh_private_key_file: '~/.ssh/k' }, { type: 'ssh', identityFile: '~/.ssh/k' }],
    [
      { ansible_ssh_common_args: '-p 2222 -l me -o ConnectTimeout=9 -C' },
      { type: 'ssh', port: 2222, user: 'me', connectTimeoutSeconds: 9 },
    ],
    [
      { ansible_ssh_extra_args: `-o 'UserKnownHostsFile=/a /b' -oHostKeyAlias=x` },
      { type: 'ssh', knownHostsFiles: ['/a', '/b'], hostKeyAlias: 'x' },
    ],
    [{ ansible_user: null, ansible_host: '' }, { type: 'ssh' }],
    [{ ansible_ssh_common_args: '-J admin@gate:2222,inner' }, { type: 'ssh', proxyJump: 'admin@gate:2222,inner' }],
    [{ ansible_ssh_extra_args: '-o ProxyJump=gate' }, { type: 'ssh', proxyJump: 'gate' }],
    [
      { ansible_ssh_common_args: `-o ProxyCommand="ssh -W %h:%p -q admin@gate.example.com"` },
      { type: 'ssh', proxyJump: 'admin@gate.example.com' },
    ],
  ])('%j', async ([vars, connection]) => {
    expect((await hostOf(vars)).host.connection).toEqual(connection)
  })
  test('passwords in clear are secrets, as vars too', async () => {
    const { connection, vars } = (await hostOf({ ansible_password: 1234, ansible_become_pass: 'open sesame' })).host
    expect(connection).toEqual({ type: 'ssh', password: expect.any(Secret), becomePassword: expect.any(Secret) })
    expect((connection as { password: Secret }).password.reveal()).toBe('1234')
    expect(JSON.stringify(vars)).toBe('{"ansible_password":"[secret]","ansible_become_pass":"[secret]"}')
  })
  test.for<[Record<string, unknown>, string, string]>([
    [
      { ansible_host: '{{ ip }}' },
      `ansible_host of host 'h1' is a template, and Rollcall knows no Jinja: {{ ip }}`,
      'Write the value itself',
    ],
    [
      { ansible_ssh_pass: '{{ pw }}' },
      `ansible_ssh_pass of host 'h1' is a template, and Rollcall knows no Jinja`,
      'Write the value itself',
    ],
    [{ ansible_connection: 'chroot' }, `the directory of host 'h1' is 'h1'`, 'from / on'],
    [{ ansible_connection: 'nspawn', ansible_host: 'image' }, `the directory of host 'h1' is 'image'`, 'from / on'],
    [{ ansible_connection: 'winrm' }, `host 'h1' is to be reached by 'winrm'`, 'Rollcall reaches hosts by ssh'],
    [{ ansible_connection: 'loacl' }, `host 'h1' is to be reached by 'loacl'`, `Did you mean 'local'?`],
    [{ ansible_become_method: 'pbrun' }, `host 'h1' has ansible_become_method 'pbrun'`, 'Rollcall becomes another user by sudo, su, doas.'],
    [{ ansible_port: 'ssh' }, `ansible_port of host 'h1' is 'ssh'`, 'It is a whole number.'],
    [{ ansible_become_user: 'a b' }, `ansible_become_user of host 'h1' cannot be the name of a user`, 'Name one'],
    [{ ansible_ssh_common_args: '-J "a b"' }, 'has what Rollcall cannot pass on: -J a b: ProxyJump', 'Put it into ~/.ssh/config'],
    [{ ansible_ssh_common_args: '-o ProxyCommand="nc -X 5 %h %p"' }, 'ProxyCommand', 'Put it into ~/.ssh/config'],
    [{ ansible_ssh_common_args: '-J h1' }, 'proxyJump leads back to where it began: h1 → h1', `Say how 'h1' is reached without itself.`],
  ])('%j is refused', async ([vars, detail, fix]) => {
    const error = await hostOf(vars).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RollcallError)
    const { details } = error as RollcallError
    expect([details.detail, details.fix]).toEqual([expect.stringContaining(detail), expect.stringContaining(fix)])
    expect(details.at?.line).toBe(1)
  })
  test('Python is nobody’s business; what else only Ansible knows is told once', async () => {
    const { warnings } = await hostOf({
      ansible_python_interpreter: '/usr/bin/python3',
      ansible_pipelining: true,
      ansible_shell_type: 'csh',
    })
    expect(warnings).toEqual(['vars that only Ansible has a use for: ansible_shell_type (h1)'])
  })
})
