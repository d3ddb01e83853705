import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DeclaredTarget, resolveTarget } from '../../src/transport/ssh-config.ts'
import { readSshConfig } from '../../src/transport/ssh-config-file.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { testFolder } from '../helpers/folder.ts'

const home = homedir()
const knownHosts = (files: readonly string[], policy: 'strict' | 'acceptNew' = 'strict') => ({
  knownHosts: { files: [...files, '/etc/ssh/ssh_known_hosts'], policy },
})

const cases: readonly {
  readonly name: string
  readonly config: string
  readonly declared?: Partial<DeclaredTarget>
  readonly target: Partial<SshTarget>
}[] = [
  {
    name: 'nothing gives the defaults of OpenSSH',
    config: '',
    target: {
      address: 'viper',
      port: 22,
      user: userInfo().username,
      identitiesOnly: false,
      identityFiles: [`${home}/.ssh/id_ed25519`, `${home}/.ssh/id_ecdsa`, `${home}/.ssh/id_rsa`],
      ...knownHosts([`${home}/.ssh/known_hosts`]),
    },
  },
  {
    name: 'a Host block is honoured',
    config:
      'Host viper\n  HostName 10.108.0.4\n  Port 2222\n  User admin\n  IdentityFile ~/.ssh/lab\n  IdentitiesOnly yes\n  HostKeyAlias lab-viper\n  ConnectTimeout 3\n  UserKnownHostsFile ~/.ssh/lab_hosts /tmp/more',
    target: {
      address: '10.108.0.4',
      port: 2222,
      user: 'admin',
      identityFiles: [`${home}/.ssh/lab`],
      identitiesOnly: true,
      hostKeyAlias: 'lab-viper',
      connectTimeoutMs: 3000,
      ...knownHosts([`${home}/.ssh/lab_hosts`, '/tmp/more']),
    },
  },
  {
    name: 'declared settings win',
    config:
      'Host viper\n  HostName 10.108.0.4\n  Port 2222\n  User admin\n  IdentityFile ~/.ssh/lab\n  HostKeyAlias lab-viper\n  ConnectTimeout 3\n  UserKnownHostsFile none',
    declared: {
      address: '203.0.113.5',
      port: 23,
      user: 'deploy',
      identityFile: '~/own',
      hostKeyAlias: 'own',
      connectTimeoutSeconds: 9,
      knownHostsFiles: ['/own'],
    },
    target: {
      address: '203.0.113.5',
      port: 23,
      user: 'deploy',
      identityFiles: [`${home}/own`],
      hostKeyAlias: 'own',
      connectTimeoutMs: 9000,
      knownHosts: { files: ['/own'], policy: 'strict' },
    },
  },
  {
    name: 'keywords are read in any case and with =',
    config: 'host viper\n  hostname=10.0.0.1\n  PORT = 24',
    target: { address: '10.0.0.1', port: 24 },
  },
  {
    name: 'the first value counts',
    config: 'Host vip*\n  User first\nHost *\n  User second\n  Port 24',
    target: { user: 'first', port: 24 },
  },
  {
    name: 'identity files add up',
    config: 'Host viper\n  IdentityFile /a\nHost *\n  IdentityFile "/b c"',
    target: { identityFiles: ['/a', '/b c'] },
  },
  { name: 'IdentityFile none means none', config: 'Host *\n  IdentityFile none', target: { identityFiles: [] } },
  {
    name: 'a declared address is looked up when no Host line means the name',
    config: 'Host 203.0.113.*\n  User public\nHost *\n  User any',
    declared: { address: '203.0.113.5' },
    target: { user: 'public' },
  },
  {
    name: 'the name comes before the address',
    config: 'Host 203.0.113.*\n  User public\nHost viper\n  User named',
    declared: { address: '203.0.113.5' },
    target: { user: 'named', address: '203.0.113.5' },
  },
  {
    name: 'a fallback address gives way to HostName',
    config: 'Host viper\n  HostName 10.0.0.1',
    declared: { fallbackAddress: '203.0.113.5' },
    target: { address: '10.0.0.1' },
  },
  {
    name: 'a fallback address comes before the name',
    config: '',
    declared: { fallbackAddress: '203.0.113.5' },
    target: { address: '203.0.113.5' },
  },
  {
    name: 'tokens are filled in',
    config: 'Host viper\n  HostName %h.example.org\n  Port 24\n  User me\n  IdentityFile %d/%r-%h-%p-%n-%%',
    target: { address: 'viper.example.org', identityFiles: [`${home}/me-viper.example.org-24-viper-%`] },
  },
  { name: 'a negated pattern does not match', config: 'Host * !viper\n  User other\nHost *\n  User mine', target: { user: 'mine' } },
  { name: 'Match host is honoured', config: 'Match host viper\n  User matched', target: { user: 'matched' } },
  {
    name: 'new keys are accepted where OpenSSH would',
    config: 'Host *\n  StrictHostKeyChecking accept-new',
    target: knownHosts([`${home}/.ssh/known_hosts`], 'acceptNew'),
  },
  {
    name: 'checking that is turned off still refuses changed keys',
    config: 'Host *\n  StrictHostKeyChecking no',
    target: knownHosts([`${home}/.ssh/known_hosts`], 'acceptNew'),
  },
  { name: 'ProxyJump none is no proxy', config: 'Host *\n  ProxyJump none', target: { address: 'viper' } },
  {
    name: 'a proxy for others does not matter',
    config: 'Host other\n  ProxyJump gate\nMatch host other exec "true"\n  User x',
    target: { address: 'viper' },
  },
]

const refusals: readonly { readonly name: string; readonly config: string; readonly summary: RegExp }[] = [
  { name: 'ProxyJump', config: 'Host viper\n  ProxyJump gate', summary: /^ProxyJump needs the system's ssh/ },
  { name: 'ProxyCommand', config: 'Host *\n  ProxyCommand nc %h %p', summary: /^ProxyCommand needs the system's ssh/ },
  { name: 'Match exec that would decide something', config: 'Match host viper exec "true"\n  Port 23', summary: /Match exec/ },
  { name: 'a port that is none', config: 'Host *\n  Port ssh', summary: /no number/ },
  { name: 'a token that is not known', config: 'Host *\n  HostName %k', summary: /token/ },
]

describe('ssh_config', () => {
  test.each(cases)('$name', async ({ config, declared = {}, target }) => {
    expect(await resolveTarget({ host: 'viper', ...declared }, config)).toMatchObject(target)
  })

  test.each(refusals)('$name is refused, not ignored', async ({ config, summary }) => {
    await expect(resolveTarget({ host: 'viper' }, config)).rejects.toMatchObject({
      name: 'RollcallError',
      details: { summary: expect.stringMatching(summary), fix: expect.any(String) },
    })
  })

  test('included files stand where they are included', async () => {
    const folder = testFolder()
    mkdirSync(join(folder, 'config.d'))
    const main = join(folder, 'config')
    writeFileSync(main, `Include ${folder}/config.d/*.conf ${folder}/missing\nUser last\nHost viper\n  Port 24\n`)
    writeFileSync(join(folder, 'config.d', 'a.conf'), 'Host other\n  User other\n')
    writeFileSync(join(folder, 'config.d', 'b.conf'), 'Host viper\n  HostKeyAlias b\n')
    writeFileSync(join(folder, 'config.d', 'c.txt'), 'User wrong\n')
    expect(await resolveTarget({ host: 'viper' }, await readSshConfig(main))).toMatchObject({ user: 'last', port: 24, hostKeyAlias: 'b' })
    expect(await readSshConfig(join(folder, 'none'))).toBe('')
    writeFileSync(main, `Host viper\n  Include ${folder}/config.d/*.conf\n`)
    await expect(readSshConfig(main)).rejects.toMatchObject({ details: { detail: `${main}:2` } })
    writeFileSync(main, `Include ${main}\n`)
    await expect(readSshConfig(main)).rejects.toMatchObject({ details: { summary: /includes itself/ } })
  })
})
