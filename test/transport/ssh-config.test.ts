import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DeclaredTarget, resolveTarget } from '../../src/transport/ssh-config.ts'
import { readSshConfig, readSshConfigFile } from '../../src/transport/ssh-config-file.ts'
import { parseSshConfig } from '../../src/transport/ssh-config-parse.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { Secret } from '../../src/util/secret.ts'
import { testFolder } from '../helpers/folder.ts'

const home = homedir()
const knownHosts = (files: readonly string[], policy: 'strict' | 'acceptNew' = 'strict') => ({
  knownHosts: { files: [...files, '/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'], policy },
})

const ownKnownHosts = (policy?: 'strict' | 'acceptNew') => knownHosts([`${home}/.ssh/known_hosts`, `${home}/.ssh/known_hosts2`], policy)

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
      methods: ['publickey', 'keyboard-interactive', 'password'],
      ...ownKnownHosts(),
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
      knownHosts: { files: ['/own'], policy: 'strict', hashed: false },
      identityFirst: true,
      connectRetries: 2,
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
    target: ownKnownHosts('acceptNew'),
  },
  {
    name: 'checking that is turned off still refuses changed keys',
    config: 'Host *\n  StrictHostKeyChecking no',
    target: ownKnownHosts('acceptNew'),
  },
  { name: 'ProxyJump none is no proxy', config: 'Host *\n  ProxyJump none', target: { address: 'viper' } },
  {
    name: 'a proxy for others does not matter',
    config: 'Host other\n  ProxyJump gate\nMatch host other exec "true"\n  User x',
    target: { address: 'viper' },
  },
  {
    name: 'what decides the link is taken over',
    config:
      'Host *\n  ConnectTimeout 1m30s\n  ConnectionAttempts 4\n  ServerAliveInterval 5\n  ServerAliveCountMax 2\n  AddressFamily inet6\n  BindAddress 192.0.2.7\n  BatchMode yes',
    target: {
      connectTimeoutMs: 90_000,
      connectRetries: 3,
      retryTimeouts: true,
      keepaliveMs: 5000,
      keepaliveCount: 2,
      family: 6,
      bindAddress: '192.0.2.7',
      batch: true,
    },
  },
  {
    name: 'an interval of 0 leaves the own default: a run must not hang',
    config: 'Host *\n  ServerAliveInterval 0',
    target: { origins: { serveraliveinterval: { value: '0', from: 'ssh_config:2' } } },
  },
  {
    name: 'ways to log in are ordered and left out',
    config:
      'Host *\n  PreferredAuthentications password,gssapi-with-mic,publickey,keyboard-interactive\n  ChallengeResponseAuthentication no',
    target: { methods: ['password', 'publickey'] },
  },
  {
    name: 'known hosts of the system, hashed, and revoked keys',
    config: 'Host *\n  GlobalKnownHostsFile /a /b\n  UserKnownHostsFile /c/%k\n  HashKnownHosts yes\n  RevokedHostKeys /d',
    target: { knownHosts: { files: ['/c/viper', '/a', '/b'], policy: 'strict', hashed: true, revoked: '/d' } },
  },
  {
    name: 'a fallback address is looked up where nothing means the name',
    config: 'Host 203.0.113.*\n  User public',
    declared: { fallbackAddress: '203.0.113.5' },
    target: { user: 'public', address: '203.0.113.5' },
  },
  {
    name: 'where each is from can be told',
    config: 'Host viper\n  User me\n  Port 24',
    declared: { port: 23 },
    target: { port: 23, origins: { user: { value: 'me', from: 'ssh_config:2' }, port: { value: '23', from: 'inventory' } } },
  },
  {
    name: 'a jump host has settings of its own',
    config:
      'Host viper\n  ProxyJump me@gate:24\n  IdentityFile /viper\nHost gate\n  HostName 198.51.100.7\n  User other\n  Port 25\n  IdentityFile /gate\n  UserKnownHostsFile /known',
    declared: { password: new Secret('of viper alone') },
    target: {
      identityFiles: ['/viper'],
      via: {
        kind: 'jump',
        target: expect.objectContaining({
          host: 'gate',
          jumpTo: 'viper',
          address: '198.51.100.7',
          user: 'me',
          port: 24,
          identityFiles: ['/gate'],
          knownHosts: expect.objectContaining({ files: ['/known', '/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'] }),
        }),
      },
    },
  },
  {
    name: 'of a chain only the first goes its own way',
    config: 'Host viper\n  ProxyJump a,b\nHost a\n  ProxyCommand nc %h %p\nHost b\n  ProxyJump elsewhere',
    target: {
      via: {
        kind: 'jump',
        target: expect.objectContaining({
          host: 'b',
          via: { kind: 'jump', target: expect.objectContaining({ host: 'a', via: { kind: 'command', command: 'nc a 22' } }) },
        }),
      },
    },
  },
  {
    name: 'ProxyCommand has its tokens filled in',
    config: 'Host *\n  HostName %h.example.org\n  User me\n  ProxyCommand ssh -W "[%h]:%p" -l %r%% gate # %n',
    target: { via: { kind: 'command', command: 'ssh -W "[viper.example.org]:22" -l me% gate # viper' } },
  },
  {
    name: 'Match originalhost, user and localuser',
    config: `Match originalhost vip* localuser ${userInfo().username} !user other\n  Port 24`,
    target: { port: 24 },
  },
  {
    name: 'Match final is looked at when all else is known',
    config: 'Match final host *.org\n  Port 24\nHost viper\n  HostName viper.example.org',
    target: { port: 24, address: 'viper.example.org' },
  },
  {
    name: 'what hangs on exec is only refused where it decides something',
    config: 'Match host viper exec "false"\n  ForwardAgent yes\nMatch host other exec "true"\n  Port 1',
    target: { port: 22 },
  },
]

const refusals: readonly { readonly name: string; readonly config: string; readonly summary: RegExp; readonly detail?: string }[] = [
  {
    name: 'Match exec that would decide something',
    config: 'Match host viper exec "true"\n  Port 23',
    summary: /Match exec/,
    detail: 'ssh_config:1',
  },
  { name: 'Match with a condition of a newer ssh', config: 'Match localnetwork 192.0.2.0/24\n  Port 23', summary: /Match localnetwork/ },
  { name: 'Match with a condition of none', config: 'Match hots viper\n  Port 23', summary: /configuration is wrong/, detail: 'hots' },
  { name: 'a port that is none', config: 'Host *\n  Port ssh', summary: /no number/, detail: 'ssh_config:2' },
  { name: 'a token that is not known', config: 'Host *\n  HostName %k', summary: /token/ },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: OpenSSH writes it so.
  { name: 'a variable that is not set', config: 'Host *\n  IdentityFile /${NO_SUCH_VARIABLE}', summary: /variable that is not set/ },
  { name: 'a quote that is not closed', config: 'Host *\n  User "me', summary: /configuration is wrong/, detail: 'ssh_config:2' },
  { name: 'ProxyUseFdpass', config: 'Host *\n  ProxyUseFdpass yes', summary: /ProxyUseFdpass needs the system's ssh/ },
  { name: 'KnownHostsCommand', config: 'Host *\n  KnownHostsCommand /bin/x', summary: /KnownHostsCommand needs/ },
  {
    name: 'names that only DNS completes',
    config: 'Host *\n  CanonicalizeHostname yes\n  CanonicalDomains example.org',
    summary: /CanonicalizeHostname needs/,
  },
  { name: 'a jump host that is reached over itself', config: 'Host *\n  ProxyJump gate', summary: /lead back/, detail: 'ssh_config:2' },
  {
    name: 'jump hosts that are reached over each other',
    config: 'Host viper\n  ProxyJump a\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a',
    summary: /lead back/,
  },
  { name: 'a jump host that is none', config: 'Host viper\n  ProxyJump -oProxyCommand=x', summary: /names no host/ },
  { name: 'a name that a shell would run', config: 'Host viper\n  HostName $(id)\n  ProxyCommand nc %h %p', summary: /ProxyCommand/ },
]

describe('ssh_config', () => {
  test.each(cases)('$name', async ({ config, declared = {}, target }) => {
    expect(await resolveTarget({ host: 'viper', ...declared }, [parseSshConfig(config)])).toMatchObject(target)
  })

  test.each([
    { name: 'ProxyCommand none before ProxyJump', config: 'Host viper\n  ProxyCommand none\nHost *\n  ProxyJump gate' },
    { name: 'a declared none', config: 'Host *\n  ProxyJump gate', proxyJump: 'none' },
    { name: 'a declared none where a command leads there', config: 'Host *\n  ProxyCommand nc %h %p', proxyJump: 'none' },
  ])('no proxy: $name', async ({ config, proxyJump }) => {
    expect((await resolveTarget({ host: 'viper', proxyJump }, [parseSshConfig(config)])).via).toBeUndefined()
  })

  test.each(refusals)('$name is refused, not ignored', async ({ config, summary, detail = '' }) => {
    const error = await (async () => resolveTarget({ host: 'viper' }, [parseSshConfig(config)]))().catch((error: unknown) => error)
    expect(error).toMatchObject({
      name: 'RollcallError',
      details: { summary: expect.stringMatching(summary), detail: expect.stringContaining(detail), fix: expect.any(String) },
    })
  })

  test('included files stand where they are included, also below Host and Match', async () => {
    const folder = testFolder()
    mkdirSync(join(folder, 'config.d'))
    const main = join(folder, 'config')
    const target = async () => resolveTarget({ host: 'viper' }, [await readSshConfigFile(main)])
    writeFileSync(main, `Include ${folder}/config.d/*.conf ${folder}/missing\nUser last\nHost viper\n  Port 24\n`)
    writeFileSync(join(folder, 'config.d', 'a.conf'), 'Host other\n  User other\n')
    writeFileSync(join(folder, 'config.d', 'b.conf'), 'Host viper\n  HostKeyAlias b\n')
    writeFileSync(join(folder, 'config.d', 'c.txt'), 'User wrong\n')
    expect(await target()).toMatchObject({ user: 'last', port: 24, hostKeyAlias: 'b' })
    writeFileSync(main, `Host viper\n  Include ${folder}/conf*.d/[ab].conf\n  Port 25\nHost other\n  Include ${folder}/config.d/c.txt`)
    expect(await target()).toMatchObject({ user: userInfo().username, port: 25, hostKeyAlias: 'b' })
    writeFileSync(main, `Include ${main}\n`)
    await expect(target()).rejects.toMatchObject({ details: { summary: /includes itself/ } })
  })

  test("the user's file goes before the system's, and neither has to be there", async () => {
    const [home, system] = [testFolder(), testFolder()]
    expect(await readSshConfig(home, system)).toEqual([[], []])
    mkdirSync(join(home, '.ssh'))
    writeFileSync(join(home, '.ssh', 'config'), 'Host viper\n  User mine\n  Include more\n')
    writeFileSync(join(home, '.ssh', 'more'), 'Port 24\n')
    writeFileSync(join(system, 'ssh_config'), 'Include below.conf\nUser theirs\nPort 25\n')
    writeFileSync(join(system, 'below.conf'), 'Compression yes\nHostKeyAlias system\n')
    const target = async () => resolveTarget({ host: 'viper' }, await readSshConfig(home, system))
    expect(await target()).toMatchObject({ user: 'mine', port: 24, hostKeyAlias: 'system' })
    chmodSync(join(home, '.ssh', 'more'), 0o666)
    await expect(target()).rejects.toMatchObject({ details: { summary: /may be written by others/, detail: join(home, '.ssh', 'more') } })
  })

  test('a jump host of the inventory is logged in to as that says', async () => {
    const gate = { host: 'gate', address: '192.0.2.1', port: 2200, user: 'door', knownHosts: { files: [], policy: 'strict' as const } }
    const jumpHosts = new Map([['gate', async (): Promise<SshTarget> => gate]])
    const config = [parseSshConfig('Host gate other\n  User wrong\n  Port 1')]
    const { via } = await resolveTarget({ host: 'viper', proxyJump: 'other,me@gate', jumpHosts }, config)
    expect(via).toMatchObject({
      kind: 'jump',
      target: { ...gate, user: 'me', jumpTo: 'viper', via: { kind: 'jump', target: { host: 'other', user: 'wrong', port: 1 } } },
    })
  })
})
