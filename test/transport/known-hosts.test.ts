import { createHmac } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  checkHostKey,
  fingerprint,
  hostKeyAlgorithms,
  knownHostLine,
  knownHostName,
  parseKnownHosts,
} from '../../src/transport/known-hosts.ts'
import { readKnownHosts, verifyHostKey } from '../../src/transport/verify-host-key.ts'
import { testFolder } from '../helpers/folder.ts'

function field(text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, Buffer.from(text)])
}
const makeKey = (type: string, text: string) => Buffer.concat([field(type), field(text)])
const ed = makeKey('ssh-ed25519', 'first')
const other = makeKey('ssh-ed25519', 'second')
const rsa = makeKey('ssh-rsa', 'third')
const line = (hosts: string, key: Buffer, marker = '') => `${marker}${knownHostLine(hosts, key)}`
const salt = Buffer.alloc(20, 7)
const hashed = (name: string) => `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`

const cases: readonly {
  readonly name: string
  readonly text: string
  readonly host: string
  readonly key?: Buffer
  readonly verdict: string
  readonly line?: number
}[] = [
  { name: 'an empty file', text: '', host: 'a', verdict: 'unknown' },
  { name: 'the key', text: line('a', ed), host: 'a', verdict: 'ok' },
  {
    name: 'the key with a comment and other space',
    text: `\n# note\n  ${line('a', ed).replaceAll(' ', '\t')} admin@b`,
    host: 'a',
    verdict: 'ok',
  },
  { name: 'another key of the type', text: `\n${line('a', other)}`, host: 'a', verdict: 'changed', line: 2 },
  { name: 'a key of another type only', text: line('a', rsa), host: 'a', verdict: 'changed', line: 1 },
  { name: 'two keys of the type, one of them right', text: `${line('a', other)}\n${line('a', ed)}`, host: 'a', verdict: 'ok' },
  { name: 'a list of names', text: line('b,a,10.0.0.1', ed), host: 'a', verdict: 'ok' },
  { name: 'another host', text: line('ab', ed), host: 'a', verdict: 'unknown' },
  { name: 'a wildcard', text: line('*.example.org', ed), host: 'web.example.org', verdict: 'ok' },
  { name: 'a question mark', text: line('web?', ed), host: 'web1', verdict: 'ok' },
  { name: 'a point that is no wildcard', text: line('a.b', ed), host: 'axb', verdict: 'unknown' },
  { name: 'a negation', text: line('*.example.org,!web.example.org', ed), host: 'web.example.org', verdict: 'unknown' },
  { name: 'letters of another size', text: line('WEB', ed), host: 'web', verdict: 'ok' },
  { name: 'a port', text: line('[a]:2222', ed), host: '[a]:2222', verdict: 'ok' },
  { name: 'another port', text: line('[a]:2222', ed), host: '[a]:23', verdict: 'unknown' },
  { name: 'the key without the port', text: line('a', ed), host: '[a]:2222', verdict: 'ok' },
  { name: 'another key without the port', text: line('a', other), host: '[a]:2222', verdict: 'unknown' },
  { name: 'a hashed name', text: line(hashed('a'), ed), host: 'a', verdict: 'ok' },
  { name: 'a hashed name with a port', text: line(hashed('[a]:2222'), other), host: '[a]:2222', verdict: 'changed', line: 1 },
  { name: 'a hashed other name', text: line(hashed('b'), ed), host: 'a', verdict: 'unknown' },
  { name: 'the key, revoked later', text: `${line('a', ed)}\n${line('*', ed, '@revoked ')}`, host: 'a', verdict: 'revoked', line: 2 },
  { name: 'another key revoked', text: `${line('a', ed)}\n${line('*', other, '@revoked ')}`, host: 'a', verdict: 'ok' },
  { name: 'a certificate authority', text: line('a', ed, '@cert-authority '), host: 'a', verdict: 'unknown' },
  { name: 'a broken line', text: 'a ssh-ed25519 AAAA\na\na ssh-rsa', host: 'a', verdict: 'unknown' },
]

describe('known hosts', () => {
  test.each(cases)('$name: $verdict', ({ text, host, key = ed, verdict, line }) => {
    const found = checkHostKey(parseKnownHosts(text, 'known_hosts').entries, host, key)
    expect({ kind: found.kind, line: 'known' in found ? found.known.line : undefined }).toEqual({ kind: verdict, line })
  })

  test('what is not used is noted with its place', () => {
    const { notes } = parseKnownHosts(`${line('*', ed, '@cert-authority ')}\nnonsense\n${line('a', ed, '@new ')}`, 'known_hosts')
    expect(notes).toEqual([
      'known_hosts:1: host certificates are not supported, this @cert-authority line is not used',
      'known_hosts:2: no host key',
      'known_hosts:3: unknown marker @new',
    ])
  })

  test.each([
    { address: '10.0.0.1', port: 22, name: '10.0.0.1' },
    { address: 'Web', port: 2222, name: '[web]:2222' },
    { address: '::1', port: 22, name: '::1' },
    { address: '::1', port: 23, name: '[::1]:23' },
    { address: '10.0.0.1', port: 2222, alias: 'viper', name: 'viper' },
  ])('the name of $address, port $port, alias $alias is $name', ({ address, port, alias, name }) => {
    expect(knownHostName(address, port, alias)).toBe(name)
  })

  test('algorithms of known keys are asked for first', () => {
    const { entries } = parseKnownHosts(`${line('a', rsa)}\n${line('b', ed)}`, 'known_hosts')
    expect(hostKeyAlgorithms(entries, 'a').slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519'])
    expect(hostKeyAlgorithms(entries, '[a]:2222')[0]).toBe('rsa-sha2-512')
    expect(hostKeyAlgorithms(entries, 'c')[0]).toBe('ssh-ed25519')
    expect(new Set(hostKeyAlgorithms(entries, 'a')).size).toBe(6)
  })
})

describe('verifying a host key', () => {
  const verify = async (text: string, policy: 'strict' | 'acceptNew', key = ed) => {
    const file = join(testFolder(), 'ssh', 'known_hosts')
    const path = text === '' ? file : join(testFolder(), 'known_hosts')
    if (text !== '') writeFileSync(path, text)
    const files = { files: [path], policy }
    const error = await verifyHostKey({ host: 'honor-viper' }, '[a]:2222', key, await readKnownHosts(files.files), files).then(
      () => undefined,
      (error: unknown) => error,
    )
    return { error, path }
  }

  test('an unknown key is refused with its fingerprint and the command that adds it', async () => {
    const { error } = await verify('', 'strict')
    expect(error).toMatchObject({
      name: 'RollcallError',
      details: {
        summary: "The host's key is not known",
        host: 'honor-viper',
        detail: `[a]:2222 ssh-ed25519 ${fingerprint(ed)}`,
        fix: expect.stringContaining(`rollcall trust honor-viper --fingerprint ${fingerprint(ed)}`),
      },
    })
  })

  test('a changed key is refused under either policy, with both fingerprints and the line', async () => {
    for (const policy of ['strict', 'acceptNew'] as const) {
      const { error, path } = await verify(`# first\n${line('[a]:2222', other)}\n`, policy)
      const { detail, fix } = (error as { details: { detail: string; fix: string } }).details
      for (const part of [fingerprint(ed), fingerprint(other), `${path}:2`]) expect(detail).toContain(part)
      expect(fix).toContain(`rollcall trust honor-viper --replace --fingerprint ${fingerprint(ed)}`)
      expect(readFileSync(path, 'utf8')).toBe(`# first\n${line('[a]:2222', other)}\n`)
    }
  })

  test('a revoked key never passes', async () => {
    const { error, path } = await verify(`${line('[a]:2222', ed)}\n${line('*', ed, '@revoked ')}\n`, 'acceptNew')
    expect(error).toMatchObject({ details: { summary: /revoked/, detail: expect.stringContaining(`${path}:2`) } })
  })

  test('acceptNew adds whole lines, also many at once and after a line without an end', async () => {
    const path = join(testFolder(), 'deep', 'known_hosts')
    const policy = { files: [path], policy: 'acceptNew' as const }
    await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        verifyHostKey({ host: 'h' }, `host${number}`, ed, { entries: [], authorities: [], notes: [] }, policy),
      ),
    )
    expect(readFileSync(path, 'utf8').trimEnd().split('\n').sort()).toEqual(
      Array.from({ length: 20 }, (_, number) => line(`host${number}`, ed)).sort(),
    )
    writeFileSync(path, line('a', other))
    await verifyHostKey({ host: 'h' }, 'b', ed, await readKnownHosts([path]), policy)
    expect(readFileSync(path, 'utf8')).toBe(`${line('a', other)}\n${line('b', ed)}\n`)
  })
})
