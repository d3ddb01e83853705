import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../../src/transport/connection.ts'
import { connectLocal } from '../../src/transport/local.ts'
import { openSession } from '../../src/transport/session.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'
import { writeBecomePrograms } from '../helpers/sudo.ts'

type Kind = 'password' | 'nopasswd' | 'sudoers' | 'tty' | 'requiretty' | 'unknown' | 'strange' | 'silent' | 'restricted' | 'lecture'
const password = `p'a"ss $(x) \\`

interface StandIn {
  readonly connection: Connection
  /** Everything that was handed to the login shell as a command. */
  readonly commands: string[]
  readonly log: string
}

function hostWithSudo(kind: Kind): StandIn {
  const folder = testFolder()
  const log = join(folder, 'log')
  writeBecomePrograms(folder)
  const local = connectLocal({ env: { PATH: `${folder}:/usr/bin:/bin`, SUDO_KIND: kind, SUDO_LOG: log, SUDO_PASSWORD: password } })
  const commands: string[] = []
  const start: Connection['start'] = (command, options) => {
    commands.push(command.text)
    return local.start(command, options)
  }
  return { connection: { ...local, start }, commands, log }
}

const names = { host: 'honor-viper', user: 'admin' }
const secret = new Secret(password)

describe('becoming another user by sudo', () => {
  test.each([
    { name: 'asks for the password', kind: 'password' as const },
    { name: 'does not ask, though a password is at hand', kind: 'nopasswd' as const },
  ])('works where sudo $name, and the password is nowhere to be seen', async ({ kind }) => {
    const { connection, commands, log } = hostWithSudo(kind)
    const session = await openSession(connection, { ...names, become: { method: 'sudo', user: 'deploy', password: secret } })
    expect(session.user).toBe('deploy')
    const replies = await session.exchange([{ script: sh`printf %s "$BECAME"` }, { script: sh`cat; env`, stdin: Buffer.from('in\n') }])
    expect(Buffer.from(replies[0]?.stdout ?? []).toString()).toBe('deploy')
    expect(Buffer.from(replies[1]?.stdout ?? []).toString()).toMatch(/^in\n/)
    await session.close()
    for (const text of [...commands, readFileSync(log, 'utf8'), Buffer.from(replies[1]?.stdout ?? []).toString()])
      expect(text).not.toContain(password)
  })

  test('the program of its shell goes with the first exchange', async () => {
    const become = { method: 'sudo', user: 'root' } as const
    for (const own of [true, false]) {
      const session = await openSession(hostWithSudo('nopasswd').connection, { ...names, become })
      expect(session.stats.bytesSent).toBe(0)
      for (const word of ['first', 'second']) {
        const second = own ? { script: sh`cat`, own } : { script: sh`cat`, stdin: Buffer.from('in') }
        const [read, job] = await session.exchange([{ script: sh`printf %s ${word}`, own }, second])
        expect([read, job].map((reply) => Buffer.from(reply?.stdout ?? []).toString())).toEqual([word, own ? '' : 'in'])
        expect(Buffer.from((await session.exchange([{ script: sh`printf %s own`, own: true }]))[0]?.stdout ?? []).toString()).toBe('own')
      }
      await session.close()
    }
    const unused = await openSession(hostWithSudo('nopasswd').connection, { ...names, become })
    await unused.close()
  })

  test('without a password, NOPASSWD is enough', async () => {
    const session = await openSession(hostWithSudo('nopasswd').connection, { ...names, become: { method: 'sudo', user: 'root' } })
    expect((await session.exchange([{ script: sh`exit 3` }]))[0]?.code).toBe(3)
    await session.close()
  })

  test.each([
    {
      name: 'a wrong password',
      kind: 'password',
      secret: new Secret('wrong'),
      summary: 'sudo did not accept the password',
      fix: /Check the become password/,
    },
    {
      name: 'a password that is missing',
      kind: 'password',
      secret: undefined,
      summary: 'sudo asks for a password, and none was given',
      fix: /NOPASSWD/,
    },
    { name: 'a user who may not', kind: 'sudoers', secret, summary: 'The login user may not use sudo this way', fix: /'admin'/ },
    {
      name: 'requiretty that no terminal satisfies',
      kind: 'tty',
      secret,
      summary: 'sudo ended without starting a shell',
      fix: /sudo -u deploy/,
    },
    {
      name: 'a user to become who does not exist',
      kind: 'unknown',
      secret,
      summary: 'The user to become does not exist on the host',
      fix: /'deploy'/,
    },
    { name: 'what nobody foresaw', kind: 'strange', secret, summary: 'sudo ended without starting a shell', fix: /sudo -u deploy/ },
  ] as const)('$name is an error that says what to do', async ({ kind, secret, summary, fix }) => {
    const { connection } = hostWithSudo(kind)
    const opened = openSession(connection, { ...names, become: { method: 'sudo', user: 'deploy', ...(secret && { password: secret }) } })
    const error = await opened.then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error).toMatchObject({
      name: 'RollcallError',
      details: {
        host: 'honor-viper',
        summary: typeof summary === 'string' ? summary : expect.stringMatching(summary),
        detail: expect.stringContaining("'admin'"),
        fix: expect.stringMatching(fix),
      },
    })
    expect(JSON.stringify(error)).not.toContain('rollcall-')
  })

  test('a wrong password is tried once only, for accounts are locked after a few', async () => {
    const { connection } = hostWithSudo('password')
    let sent = ''
    const watched: Connection = {
      ...connection,
      async start(command) {
        const process = await connection.start(command)
        const write = process.stdin.write.bind(process.stdin)
        process.stdin.write = ((chunk: string) => {
          sent += chunk
          return write(chunk)
        }) as typeof process.stdin.write
        return process
      },
    }
    await expect(
      openSession(watched, { ...names, become: { method: 'sudo', user: 'root', password: new Secret('wrong') } }),
    ).rejects.toThrow('did not accept')
    expect(sent).toBe('wrong\n')
  })

  test('a sudo that asks in another way is given up', async () => {
    const opened = openSession(hostWithSudo('silent').connection, {
      ...names,
      startTimeoutMs: 200,
      become: { method: 'sudo', user: 'root', password: secret },
    })
    await expect(opened).rejects.toMatchObject({ details: { host: 'honor-viper', fix: expect.stringContaining('sudo') } })
  })

  test('a host without sudo says so', async () => {
    const folder = testFolder()
    for (const tool of ['env', 'sh']) symlinkSync(existsSync(`/usr/bin/${tool}`) ? `/usr/bin/${tool}` : `/bin/${tool}`, join(folder, tool))
    const connection = connectLocal({ shell: '/bin/sh', env: { PATH: folder } })
    await expect(openSession(connection, { ...names, become: { method: 'sudo', user: 'root' } })).rejects.toMatchObject({
      details: { host: 'honor-viper', summary: 'sudo is not installed on the host' },
    })
  })
})

describe('becoming another user through a terminal', () => {
  const become = (connection: Connection, method: 'sudo' | 'su' | 'doas', password?: Secret) =>
    openSession(connection, { ...names, become: { method, user: 'deploy', ...(password && { password }) } })
  const refusal = (opened: Promise<unknown>) =>
    opened.then(
      () => undefined,
      (error: unknown) => error,
    )

  test.each([
    { method: 'su', kind: 'password' },
    { method: 'su', kind: 'lecture' },
    { method: 'su', kind: 'nopasswd' },
    { method: 'doas', kind: 'password' },
    { method: 'doas', kind: 'nopasswd' },
    { method: 'sudo', kind: 'requiretty' },
  ] as const)('$method ($kind): the password is sent once it is asked for, and is nowhere to be seen', async ({ method, kind }) => {
    const { connection, commands, log } = hostWithSudo(kind)
    const session = await become(connection, method, secret)
    const everyByte = Buffer.from(Array.from({ length: 1024 }, (_, at) => at % 256))
    const replies = await session.exchange([
      { script: sh`printf %s "$BECAME"` },
      { script: sh`cat`, stdin: everyByte },
      { script: sh`env; cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "` },
    ])
    const [who, echoed, seen] = replies.map(({ stdout }) => Buffer.from(stdout))
    expect(who?.toString()).toBe('deploy')
    expect(echoed?.equals(everyByte)).toBe(true)
    await session.close()
    for (const text of [...commands, readFileSync(log, 'utf8'), seen!.toString()]) expect(text).not.toContain(password)
  })

  test.each(shells)('on a host whose sh is $name', async ({ name, connect, path }) => {
    const folder = testFolder()
    writeBecomePrograms(folder)
    symlinkSync('/usr/bin/script', join(folder, 'script'))
    if (name === 'busybox') for (const applet of ['stty', 'setsid']) symlinkSync('/bin/busybox', join(folder, applet))
    const env = { PATH: `${folder}:${path}`, SUDO_KIND: 'password', SUDO_LOG: '/dev/null', SUDO_PASSWORD: password }
    // To busybox its own su is no program that PATH finds, but a part of the shell.
    for (const method of name === 'busybox' ? (['doas'] as const) : (['su', 'doas'] as const)) {
      const session = await become(connect(env), method, secret)
      const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7) % 256))
      const [who, echoed] = await session.exchange([{ script: sh`printf %s "$BECAME"` }, { script: sh`cat`, stdin: bytes }])
      expect([Buffer.from(who!.stdout).toString(), Buffer.from(echoed!.stdout).equals(bytes)]).toEqual(['deploy', true])
      await session.close()
    }
  })

  test.each(['su', 'doas'] as const)('%s without a password: no terminal is needed where it asks for none', async (method) => {
    const { connection } = hostWithSudo('nopasswd')
    const withoutTerminal: Connection = {
      ...connection,
      start: (command, options) => (options?.pty ? Promise.reject(new Error('a terminal')) : connection.start(command)),
    }
    const session = await become(withoutTerminal, method)
    expect(Buffer.from((await session.exchange([{ script: sh`printf %s "$BECAME"` }]))[0]!.stdout).toString()).toBe('deploy')
    await session.close()
  })

  test('a job has no terminal that it could ask somebody at', async () => {
    const { connection } = hostWithSudo('password')
    const session = await become(connection, 'su', secret)
    const [reply] = await session.exchange([{ script: sh`if ( : </dev/tty ) 2>/dev/null; then echo asks; else echo cannot; fi` }])
    expect(Buffer.from(reply!.stdout).toString()).toBe('cannot\n')
    await session.close()
  })

  test('a session that is closed leaves no process', async () => {
    const { connection } = hostWithSudo('password')
    const session = await become(connection, 'su', secret)
    const [reply] = await session.exchange([{ script: sh`echo $PPID`, step: true }])
    const pid = Buffer.from(reply!.stdout).toString().trim()
    expect(existsSync(`/proc/${pid}`)).toBe(true)
    await session.close()
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false)
  })

  test.each([
    { method: 'su', kind: 'password', given: new Secret('wrong'), summary: 'su did not accept the password', fix: /the one of 'deploy'/ },
    {
      method: 'doas',
      kind: 'password',
      given: new Secret('wrong'),
      summary: 'doas did not accept the password',
      fix: /the one of 'admin'/,
    },
    {
      method: 'sudo',
      kind: 'requiretty',
      given: new Secret('wrong'),
      summary: 'sudo did not accept the password',
      fix: /the one of 'admin'/,
    },
    { method: 'su', kind: 'password', given: undefined, summary: 'su asks for a password, and none was given', fix: /--ask-become-pass/ },
    { method: 'doas', kind: 'password', given: undefined, summary: 'doas asks for a password, and none was given', fix: /nopass/ },
    { method: 'su', kind: 'unknown', given: secret, summary: 'The user to become does not exist on the host', fix: /'deploy'/ },
    { method: 'doas', kind: 'unknown', given: secret, summary: 'The user to become does not exist on the host', fix: /'deploy'/ },
    {
      method: 'su',
      kind: 'restricted',
      given: secret,
      summary: "su gives no shell to 'deploy', whose own shell allows none",
      fix: /sudo or doas/,
    },
  ] as const)('$method ($kind): $summary', async ({ method, kind, given, summary, fix }) => {
    const error = await refusal(become(hostWithSudo(kind).connection, method, given))
    expect(error).toMatchObject({ name: 'RollcallError', details: { host: 'honor-viper', summary, fix: expect.stringMatching(fix) } })
    expect(JSON.stringify(error)).not.toContain('rollcall-')
  })

  test('what is not asked for at the right place gets no password', async () => {
    const { connection } = hostWithSudo('nopasswd')
    const said: string[] = []
    const watched: Connection = {
      ...connection,
      async start(command, options) {
        // As a login profile would.
        const process = await connection.start(sh`printf 'Password: '; sleep 0.2; ${command}`, options)
        const write = process.stdin.write.bind(process.stdin)
        process.stdin.write = ((chunk: string) => {
          said.push(String(chunk))
          return write(chunk)
        }) as typeof process.stdin.write
        return process
      },
    }
    const session = await become(watched, 'su', secret)
    expect((await session.exchange([{ script: sh`exit 3` }]))[0]?.code).toBe(3)
    await session.close()
    expect(said.join('')).not.toContain(password)
  })
})
