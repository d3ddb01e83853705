import { chmodSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Cleaned } from '../../src/cleanup/cleanup.ts'
import { guardedPassword, sshFiles } from '../../src/lab/index.ts'
import { onTerminal, outcomes, rollcall, scratchFile, taskOf } from '../helpers/cli.ts'
import { inventoryOf, useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab } = useJobLab('become')
const env = { ROLLCALL_LAB: lab.name }
const rootPassword = `r'o"o\\t $(x) pw`
const deployPassword = 'deploy has another'

beforeAll(async () => {
  const sh = (word: string) => `'${word.replaceAll(`'`, `'\\''`)}'`
  await inside(
    lab,
    viper,
    `useradd --create-home --shell /bin/bash deploy
     useradd --system --home-dir /var/lib/svc --create-home --shell /usr/sbin/nologin svc
     printf '%s\\n' ${sh(`root:${rootPassword}`)} ${sh(`deploy:${deployPassword}`)} svc:known | chpasswd
     apt-get install -qq opendoas >/dev/null 2>&1
     printf 'permit guarded as root\\npermit nopass admin as svc\\n' >/etc/doas.conf`,
  )
}, 120_000)

const quoted = JSON.stringify

/** A play with these options and tasks. */
const playbookOf = (name: string, options: string, body: string) =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { copy, definePlaybook, query, sh, shell } from 'rollcall'
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'honor-viper', facts: { of: 'cluster', families: ['os'], maxAge: 3600 }, ${options} }, ({ task, handler }) => {
    ${body}
    void [copy, query, shell, task, handler, sh]
  })
})
`,
  )
const run = (playbook: string, inventory: string, ...more: string[]) =>
  rollcall(['run', playbook, '-i', inventory, '--limit', 'honor-viper', '--format', 'json', ...more], { env })

const everything = (name: string) =>
  playbookOf(
    name,
    'become: true',
    `task('who', query({ script: sh\`id -un; echo "$HOME"\` }))
    task('a file', copy({ dest: '/tmp/${name}', content: 'x'.repeat(300_000), mode: '0600' }))
    task('odd bytes', shell({ script: sh\`printf 'a\\003\\004\\021\\r.'\` }))
    task('who is running', shell({ script: sh\`cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" " " >/tmp/running-${name} || :\` }))`,
  )

describe('a password is asked for at a terminal', () => {
  it.for([
    ['su', `lab({ user: 'guarded', becomeMethod: 'su', becomePassword: new Secret(${quoted(rootPassword)}) })`, 'root\n/root\n'],
    [
      'su to a user',
      `lab({ becomeMethod: 'su', becomeUser: 'deploy', becomePassword: new Secret(${quoted(deployPassword)}) })`,
      'deploy\n/home/deploy\n',
    ],
    [
      'su over a kept connection',
      `lab({ becomeMethod: 'su', becomePassword: new Secret(${quoted(rootPassword)}), controlPersistSeconds: 30 })`,
      'root\n/root\n',
    ],
    ['doas', `lab({ user: 'guarded', becomeMethod: 'doas', becomePassword: new Secret(${quoted(guardedPassword)}) })`, 'root\n/root\n'],
  ] as const)(
    '%s: tasks act as the user, and the password is in no output, no log and no process list',
    async ([name, connection, who]) => {
      const file = name.replaceAll(' ', '-')
      const ran = await run(everything(file), inventoryOf(`become-${file}`, connection))
      expect([ran.code, ran.stderr]).toEqual([0, ''])
      expect(taskOf(ran, viper.name, 'who').result).toMatchObject({ stdout: who })
      expect(taskOf(ran, viper.name, 'odd bytes').result).toMatchObject({ stdout: 'a\x03\x04\x11\r.' })
      expect(await inside(lab, viper, `stat -c '%U %a %s' /tmp/${file}`)).toBe(`${who.split('\n')[0]} 600 300000`)
      const again = await run(everything(file), inventoryOf(`become-${file}`, connection), '--check')
      expect(taskOf(again, viper.name, 'a file').outcome).toBe('ok')
      const seen = await inside(lab, viper, `journalctl --no-pager -o cat; cat /var/log/auth.log 2>/dev/null; cat /tmp/running-${file}`)
      expect(seen).toMatch(/rollcall/)
      for (const password of [rootPassword, deployPassword, guardedPassword])
        for (const text of [ran.stdout, ran.stderr, seen]) expect(text).not.toContain(password)
    },
  )

  it('sudo with requiretty, which also runs commands in a terminal of its own', async () => {
    await inside(lab, viper, `echo 'Defaults:guarded requiretty, use_pty' >/etc/sudoers.d/tty`)
    const connection = `lab({ user: 'guarded', becomePassword: new Secret(${quoted(guardedPassword)}) })`
    const ran = await run(everything('requiretty'), inventoryOf('become-requiretty', connection))
    await inside(lab, viper, 'rm /etc/sudoers.d/tty')
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    expect(taskOf(ran, viper.name, 'who').result).toMatchObject({ stdout: 'root\n/root\n' })
    expect(taskOf(ran, viper.name, 'odd bytes').result).toMatchObject({ stdout: 'a\x03\x04\x11\r.' })
    expect(await inside(lab, viper, `stat -c '%U %s' /tmp/requiretty`)).toBe('root 300000')
  })

  it('doas that asks for none: a user whose own shell runs nothing', async () => {
    const ran = await run(everything('nopass'), inventoryOf('become-nopass', `lab({ becomeMethod: 'doas', becomeUser: 'svc' })`))
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    expect(taskOf(ran, viper.name, 'who').result).toMatchObject({ stdout: 'svc\n/var/lib/svc\n' })
  })

  it.for([
    ['a wrong password for su', `becomeMethod: 'su', becomePassword: new Secret('wrong')`, /^su did not accept the password/, /of 'root'/],
    ['a wrong password for doas', `becomeMethod: 'doas', becomePassword: new Secret('wrong')`, /^doas did not accept/, /of 'guarded'/],
    ['no password for su', `becomeMethod: 'su'`, /^su asks for a password, and none was given/, /--ask-become-pass/],
    ['no password for doas', `becomeMethod: 'doas'`, /^doas asks for a password, and none was given/, /nopass/],
    [
      'doas that allows it not',
      `becomeMethod: 'doas', becomeUser: 'deploy', becomePassword: new Secret('any')`,
      /^The login user may not use doas this way/,
      /permit guarded as deploy/,
    ],
    [
      'a service user whom su gives no shell',
      `becomeMethod: 'su', becomeUser: 'svc', becomePassword: new Secret('known')`,
      /^su gives no shell to 'svc'/,
      /by sudo or doas/,
    ],
    [
      'a user who is not there',
      `becomeMethod: 'su', becomeUser: 'nobody-here', becomePassword: new Secret('any')`,
      /does not exist/,
      /Create/,
    ],
  ] as const)('%s fails the first task that becomes somebody, in a sentence', async ([name, settings, summary, fix]) => {
    const file = name.replaceAll(' ', '-')
    const ran = await run(everything(file), inventoryOf(`become-${file}`, `lab({ user: 'guarded', ${settings} })`))
    expect(ran.code).toBe(2)
    expect(outcomes(ran, viper.name)).toEqual(['who: failed'])
    const { error } = taskOf(ran, viper.name, 'who')
    expect(error?.summary).toMatch(summary)
    expect(error?.fix).toMatch(fix)
    expect(ran.stdout).not.toContain('wrong"')
  })
})

describe('several users in one play', () => {
  const users = `task('play', query({ script: sh\`id -un\` }))
    task('other', query({ script: sh\`id -un; pwd; echo "$HOME"\` }), { become: { user: 'svc' } })
    task('root', query({ script: sh\`id -un\` }), { become: { user: 'root' } })
    task('login', query({ script: sh\`id -un\` }), { become: false })
    task('true keeps the user', query({ script: sh\`id -un\` }), { become: true })
    task('a file of the play', copy({ dest: '/tmp/of-the-play', content: 'x\\n' }))
    task('a file of another', copy({ dest: '/tmp/of-another', content: 'x\\n' }), { become: { user: 'svc' } })
    task('not readable', query({ script: sh\`cat /tmp/secret-of-svc\`, okCodes: [1] }))
    task('readable', query({ script: sh\`cat /tmp/secret-of-svc\` }), { become: { user: 'svc' } })`

  it('each task acts as whom it says, each with a session of its own, in check mode too', async () => {
    await inside(lab, viper, 'install -o svc -m 600 /dev/null /tmp/secret-of-svc')
    const playbook = playbookOf('users', `become: { user: 'deploy' }`, users)
    const inventory = inventoryOf('become-users', 'lab()')
    const foreseen = await run(playbook, inventory, '--check')
    expect(outcomes(foreseen, viper.name).filter((outcome) => outcome.includes('changed'))).toEqual([
      'a file of the play: changed',
      'a file of another: changed',
    ])
    const ran = await run(playbook, inventory)
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    const said = (task: string) => (taskOf(ran, viper.name, task).result as { stdout: string }).stdout
    expect(['play', 'root', 'login', 'true keeps the user'].map(said)).toEqual(['deploy\n', 'root\n', 'admin\n', 'deploy\n'])
    expect(said('other')).toBe('svc\n/\n/var/lib/svc\n')
    expect(await inside(lab, viper, 'stat -c %U /tmp/of-the-play /tmp/of-another')).toBe('deploy\nsvc')
    expect(outcomes(await run(playbook, inventory), viper.name).every((outcome) => outcome.endsWith(': ok'))).toBe(true)
    expect(await inside(lab, viper, 'ls -A /tmp /dev/shm /var/tmp | grep rollcall || echo none')).toBe('none')
  })

  it('a handler that is owed is recorded with the user who changed something, and run by the next run', async () => {
    const body = (fails: boolean) => `const mark = handler('mark', shell({ script: sh\`id -un >>/tmp/marks\` }))
    task('of deploy', copy({ dest: '/tmp/owed', content: 'x\\n' }), { notify: mark })
    task('goes on', shell({ script: sh\`exit ${fails ? 1 : 0}\` }))`
    const inventory = inventoryOf('become-owed', 'lab()')
    const failed = await run(playbookOf('owed', `become: { user: 'deploy' }`, body(true)), inventory)
    expect(failed.code).toBe(2)
    expect(
      await inside(lab, viper, 'stat -c %U /home/deploy/.local/state/rollcall/pending/*; ls /tmp/marks 2>/dev/null || echo none'),
    ).toBe('deploy\nnone')
    const kept = await rollcall(['cleanup', 'honor-viper', '-i', inventory, '--hosts-only', '--json'], { env })
    expect((JSON.parse(kept.stdout) as Cleaned).kept.map(({ kind, path }) => [kind, path])).toEqual([
      ['pending', expect.stringMatching(/^\/home\/deploy\/\.local\/state\/rollcall\/pending\//)],
    ])
    const ran = await run(playbookOf('owed', `become: { user: 'deploy' }`, body(false)), inventory)
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    expect(outcomes(ran, viper.name)).toContain('mark: changed')
    expect(await inside(lab, viper, 'cat /tmp/marks; ls /home/deploy/.local/state/rollcall/pending')).toBe('deploy')
  })
})

describe('on the command line', () => {
  const passwordFile = (name: string, text: string, mode: number) => {
    const path = scratchFile(name, text)
    chmodSync(path, mode)
    return path
  }
  const inventory = () => inventoryOf('become-asked', `lab({ user: 'guarded' })`)
  const exec = (...words: string[]) =>
    rollcall(['exec', 'honor-viper', '-i', inventory(), '--json', ...words, '--', 'id', '-un'], { env }).then(
      ({ code, stdout, stderr }) => ({
        code,
        said: (JSON.parse(stdout || '{}') as { stdout?: string }).stdout,
        stderr,
      }),
    )

  it('exec and do become any user, by any program', async () => {
    const plain = (...words: string[]) =>
      rollcall(['exec', 'honor-viper', '-i', inventoryOf('become-plain', 'lab()'), '--json', ...words, '--', 'id', '-un'], { env })
    expect((await plain('--become-user', 'deploy')).stdout).toContain('"stdout":"deploy\\n"')
    expect((await plain('-b', '--become-user', 'svc', '--become-method', 'doas')).stdout).toContain('"stdout":"svc\\n"')
    const done = await rollcall(
      [
        'do',
        'honor-viper',
        'command',
        'cmd=id -un',
        '-i',
        inventoryOf('become-plain', 'lab()'),
        '--become-user',
        'deploy',
        '--format',
        'json',
      ],
      { env },
    )
    expect(done.stdout).toContain('"stdout":"deploy"')
  })

  it('a password out of a file, and out of a program', async () => {
    const file = passwordFile('password', `${guardedPassword}\n`, 0o600)
    expect(await exec('-b', '--become-password-file', file)).toEqual({ code: 0, said: 'root\n', stderr: '' })
    const program = passwordFile('password.sh', `#!/bin/sh\necho '${guardedPassword}'\n`, 0o700)
    expect(await exec('-b', '--become-password-file', program)).toEqual({ code: 0, said: 'root\n', stderr: '' })
    const open = passwordFile('open', guardedPassword, 0o644)
    const warned = await exec('-b', '--become-method', 'sudo', '--become-password-file', open)
    expect(warned).toMatchObject({ code: 0, said: 'root\n' })
    expect(warned.stderr).toMatch(/others can read the become password in .*: chmod 600/)
  })

  it('a password asked for once at the terminal, and shown nowhere', async () => {
    const playbook = playbookOf('asked', 'become: true', `task('who', query({ script: sh\`id -un\` }))`)
    const { code, shown } = await onTerminal(
      ['run', playbook, '-i', inventory(), '--limit', 'honor-viper', '-K', '-v'],
      [['become password: ', `${guardedPassword}\n`]],
      { env },
    )
    expect(shown).toContain('root')
    expect([code, shown.includes(guardedPassword)]).toEqual([0, false])
  })
  it('one answer for the login by password and for sudo, behind a jump host that never gets it', async () => {
    const path = scratchFile(
      'by-password.ts',
      `import { defineInventory, lab, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { cluster: {} },
  hosts: {
    'crystal-panda': { groups: [], privateIp: '${panda.address}', connection: lab() },
    'honor-viper': {
      groups: ['cluster'],
      connection: ssh({ address: '${viper.address}', user: 'guarded', proxyJump: 'crystal-panda', knownHostsFiles: ['${sshFiles(lab).knownHostsFile}'] }),
    },
  },
})
`,
    )
    const asked = await onTerminal(
      ['exec', 'honor-viper', '-i', path, '-kK', '-b', '--', 'id', '-un'],
      [
        ['SSH password: ', `${guardedPassword}\r`],
        ['become password [defaults to SSH password]: ', '\r'],
      ],
      { env },
    )
    expect([asked.code, asked.shown]).toEqual([0, expect.stringMatching(/ok\s+root/)])
    expect(asked.shown).not.toContain(guardedPassword)
    const wrong = await onTerminal(['exec', 'honor-viper', '-i', path, '-k', '--', 'id'], [['SSH password: ', 'never the right one\r']], {
      env,
    })
    expect([wrong.code, wrong.shown]).toEqual([4, expect.stringContaining('Check the user and the password given by --ask-pass')])
    expect(wrong.shown).not.toContain('never the right one')
  })
})
