import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { knownHostLine } from '../../src/transport/known-hosts.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import { spareTurns } from '../../src/transport/ssh2-turns.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshd } from '../helpers/sshd.ts'

test('a key signs at once: one turn for each key that is tried', async () => {
  const [host, stranger, user] = [makeKey(), makeKey(), makeKey()]
  const asked: { readonly key: string; readonly signed: boolean }[] = []
  const server = new ssh2.Server({ hostKeys: [host.privateText] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      if (context.method !== 'publickey') return context.reject(['publickey'])
      const own = context.key.data.equals(user.publicKey)
      asked.push({ key: own ? 'user' : 'stranger', signed: context.signature !== undefined })
      if (own) context.accept()
      else context.reject(['publickey'])
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const folder = testFolder()
  const connection = await connectSsh2({
    host: 'honor-viper',
    address: '127.0.0.1',
    port,
    user: 'admin',
    identityFiles: [writePrivate(folder, 'stranger', stranger.privateText), writePrivate(folder, 'user', user.privateText)],
    knownHosts: {
      files: [writePrivate(folder, 'known_hosts', knownHostLine(`[127.0.0.1]:${port}`, host.publicKey))],
      policy: 'strict',
    },
  })
  await connection.close()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  expect(asked).toEqual([
    { key: 'stranger', signed: true },
    { key: 'user', signed: true },
  ])
})

test.each([
  ['rsa', '2048'],
  ['ecdsa', '256'],
  ['ecdsa', '521'],
  ['ed25519', '256'],
])("OpenSSH's server takes a key of type %s, %s bits, that signs at once", async (type, bits) => {
  const sshd = await startSshd()
  const key = join(testFolder(), 'key')
  execFileSync('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-f', key])
  appendFileSync(join(sshd.folder, 'authorized_keys'), `\n${readFileSync(`${key}.pub`, 'utf8')}`)
  const connection = await connectSsh2(sshd.target({ identityFiles: [key] }))
  expect((await (await connection.start(sh`exit 7`)).exit).code).toBe(7)
  await connection.close()
  await sshd.close()
})

test.each([true, false])('the host need not sign with each of its keys (spared: %s)', async (spared) => {
  const sshd = await startSshd()
  const client = new ssh2.Client()
  const told: string[] = []
  const proved = new Promise<void>((resolve) => {
    client.on('hostkeys', () => {
      told.push('keys')
      resolve()
    })
  })
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve).once('error', reject)
    client.connect({ host: '127.0.0.1', port: sshd.port, username: sshd.user, privateKey: sshd.userKey.privateText })
    if (spared) spareTurns(client)
  })
  // What the server says of its keys comes before the answer to a request.
  const answered = new Promise<void>((resolve) => client.exec('exit 0', (_, channel) => channel.once('close', resolve).resume()))
  await (spared ? answered : Promise.all([answered, proved]))
  expect(told).toEqual(spared ? [] : ['keys'])
  client.end()
  await sshd.close()
})
