import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectOpenssh } from '../../src/transport/openssh.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Session } from '../../src/transport/session-types.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { startDropbear } from '../helpers/dropbear.ts'
import { testFolder } from '../helpers/folder.ts'
import { type SshdOptions, startSshd } from '../helpers/sshd.ts'
import { writeBecomePrograms } from '../helpers/sudo.ts'

const names = { host: 'honor-viper', user: 'root' }
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8')

/** A login shell that does something before it runs what it was asked to. */
function shellThat(before: string, loginShell = 'sh'): string {
  const path = join(testFolder(), 'shell')
  writeFileSync(path, `#!/bin/sh\n${before}\nexec ${loginShell} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

/** Jobs of all sorts: a step with input, one that fails, one that is not run, a long input, an own read. */
async function works(session: Session, place = /^\/\S*rollcall\./): Promise<void> {
  const long = Buffer.alloc(3_000_000, 'long\n')
  const replies = await session.exchange([
    { script: sh`cat; echo err >&2; cd "$OLDPWD" && pwd`, stdin: Buffer.from('a\0b:'), step: true },
    { script: sh`wc -c`, stdin: long, step: true, countsInput: true },
    { script: sh`exit 9`, step: true },
    { script: sh`echo never`, step: true },
    { script: sh`printf %s read`, own: true },
  ])
  expect(replies.map(({ ran, code }) => [ran, code])).toEqual([
    [true, 0],
    [true, 0],
    [true, 9],
    [false, 0],
    [true, 0],
  ])
  const [first, counted, , , read] = replies.map(({ stdout }) => text(stdout))
  expect(first).toMatch(/^a\0b:/)
  expect(first!.slice(4)).toMatch(place)
  expect([counted!.trim(), read, text(replies[0]!.stderr)]).toEqual(['3000000', 'read', 'err\n'])
  await session.close()
}

const folder = testFolder()
const programs = join(folder, 'programs')
mkdirSync(programs)
writeBecomePrograms(programs)
const onlySh = join(folder, 'only-sh')
mkdirSync(onlySh)
writeFileSync(join(onlySh, 'sh'), '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 })
const env = { PATH: `${programs}:/usr/bin:/bin`, SUDO_KIND: 'password', SUDO_LOG: join(folder, 'log'), SUDO_PASSWORD: 'letmein' }
const binary = join(folder, 'binary')
writeFileSync(binary, Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 167 + (at >> 8)) % 256)))

// A bind mount of /tmp on itself: what this suite has there stays.
const remount = (path: string, option: string) => `mount --bind ${path} ${path} && mount -o remount,bind,${option} ${path}`
const readOnly = ['/tmp', '/dev/shm', '/run', '/var/tmp']

const hosts: readonly ({ readonly name: string; readonly place?: RegExp; readonly becomes?: boolean } & SshdOptions)[] = [
  {
    name: 'a profile that prints a megabyte of any bytes on both outputs, without a newline',
    loginShell: shellThat(`cat ${binary}; cat ${binary} >&2`),
  },
  { name: 'a profile with umask 777', loginShell: shellThat('umask 777'), becomes: true },
  { name: 'a banner of the server', config: [`Banner ${binary}`] },
  { name: 'a /tmp that runs no programs', before: remount('/tmp', 'noexec'), place: /^\/tmp\/rollcall\./ },
  {
    name: 'a root and a /tmp that cannot be written',
    before: `${remount('/', 'ro')}; ${remount('/tmp', 'ro')}`,
    place: /^\/dev\/shm\/rollcall\./,
  },
  { name: 'no home', env: { ...env, HOME: '/nowhere' }, becomes: true },
  { name: 'a home that cannot be written', env: { ...env, HOME: '/proc' }, becomes: true },
  { name: 'nothing but sh in its PATH', env: { ...env, PATH: onlySh } },
  { name: 'sudo that demands a terminal', env: { ...env, SUDO_KIND: 'requiretty' }, becomes: true },
]

test.each(hosts)('a host with $name is worked on', async ({ place, becomes = false, ...options }) => {
  const sshd = await startSshd({ env, ...options })
  const connection = await connectSsh2(sshd.target())
  await works(await openSession(connection, names), place)
  if (becomes) {
    const become = { method: 'sudo', user: 'deploy', password: new Secret('letmein') } as const
    await works(await openSession(connection, { ...names, become }), place)
  }
  await connection.close()
  await sshd.close()
})

const refusals: readonly ({ readonly name: string; readonly error: object } & SshdOptions)[] = [
  {
    name: 'nothing that can be written',
    before: readOnly.map((path) => remount(path, 'ro')).join('; '),
    error: { summary: 'There is no directory for working files on the host' },
  },
  {
    name: 'a full /tmp',
    before:
      'mount --bind "$folder" /mnt; mount -t tmpfs -o size=64k tmpfs /tmp; mkdir "$folder"; mount --bind /mnt "$folder"; head -c 100000 /dev/zero >/tmp/much 2>/dev/null',
    error: { summary: 'The host has no room for working files', fix: expect.stringContaining('/tmp') },
  },
  {
    name: 'a forced command',
    config: ['ForceCommand echo backups only'],
    error: { summary: 'The login on this host gives no POSIX shell', detail: expect.stringContaining('backups only') },
  },
  {
    name: 'a forced command that is for files alone',
    config: ['ForceCommand internal-sftp'],
    error: { summary: 'The login on this host gives no POSIX shell', fix: expect.stringContaining('ForceCommand') },
  },
  {
    name: 'a restricted shell',
    loginShell: '/bin/bash -r',
    error: { summary: 'The login on this host gives a restricted shell', detail: expect.stringContaining('restricted') },
  },
  {
    name: 'a shell that lets nobody in',
    loginShell: '/usr/sbin/nologin',
    error: { summary: 'The login on this host gives no POSIX shell', detail: expect.stringContaining('currently not available') },
  },
  {
    name: 'no sh in its PATH',
    env: { PATH: '/nowhere' },
    error: { summary: 'The login on this host gives no POSIX shell', fix: expect.stringContaining('PATH') },
  },
]

test.each(refusals)('a host with $name says so', async ({ error, ...options }) => {
  const sshd = await startSshd({ env, ...options })
  const connection = await connectSsh2(sshd.target())
  const opened = openSession(connection, names)
  await expect(opened.then((session) => works(session))).rejects.toMatchObject({ details: { host: 'honor-viper', ...error } })
  await connection.close()
  await sshd.close()
})

test.each(['ssh2', 'openssh'] as const)('Dropbear carries sessions by %s, through a terminal too', async (transport) => {
  const server = await startDropbear()
  const login = { ...names, user: server.user }
  const connection = transport === 'ssh2' ? await connectSsh2(server.target()) : (await connectOpenssh(server.declared())).connection
  await works(await openSession(connection, login))
  for (const terminal of [false, true]) {
    const become = { method: 'su', user: 'nobody', terminal } as const
    await works(await openSession(connection, { ...login, become }))
  }
  await connection.close()
  await server.close()
})
