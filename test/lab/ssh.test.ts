import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { inNetns, sshFiles } from '../../src/lab/index.ts'
import { quote } from '../../src/util/sh.ts'
import { onTerminal, rollcall, scratchFile } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { startAgent } from '../helpers/ssh-agent.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

// The hosts' addresses are only known inside the lab: whoever is not jumped over, or reached by a command, is not reached.

const { lab } = useJobLab('ssh')
const home = testFolder()
mkdirSync(join(home, '.ssh'), { mode: 0o700 })
const config = join(home, '.ssh', 'config')
const env = { ROLLCALL_LAB: lab.name, HOME: home }
const cli = (...words: readonly string[]) => rollcall(words, { env })
const locked = join(home, '.ssh', 'locked')
const passphrase = 'open, sesame'

function inventory(hosts: string): string {
  return scratchFile(
    `ssh-${Math.random().toString(36).slice(2)}.ts`,
    `import { defineInventory, lab, secretFromEnv, ssh } from 'rollcall'
void [lab, secretFromEnv, ssh]
export const inventory = defineInventory({ groups: { all: {} }, hosts: { ${hosts} } })
`,
  )
}
// biome-ignore lint/suspicious/noTemplateCurlyInString: The host's shell reads it.
const whence = 'echo "$(hostname) from ${SSH_CONNECTION%% *}"'
/** What is declared of a host with the lab's own key and known hosts. */
const labKeys = () => {
  const { identityFile, knownHostsFile } = sshFiles(lab)
  return `user: 'admin', identityFile: '${identityFile}', knownHostsFiles: ['${knownHostsFile}']`
}
const gate = `'honor-viper': { groups: [], privateIp: '${viper.address}', connection: lab() }`

beforeAll(async () => {
  writeFileSync(config, 'HashKnownHosts no\n')
  const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', locked])
  expect(made.status).toBe(0)
  const pub = readFileSync(`${locked}.pub`, 'utf8').trim()
  for (const host of [viper, panda]) await inside(lab, host, `printf '%s\\n' ${quote(pub)} >>/etc/ssh/lab-keys/admin`)
  await inside(
    lab,
    panda,
    `useradd -m asked && echo asked:letmein | chpasswd
     printf '%s\\n' 'UsePAM yes' 'KbdInteractiveAuthentication yes' 'Match User asked' '  AuthenticationMethods keyboard-interactive' >/etc/ssh/sshd_config.d/00-asked.conf
     systemctl reload ssh`,
  )
})

describe('jump hosts', () => {
  it('a host behind a host of the inventory, and one behind both', async () => {
    const path = inventory(`${gate},
      'crystal-panda': { groups: [], connection: ssh({ address: '${panda.address}', proxyJump: 'honor-viper', ${labKeys()} }) },
      deep: { groups: [], connection: ssh({ address: '${viper.address}', proxyJump: 'crystal-panda', ${labKeys()} }) },`)
    const run = await cli('exec', 'crystal-panda,deep', '-i', path, '--', 'sh', '-c', whence)
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(run.stdout).toContain(`crystal-panda from ${viper.address}`)
    expect(run.stdout).toContain(`honor-viper from ${panda.address}`)
    // A module, its check and the facts go the same way.
    const done = await cli('do', 'deep', 'file', '-b', 'path=/etc/behind', 'state=directory', '-i', path)
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect((await inside(lab, viper, 'stat -c %F /etc/behind')).trim()).toBe('directory')
    const doctor = JSON.parse((await cli('doctor', 'deep', '-i', path, '--json')).stdout) as {
      checks: readonly { about: string; message: string }[]
    }
    expect(doctor.checks.find(({ about }) => about === 'ssh settings')?.message).toMatch(
      /^admin@10\.108\.0\.4 port 22, over crystal-panda \(admin@10\.108\.0\.3 port 22, over honor-viper \(admin@10\.108\.0\.4 port 22\)\)\n(?:.*\n)*ProxyJump crystal-panda {2}\(inventory\)/,
    )
  })

  it('a chain and a command of ~/.ssh/config', async () => {
    const { identityFile, knownHostsFile } = sshFiles(lab)
    const relay = `const s=require('net').connect(+process.argv[2],process.argv[1]);process.stdin.pipe(s).pipe(process.stdout)`
    const command = [...inNetns(lab, [process.execPath, '-e', relay])].map(quote).join(' ')
    writeFileSync(
      config,
      `Host gate\n  HostName ${viper.address}\n  ProxyCommand ${command.replaceAll('%', '%%')} %h %p\nMatch host back\n  HostName ${viper.address}\n  ProxyJump gate,middle\nHost middle\n  HostName ${panda.address}\nHost gate middle back\n  Include ~/.ssh/lab.conf\n`,
    )
    writeFileSync(join(home, '.ssh', 'lab.conf'), `User admin\nIdentityFile "${identityFile}"\nUserKnownHostsFile "${knownHostsFile}"\n`, {
      mode: 0o600,
    })
    const path = inventory(`gate: { groups: [], connection: ssh() }, back: { groups: [], connection: ssh() }`)
    const run = await cli('exec', 'gate,back', '-i', path, '--', 'sh', '-c', whence)
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(run.stdout).toContain(`honor-viper from ${panda.address}`)
    expect(run.stdout.match(/honor-viper from/g)).toHaveLength(2)
  })
})

describe('logins', () => {
  const behind = (more: string) =>
    inventory(`${gate},
    'crystal-panda': { groups: [], connection: ssh({ address: '${panda.address}', proxyJump: 'honor-viper', knownHostsFiles: ['${sshFiles(lab).knownHostsFile}'], ${more} }) },
    again: { groups: [], connection: ssh({ address: '${panda.address}', proxyJump: 'honor-viper', knownHostsFiles: ['${sshFiles(lab).knownHostsFile}'], ${more} }) },`)

  it('an encrypted key is asked for once, not at all where an agent holds it, and named where nobody answers', async () => {
    const path = behind(`user: 'admin', identityFile: '${locked}'`)
    const words = ['exec', 'crystal-panda,again', '-i', path, '--', 'id', '-un']
    const asked = await onTerminal(words, [[`passphrase of the key ${locked}: `, `${passphrase}\r`]], { env })
    expect([asked.code, asked.shown.split('passphrase of the key').length]).toEqual([0, 2])
    const nobody = await cli(...words)
    expect([nobody.code, nobody.stdout]).toEqual([2, expect.stringContaining(`ssh-add ${locked}`)])
    const agent = await startAgent()
    const askpass = join(home, 'askpass')
    writeFileSync(askpass, `#!/bin/sh\necho ${quote(passphrase)}\n`)
    chmodSync(askpass, 0o755)
    const added = spawnSync('ssh-add', ['-q', locked], {
      env: { ...process.env, SSH_AUTH_SOCK: agent.socket, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
    })
    expect(added.status).toBe(0)
    const held = await rollcall(words, { env: { ...env, SSH_AUTH_SOCK: agent.socket } })
    expect([held.code, held.stderr]).toEqual([0, ''])
    agent.stop()
  })

  it('a password that PAM asks for', async () => {
    const path = behind(`user: 'asked', identityFile: '/none', password: secretFromEnv('PANDA_PASSWORD')`)
    const words = ['exec', 'crystal-panda', '-i', path, '--', 'id', '-un']
    const right = await rollcall(words, { env: { ...env, PANDA_PASSWORD: 'letmein' } })
    expect([right.code, right.stdout]).toEqual([0, expect.stringContaining('asked')])
    const wrong = await rollcall(words, { env: { ...env, PANDA_PASSWORD: 'let me in' } })
    expect(wrong.code).toBe(4)
    expect(wrong.stdout).toContain("The host refused the login as 'asked'")
    expect(wrong.stdout).toContain('it accepts: keyboard-interactive')
    expect(`${wrong.stdout}${wrong.stderr}`).not.toContain('let me in')
  })
})

it('keys are noted down with the fingerprint that the host itself tells, and a changed one stops all', async () => {
  const known = join(home, 'known')
  const path = inventory(`${gate},
    'crystal-panda': { groups: [], connection: ssh({ address: '${panda.address}', proxyJump: 'honor-viper', user: 'admin', identityFile: '${sshFiles(lab).identityFile}', knownHostsFiles: ['${known}'] }) }`)
  writeFileSync(config, 'HashKnownHosts no\n')
  const told = async () => (await inside(lab, panda, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1]!
  const old = await told()
  const trusted = await cli('trust', 'crystal-panda', '-i', path, '--fingerprint', old)
  expect([trusted.code, trusted.stderr]).toEqual([0, ''])
  expect((await cli('exec', 'crystal-panda', '-i', path, '--', 'true')).code).toBe(0)
  await inside(
    lab,
    panda,
    'rm /etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh',
  )
  const fresh = await told()
  for (const words of [
    ['exec', 'crystal-panda', '-i', path, '--accept-new-host-keys', '--', 'true'],
    ['trust', 'crystal-panda', '-i', path, '--yes'],
  ]) {
    const stopped = await cli(...words)
    expect(stopped.code).toBe(2)
    for (const part of [old, fresh, `${known}:1`]) expect(stopped.stdout).toContain(part)
  }
  expect((await cli('trust', 'crystal-panda', '-i', path, '--replace', '--fingerprint', fresh)).code).toBe(0)
  expect((await cli('exec', 'crystal-panda', '-i', path, '--', 'true')).code).toBe(0)
})
