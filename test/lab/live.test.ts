import { readFileSync } from 'node:fs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dial, sshFiles } from '../../src/lab/index.ts'
import { knownHostLine } from '../../src/transport/known-hosts.ts'
import { onTerminal, scratchFile } from '../helpers/cli.ts'
import { type CountingProxy, countingProxy } from '../helpers/counting-proxy.ts'
import { fakeTerminal } from '../helpers/fake-terminal.ts'
import { inventoryOf, useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli } = useJobLab('live')
const env = { ROLLCALL_LAB: lab.name }
const rootPassword = 'of root alone'
beforeAll(async () => {
  await inside(lab, viper, `echo 'root:${rootPassword}' | chpasswd`)
})

const playbook = (name: string, options: string, body: string) =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { command, definePlaybook, pause, query, Secret, sh, shell } from 'rollcall'
void [command, pause, query, Secret, sh, shell]
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'cluster', ${options} }, ({ task, handler }) => {
    void handler
    ${body}
  })
})
`,
  )
const go = (host: typeof viper, name: string) => () => inside(lab, host, `touch /run/${name}`)
const waits = (name: string) => `until [ -e /run/${name} ]; do sleep 0.1; done`
/** What stands on the terminal in the end. */
const standing = (shown: string) => {
  const terminal = fakeTerminal(80, 24)
  terminal.output.write(shown.replaceAll('\r\n', '\n'))
  return terminal.lines()
}
/** Sessions and folders of ours on a host. */
const left = async (host: typeof viper) => {
  await inside(lab, host, 'while pgrep -f "[r]ollcall [0-9a-f]{32}" >/dev/null; do sleep 0.1; done')
  return inside(lab, host, 'ls -d /tmp/rollcall.* /tmp/tmp.* 2>/dev/null || echo none')
}

let proxy: CountingProxy | undefined
afterEach(async () => {
  await proxy?.close()
  proxy = undefined
})
/** An inventory with honor-viper behind a server that counts. */
async function counted(): Promise<string> {
  const { identityFile } = sshFiles(lab)
  proxy = await countingProxy({ dial: () => dial(lab, viper.address, 22), privateKey: readFileSync(identityFile, 'utf8') })
  const knownHosts = scratchFile('known_hosts', `${knownHostLine(`[127.0.0.1]:${proxy.port}`, proxy.hostKey.publicKey)}\n`)
  return inventoryOf(
    'counted',
    `ssh({ address: '127.0.0.1', port: ${proxy.port}, user: 'admin', identityFile: ${JSON.stringify(identityFile)}, knownHostsFiles: [${JSON.stringify(knownHosts)}] })`,
  )
}

const talking = (name: string, options = 'become: true') =>
  playbook(
    name,
    options,
    `task('upgrade', shell({ script: sh\`printf 'step one\\nthe key is %s\\n10 %%\\r20 %%' \${new Secret('swordfish-42')}; ${waits(`${name}-go`)}; echo over\` }))`,
  )

describe('on a terminal the output of what takes long', () => {
  it('is shown before it ends and is gone afterwards, without secrets; nothing is left on the host', async () => {
    const { code, shown } = await onTerminal(['run', talking('talks'), '--limit', viper.name], [['20 %', go(viper, 'talks-go')]], { env })
    expect(shown).toMatch(/honor-viper {2}upgrade: running for \d+ s\r\n {4}step one\r\n {4}the key is \[secret\]\r\n {4}20 %\r/)
    expect(shown).not.toContain('swordfish')
    expect([code, standing(shown).filter((line) => /upgrade|running|step one/.test(line))]).toEqual([
      0,
      ['  honor-viper  upgrade (shell): changed'],
    ])
    expect(await left(viper)).toBe('none')
  })
  it('of two hosts is a line for each; of a query and a handler, too', async () => {
    const path = playbook(
      'both',
      'become: true',
      `const told = handler('restart', shell({ script: sh\`echo restarting; ${waits('both-3')}\` }))
    task('look', query({ script: sh\`echo "looking on $(hostname)"; ${waits('both-1')}\` }))
    task('change', command({ argv: ['true'] }), { notify: told, when: ({ host }) => host.name === 'crystal-panda' })`,
    )
    const both = async () => void (await Promise.all([go(viper, 'both-1')(), go(panda, 'both-1')()]))
    const { code, shown } = await onTerminal(
      ['run', path],
      [
        ['  looking on honor-viper\r\n  crystal-panda  look: running for', async () => {}],
        ['  looking on crystal-panda', both],
        ['    restarting', go(panda, 'both-3')],
      ],
      { env },
    )
    expect([code, standing(shown).filter((line) => line.includes('running') || line.includes('looking on'))]).toEqual([0, []])
  })
  it('is seen by one session more, over the same connection', async () => {
    const { code, shown } = await onTerminal(
      ['run', talking('counts'), '-i', await counted(), '--limit', viper.name],
      [['20 %', go(viper, 'counts-go')]],
      { env },
    )
    expect(shown).toContain('step one')
    expect([code, proxy!.connections, proxy!.traffic.channels.map(({ kind }) => kind)]).toEqual([0, 1, ['become', 'become']])
  })
  it('needs no second session where nobody watches: without a terminal, with --no-live, for machines', async () => {
    const inventory = await counted()
    // Longer than it takes until somebody would look.
    const path = playbook('unseen', 'become: true', `task('slow', shell({ script: sh\`echo unseen; sleep 4\` }))`)
    const args = ['run', path, '-i', inventory, '--limit', viper.name]
    const runs = [
      await cli(args),
      await onTerminal([...args, '--no-live'], [], { env }),
      await onTerminal([...args, '--json'], [], { env }),
      await onTerminal(args, [], { env: { ...env, TERM: 'dumb' } }),
    ]
    for (const run of runs) {
      expect(run.code).toBe(0)
      expect('stdout' in run ? run.stdout + run.stderr : run.shown).not.toMatch(/running for|"running"/)
    }
    expect([proxy!.connections, proxy!.traffic.channels.map(({ kind }) => kind)]).toEqual([4, ['become', 'become', 'become', 'become']])
  })
  it('comes through a program that asks for a password at a terminal, too', async () => {
    const inventory = inventoryOf('with-su', `lab({ becomeMethod: 'su', becomePassword: new Secret('${rootPassword}') })`)
    const { code, shown } = await onTerminal(
      ['run', talking('by-su'), '-i', inventory, '--limit', viper.name],
      [['20 %', go(viper, 'by-su-go')]],
      { env },
    )
    expect(shown).not.toContain(rootPassword)
    expect([shown, code]).toEqual([expect.stringContaining('upgrade (shell): changed'), 0])
    expect(await left(viper)).toBe('none')
  })
  it('is not there where the server gives one session, and the step goes on', async () => {
    await inside(lab, viper, `echo 'MaxSessions 1' >/etc/ssh/sshd_config.d/one.conf; systemctl reload ssh`)
    try {
      const before = Number(await inside(lab, viper, `journalctl -t sshd | grep -c 'Accepted publickey' || :`))
      const { code, shown } = await onTerminal(
        ['run', talking('alone', 'become: true'), '--limit', viper.name],
        [['running for 4 s', go(viper, 'alone-go')]],
        { env },
      )
      expect([code, /step one/.test(shown)]).toEqual([0, false])
      expect(Number(await inside(lab, viper, `journalctl -t sshd | grep -c 'Accepted publickey'`))).toBe(before + 1)
    } finally {
      await inside(lab, viper, 'rm /etc/ssh/sshd_config.d/one.conf; systemctl reload ssh')
    }
  })
  it('of do and exec', async () => {
    const one = await onTerminal(
      ['do', viper.name, 'shell', `script=echo done by do; ${waits('do-go')}`, '-b'],
      [['    done by do', go(viper, 'do-go')]],
      { env },
    )
    expect([one.code, standing(one.shown)]).toEqual([0, ['honor-viper  changed', '  done by do']])
    const two = await onTerminal(
      ['exec', viper.name, '-b', '--', 'sh', '-c', `echo by exec; ${waits('exec-go')}`],
      [['    by exec', go(viper, 'exec-go')]],
      { env },
    )
    expect([two.code, standing(two.shown)]).toEqual([0, ['honor-viper: ok', '  by exec']])
  })
})

describe('with what else stands on the terminal', () => {
  it('Ctrl-C is told above it, and the run ends as ever', async () => {
    const { code, shown } = await onTerminal(
      ['run', talking('stops'), '--limit', viper.name],
      [
        ['20 %', '\x03'],
        ['Ctrl-C again ends what runs', go(viper, 'stops-go')],
      ],
      { env },
    )
    const lines = standing(shown)
    expect(code).toBe(130)
    expect(lines).toContain('interrupted: no further task begins; waiting for honor-viper: upgrade')
    expect(lines).toContain('  honor-viper  upgrade (shell): changed')
    expect(lines.filter((line) => /running|step one/.test(line))).toEqual([])
  })
  it('a question is asked and answered while another host is busy', async () => {
    const path = playbook(
      'asks',
      `become: true, strategy: 'free'`,
      `task('busy', shell({ script: sh\`echo at work; ${waits('asks-go')}\` }), { when: ({ host }) => host.name === 'honor-viper' })
    task('hold on', shell({ script: sh\`${waits('asks-ask')}\` }), { when: ({ host }) => host.name === 'crystal-panda' })
    task('ask', pause({ prompt: 'Go on?' }), { when: ({ host }) => host.name === 'crystal-panda' })`,
    )
    const { code, shown } = await onTerminal(
      ['run', path],
      [
        ['at work', go(panda, 'asks-ask')],
        ['Go on?: ', 'yes\r'],
        ['at work', go(viper, 'asks-go')],
      ],
      { env },
    )
    const lines = standing(shown)
    expect([code, lines.filter((line) => /Go on|at work|running/.test(line))]).toEqual([0, ['Go on?: yes']])
  })
})
