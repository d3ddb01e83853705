import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectOpenssh } from '../../src/transport/openssh.ts'
import { openSession, startBecoming, startSession } from '../../src/transport/session.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { startSshd, type TestSshd } from '../helpers/sshd.ts'
import { writeBecomePrograms } from '../helpers/sudo.ts'

/** Login shells as users have them; what sshd runs is `shell -c command`. */
const loginShells: readonly { readonly name: string; readonly path: string; readonly word?: string; readonly pack: string }[] = [
  { name: 'dash', path: '/bin/dash', pack: 'dash' },
  { name: 'bash', path: '/bin/bash', pack: 'bash' },
  { name: 'busybox', path: '/bin/busybox', word: 'ash', pack: 'busybox-static' },
  { name: 'zsh', path: '/usr/bin/zsh', pack: 'zsh' },
  { name: 'csh', path: '/bin/bsd-csh', pack: 'csh' },
  { name: 'tcsh', path: '/bin/tcsh', pack: 'tcsh' },
  { name: 'fish', path: '/usr/bin/fish', pack: 'fish' },
]

/** A shell whose profile says much on both outputs, a line like a frame among it, and waits for nothing. */
function noisy(folder: string): string {
  const path = join(folder, 'noisy')
  writeFileSync(
    path,
    `#!/bin/sh
printf 'Welcome!\\n\\n0123456789abcdef0123456789abcdef ready\\nno end of line \\033[2J\\000'
echo 'stty: standard input: Inappropriate ioctl for device' >&2
exec sh "$@"
`,
  )
  chmodSync(path, 0o755)
  return path
}

describe.each([...loginShells, { name: 'a noisy profile', path: '', pack: '' }])(
  'through $name as the login shell',
  ({ path, word, pack }) => {
    let sshd: TestSshd
    const password = `p'a"ss !! $(x) \\`
    beforeAll(async () => {
      const folder = testFolder()
      const programs = join(folder, 'bin')
      mkdirSync(programs)
      writeBecomePrograms(programs)
      const env = {
        HOME: folder,
        PATH: `${programs}:/usr/bin:/bin`,
        SUDO_KIND: 'password',
        SUDO_LOG: join(folder, 'log'),
        SUDO_PASSWORD: password,
      }
      const loginShell = path === '' ? noisy(folder) : path
      try {
        accessSync(loginShell, constants.X_OK)
      } catch {
        throw new Error(`${loginShell} is missing, and the tests need it: apt-get install ${pack}`)
      }
      sshd = await startSshd({ env, loginShell: word === undefined ? loginShell : `${loginShell} ${word}` })
    })
    afterAll(() => sshd.close())

    test.each(['ssh2', 'openssh'] as const)('%s carries a session, and another user’s', async (transport) => {
      const connection = transport === 'ssh2' ? await connectSsh2(sshd.target()) : (await connectOpenssh(sshd.declared())).connection
      const names = { host: 'honor-viper', user: sshd.user }
      const login = await openSession(connection, names)
      const become = { method: 'sudo', user: 'deploy', password: new Secret(password) } as const
      const became = await openSession(connection, { ...names, become })
      const hostile = "it's; $(id) `id` \\ ! !! {a,b} ~ # %self [x] ^a^b\n*"
      const replies = await Promise.all(
        [login, became].map((session) =>
          session.exchange([
            { script: sh`printf '%s:%s' "$BECAME" ${hostile}` },
            { script: sh`cat; exit 3`, stdin: Buffer.from('in\0put'), step: true },
            { script: sh`echo never`, step: true },
          ]),
        ),
      )
      const texts = replies.map((each) => each.map(({ ran, code, stdout }) => [ran, code, Buffer.from(stdout).toString()]))
      const rest = [
        [true, 3, 'in\0put'],
        [false, 0, ''],
      ]
      expect(texts).toEqual([
        [[true, 0, `:${hostile}`], ...rest],
        [[true, 0, `deploy:${hostile}`], ...rest],
      ])
      const ask = { script: sh`printf '%s:%s' "$BECAME" ${hostile}`, own: true, open: true }
      const started = await startSession(connection, names, [ask])
      const becoming = await startBecoming(connection, { ...names, become }, [ask])!
      const third = await becoming.session
      const first = [await started.replies, await becoming.replies, await third.exchange([ask])]
      expect(first.map(([reply]) => Buffer.from(reply?.stdout ?? []).toString())).toEqual([
        `:${hostile}`,
        `:${hostile}`,
        `deploy:${hostile}`,
      ])
      for (const session of [third, started.session, became, login]) await session.close()
      await connection.close()
    })

    // Debian's busybox has a su of its own and takes that before any in PATH.
    const methods = word === 'ash' ? (['sudo', 'doas'] as const) : (['sudo', 'su', 'doas'] as const)
    test.each(methods)('%s opens a session at a terminal', async (method) => {
      const connection = await connectSsh2(sshd.target())
      const become = { method, user: 'deploy', password: new Secret(password), terminal: true }
      const session = await openSession(connection, { host: 'honor-viper', user: sshd.user, become })
      const [reply] = await session.exchange([{ script: sh`printf %s "$BECAME"; cat`, stdin: Buffer.from(':\0\x03\x04\r\n') }])
      expect(Buffer.from(reply!.stdout).toString()).toBe('deploy:\0\x03\x04\r\n')
      await session.close()
      await connection.close()
    })
  },
)
