import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../../src/transport/connection.ts'
import { connectLocal } from '../../src/transport/local.ts'
import { openSession } from '../../src/transport/session.ts'
import { Secret } from '../../src/util/secret.ts'
import { type Script, sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { writeSudo } from '../helpers/sudo.ts'

type Kind = 'password' | 'nopasswd' | 'sudoers' | 'tty' | 'unknown' | 'strange' | 'silent'
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
  writeSudo(folder)
  const local = connectLocal({ env: { PATH: `${folder}:/usr/bin:/bin`, SUDO_KIND: kind, SUDO_LOG: log, SUDO_PASSWORD: password } })
  const commands: string[] = []
  const start = (command: Script) => {
    commands.push(command.text)
    return local.start(command)
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
    { name: 'requiretty', kind: 'tty', secret, summary: /requiretty.*not supported/, fix: /!requiretty/ },
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
