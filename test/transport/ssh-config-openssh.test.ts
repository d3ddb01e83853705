import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSshConfigFile } from '../../src/transport/ssh-config-file.ts'
import { lookUp, type SshConfigValues } from '../../src/transport/ssh-config-lookup.ts'
import { parseSshConfig } from '../../src/transport/ssh-config-parse.ts'
import { expandTokens } from '../../src/transport/ssh-tokens.ts'
import { chance } from '../helpers/chance.ts'
import { testFolder } from '../helpers/folder.ts'

// What OpenSSH itself makes of a configuration, for as many as one likes: `ssh -G` connects to nothing.

const keywords = [
  ...['hostname', 'port', 'user', 'identityfile', 'userknownhostsfile', 'globalknownhostsfile', 'hostkeyalias', 'connecttimeout'],
  ...['connectionattempts', 'serveraliveinterval', 'serveralivecountmax', 'identitiesonly', 'proxyjump', 'proxycommand', 'bindaddress'],
  ...['preferredauthentications', 'addressfamily', 'hashknownhosts', 'identityagent', 'batchmode'],
]

/** What OpenSSH says of a keyword that no line sets. */
const presets = new Map(said('/dev/null', 'nothing-is-set').map(({ keyword, value }) => [keyword, value]))

function said(file: string, host: string): readonly { readonly keyword: string; readonly value: string }[] {
  const { status, stdout, stderr } = spawnSync('ssh', ['-G', '-F', file, host], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
    .trim()
    .split('\n')
    .map((line) => ({ keyword: line.slice(0, line.indexOf(' ')), value: line.slice(line.indexOf(' ') + 1) }))
}

function byOpenssh(file: string, host: string): Record<string, string> {
  const found = said(file, host)
  return Object.fromEntries(
    keywords.flatMap((keyword) => {
      const values = found.filter((line) => line.keyword === keyword).map(({ value }) => value)
      const own = values.join('\n')
      const isPreset =
        keyword === 'hostname'
          ? own === host.toLowerCase()
          : keyword === 'identityfile'
            ? values.includes('~/.ssh/id_rsa')
            : own === presets.get(keyword)
      return values.length === 0 || isPreset ? [] : [[keyword, own]]
    }),
  )
}

function byUs(values: SshConfigValues, host: string): Record<string, string> {
  return Object.fromEntries(
    keywords.flatMap((keyword) => {
      const value =
        keyword === 'identityfile'
          ? values.all(keyword).join('\n') || undefined
          : keyword.endsWith('knownhostsfile')
            ? values.list(keyword)?.join(' ')
            : values.one(keyword)
      if (value === undefined || (keyword.startsWith('proxy') && value === 'none')) return []
      const shown = keyword === 'hostname' ? expandTokens(value, { h: host }, host).toLowerCase() : value
      return shown === presets.get(keyword) || (keyword === 'hostname' && shown === host) ? [] : [[keyword, shown]]
    }),
  )
}

async function compare(file: string, host: string): Promise<void> {
  expect(byUs(lookUp([await readSshConfigFile(file)], host, undefined), host)).toEqual(byOpenssh(file, host))
}

const user = userInfo().username
const table: readonly { readonly name: string; readonly config: string; readonly host?: string }[] = [
  { name: 'nothing', config: '' },
  { name: 'comments, tabs, carriage returns and =', config: '# c\r\n\tHost=viper\r\n  Port = 24\r\n  User  me # him\r\n' },
  {
    name: 'quotes and escapes',
    config: `Host "viper" 'other'\n  IdentityFile "/a b/c"\n  IdentityFile /d\\ e\n  IdentityFile '/f"g'\n  IdentityFile /h\\"i`,
  },
  { name: 'a hash within a word', config: 'Host viper\n  User a#b\n  IdentityFile /x #y' },
  { name: 'negation', config: 'Host * !vip*\n  Port 1\nHost !other viper\n  Port 2' },
  {
    name: 'the first counts, identities add up once',
    config: 'IdentityFile /a\nHost viper\n  IdentityFile /b\n  IdentityFile /a\n  User x\nHost *\n  User y\n  IdentityFile /c',
  },
  { name: 'case of hosts', config: 'Host VIPER\n  Port 1\nMatch host VIPER\n  Port 2' },
  { name: 'an upper-case name', config: 'Host VIPER\n  Port 1\nMatch host viper\n  User lower', host: 'VIPER' },
  {
    name: 'HostName in Match host',
    config: 'Host viper\n  HostName %h.example.org\nMatch host *.org\n  Port 1\nMatch originalhost viper\n  User o',
  },
  {
    name: 'Match user sees what was set',
    config: `Match user ${user}\n  Port 1\nHost viper\n  User me\nMatch user me\n  Port 2\nMatch !user me\n  HostKeyAlias no`,
  },
  { name: 'Match localuser and lists', config: `Match localuser other,${user} host !x,vip*\n  Port 1` },
  { name: 'Match with quotes', config: 'Match host "viper" user "*"\n  Port 1' },
  { name: 'Match all', config: 'Host other\n  Port 1\nMatch all\n  User everybody' },
  { name: 'Match !all', config: 'Match !all\n  Port 1' },
  {
    name: 'Match final',
    config:
      'Host viper\n  HostName v.example.org\nHost v.example.org\n  Port 7\nMatch final\n  User fin\nMatch final host v.*\n  HostKeyAlias f',
  },
  { name: 'Match canonical without canonical names', config: 'Match canonical\n  Port 1\nMatch !canonical\n  User first' },
  { name: 'Match final all', config: 'Match final all\n  Port 1' },
  { name: 'ProxyJump before ProxyCommand', config: 'Host viper\n  ProxyJump a,b@c:24\n  ProxyCommand nc %h' },
  { name: 'ProxyCommand before ProxyJump', config: 'Host viper\n  ProxyCommand nc "%h" %p | cat # all\n  ProxyJump a' },
  { name: 'ProxyJump none', config: 'Host viper\n  ProxyJump none\nHost *\n  ProxyJump gate' },
  { name: 'known hosts', config: 'UserKnownHostsFile /a "/b c"\nUserKnownHostsFile /d\nGlobalKnownHostsFile /e' },
  { name: 'an address', config: 'Host 192.0.2.*\n  Port 1', host: '192.0.2.7' },
  { name: 'question marks and dots', config: 'Host v?per\n  Port 1\nHost v.per\n  Port 2' },
]

test.each(table)('as ssh -G: $name', async ({ config, host = 'viper' }) => {
  const file = join(testFolder(), 'config')
  writeFileSync(file, config)
  await compare(file, host)
})

test('as ssh -G: files that are included, where they stand', async () => {
  const folder = testFolder()
  mkdirSync(join(folder, 'd'))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 })
  write('d/10-a.conf', 'User early\nHost viper\n  Port 10\nMatch final\n  HostKeyAlias fin\n')
  write('d/20-b.conf', 'Port 20\nHost *\n  BindAddress 192.0.2.1\n')
  write('d/.hidden.conf', 'Port 99\n')
  write('deep', `Host viper other\n  Include ${folder}/d/*.conf\n  ConnectTimeout 7\n`)
  for (const config of [
    `Include ${folder}/d/*.conf\nPort 1\n`,
    `Host other\n  Include ${folder}/d/*.conf\nHost *\n  Port 1\n`,
    `Match host viper\n  Include ${folder}/deep\n  ServerAliveInterval 3\nPort 2\n`,
    `Include "${folder}/d/20-b.conf" ${folder}/d/10-a.conf ${folder}/none*\nHost viper\n  ConnectionAttempts 3`,
    `Include ${folder}/d/[0-1]*.conf ${folder}/?/20-?.conf`,
    // A second look is asked for even by what is for other hosts.
    `Host v.example.org\n  HostKeyAlias x\nHost !viper\n  Include ${folder}/d/10-a.conf\nHost viper\n  HostName v.example.org`,
  ]) {
    const file = join(folder, 'config')
    writeFileSync(file, config)
    for (const host of ['viper', 'other', 'third']) await compare(file, host)
  }
  chmodSync(join(folder, 'deep'), 0o600)
})

test('as ssh -G: whatever a configuration is made of', async () => {
  const name = fc.constantFrom('viper', 'panda', 'gate', 'v.example.org', '*', 'v*', '?iper', '*.org', '192.0.2.*')
  const pattern = fc.tuple(fc.boolean(), name).map(([not, one]) => `${not ? '!' : ''}${one}`)
  const list = fc.array(pattern, { minLength: 1, maxLength: 3 })
  const condition = fc.oneof(
    list.map((of) => `host ${of.join(',')}`),
    list.map((of) => `!host ${of.join(',')}`),
    list.map((of) => `originalhost ${of.join(',')}`),
    fc.constantFrom('user me', '!user me', `localuser ${user}`, 'final', '!final', 'canonical', 'user m*,!you'),
  )
  const setting = fc.oneof(
    fc.constantFrom('HostName %h.example.org', 'HostName v.example.org', 'HostName 192.0.2.9', 'User me', 'User you', 'Port 24', 'port=25'),
    fc.constantFrom(
      'IdentityFile /a',
      'IdentityFile /b',
      'IdentityFile "/c d"',
      'ProxyJump gate',
      'ProxyJump none',
      'ProxyCommand nc %h %p',
      'ProxyCommand none',
    ),
    fc.constantFrom('HostKeyAlias x', 'UserKnownHostsFile /k /l', 'GlobalKnownHostsFile /m', 'ConnectTimeout 9', 'ConnectionAttempts 5'),
    fc.constantFrom(
      'ServerAliveInterval 8',
      'ServerAliveCountMax 9',
      'BindAddress 192.0.2.1',
      'PreferredAuthentications password',
      'Include INCLUDED',
    ),
  )
  const head = fc.oneof(
    list.map((of) => `Host ${of.join(' ')}`),
    fc.array(condition, { minLength: 1, maxLength: 3 }).map((of) => `Match ${of.join(' ')}`),
    fc.constant('Match all'),
    fc.constant('# nothing'),
  )
  const block = fc.tuple(head, fc.array(setting, { maxLength: 4 })).map(([first, rest]) => [first, ...rest.map((one) => `  ${one}`)])
  const config = fc.array(block, { maxLength: 6 }).map((blocks) => blocks.flat().join('\n'))
  const folder = testFolder()
  const [file, included] = [join(folder, 'config'), join(folder, 'included')]
  await fc.assert(
    fc.asyncProperty(config, config, fc.constantFrom('viper', 'panda', 'gate', '192.0.2.9', 'v.example.org'), async (main, more, host) => {
      writeFileSync(file, main.replaceAll('INCLUDED', included))
      writeFileSync(included, more.replaceAll('Include INCLUDED', 'Compression no'), { mode: 0o600 })
      // `ssh -G` itself refuses a host that is jumped over to reach itself.
      const { status, stderr } = spawnSync('ssh', ['-G', '-F', file, host], { encoding: 'utf8' })
      if (status !== 0 && /jumphost loop/.test(stderr)) return
      await compare(file, host)
    }),
    chance(80),
  )
})

test('a line that ssh refuses is refused here', () => {
  for (const config of ['User "me', 'Match', 'Match host', 'Match all host x', 'Match nonsense x', 'Port']) {
    const file = join(testFolder(), 'config')
    writeFileSync(file, config)
    expect(spawnSync('ssh', ['-G', '-F', file, 'viper']).status).not.toBe(0)
    expect(() => lookUp([parseSshConfig(config)], 'viper', undefined)).toThrow(/ssh configuration/)
  }
})
