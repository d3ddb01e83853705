import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, matchesHost } from '../../src/transport/known-hosts.ts'
import { onTerminal as atTerminal, type CliOptions, rollcall as cli } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { tempProject } from '../helpers/project.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshd, type TestSshd } from '../helpers/sshd.ts'

let [gate, far]: TestSshd[] = []
beforeAll(async () => {
  ;[gate, far] = [await startSshd(), await startSshd()]
})
afterAll(async () => {
  await gate?.close()
  await far?.close()
})

const home = testFolder()
mkdirSync(join(home, '.ssh'))
// The system's own configuration may say otherwise.
writePrivate(join(home, '.ssh'), 'config', 'HashKnownHosts no\n')
const rollcall = (words: readonly string[], options: CliOptions) => cli(words, { ...options, env: { HOME: home, ...options.env } })
const onTerminal = (words: readonly string[], answers: Parameters<typeof atTerminal>[1], options: CliOptions) =>
  atTerminal(words, answers, { ...options, env: { HOME: home } })

/** A project whose host stands behind a gate that the inventory knows. */
function project(settings: { readonly far?: string; readonly gate?: string } = {}) {
  const of = (sshd: TestSshd, more: string) =>
    `ssh({ address: '127.0.0.1', port: ${sshd.port}, user: '${sshd.user}', identityFile: '${sshd.identityFile}', ${more} })`
  return tempProject({
    'inventory/lab.ts': `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { web: {} },
  hosts: {
    gate: { groups: [], connection: ${of(gate!, settings.gate ?? '')} },
    far: { groups: ['web'], connection: ${of(far!, settings.far ?? `proxyJump: 'gate'`)} },
  },
})
`,
  }).root
}
const files = (known: string | undefined) => {
  const folder = testFolder()
  const file = join(folder, 'known_hosts')
  if (known !== undefined) writeFileSync(file, known, { mode: 0o600 })
  return { file, more: `knownHostsFiles: ['${file}']` }
}
const nameOf = (sshd: TestSshd) => `[127.0.0.1]:${sshd.port}`
const lineOf = (sshd: TestSshd) => `${nameOf(sshd)} ${sshd.hostKey.publicText.trim().split(' ').slice(0, 2).join(' ')}`
const printOf = (sshd: TestSshd) => fingerprint(sshd.hostKey.publicKey)

describe('rollcall trust', () => {
  test('asks at a terminal, the gate first, and notes down what is vouched for; then the host can be used', async () => {
    const { file, more } = files(undefined)
    const cwd = project({ gate: more, far: `proxyJump: 'gate', ${more}` })
    const refused = await rollcall(['exec', 'far', '--', 'true'], { cwd })
    expect([refused.code, refused.stdout]).toEqual([2, expect.stringContaining(`rollcall trust far --fingerprint ${printOf(gate!)}`)])
    const { code, shown } = await onTerminal(
      ['trust', 'far'],
      [
        ['the fingerprint: ', `${printOf(gate!)}\r`],
        ['the fingerprint: ', 'yes\r'],
      ],
      { cwd },
    )
    expect(shown).toContain(
      'gate, the jump host to far shows this key; compare it with what this prints on the host itself: ssh-keygen -lf',
    )
    for (const sshd of [gate!, far!]) expect(shown).toContain(`256 ${printOf(sshd)} ${nameOf(sshd)} (ED25519)`)
    expect(code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(`${lineOf(gate!)}\n${lineOf(far!)}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const used = await rollcall(['exec', 'far', '--', 'echo', 'through'], { cwd })
    expect([used.code, used.stdout]).toEqual([0, expect.stringContaining('through')])
    const again = await rollcall(['trust', 'far', '--yes'], { cwd })
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^far: known\n/)])
  })

  test('no ends it, nothing is noted down, and nobody behind is asked', async () => {
    const { file, more } = files('')
    const cwd = project({ gate: more, far: `proxyJump: 'gate', ${more}` })
    const before = far!.connections
    const { code } = await onTerminal(['trust', 'far'], [['the fingerprint: ', 'no\r']], { cwd })
    expect([code, readFileSync(file, 'utf8'), far!.connections]).toEqual([2, '', before])
  })

  test('without a terminal it wants to be told', async () => {
    const before = far!.connections
    const { code, stderr } = await rollcall(['trust', 'far'], { cwd: project() })
    expect([code, stderr]).toEqual([1, expect.stringContaining('--fingerprint SHA256')])
    expect(far!.connections).toBe(before)
    const wrong = await rollcall(['trust', 'far', '--fingerprint', 'aa:bb'], { cwd: project() })
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('SHA256')])
  })

  test('a fingerprint is taken where it is the one, and nothing else', async () => {
    const { file, more } = files('')
    const cwd = project({ far: more })
    const wrong = await rollcall(['trust', 'far', '--fingerprint', fingerprint(makeKey().publicKey), '--json'], { cwd })
    expect([wrong.code, JSON.parse(wrong.stdout)]).toEqual([2, expect.objectContaining({ host: 'far', outcome: 'failed' })])
    expect(readFileSync(file, 'utf8')).toBe('')
    const right = await rollcall(['trust', 'far', '--fingerprint', printOf(far!), '--json'], { cwd })
    expect([right.code, JSON.parse(right.stdout)]).toEqual([
      0,
      { host: 'far', outcome: 'recorded', key: `256 ${printOf(far!)} ${nameOf(far!)} (ED25519)`, fingerprint: printOf(far!), file },
    ])
  })

  test('a changed key is a hard stop with both fingerprints and the line; only --replace replaces it', async () => {
    const old = makeKey()
    const others = '# kept\nother ssh-ed25519 AAAA\n'
    const { file, more } = files(`${others}${nameOf(far!)} ${old.publicText.trim()}\n`)
    const cwd = project({ far: more })
    for (const words of [['--yes'], ['--fingerprint', printOf(far!)]]) {
      const { code, stdout } = await rollcall(['trust', 'far', ...words], { cwd })
      expect(code).toBe(2)
      for (const part of [fingerprint(old.publicKey), printOf(far!), `${file}:3`, '--replace']) expect(stdout).toContain(part)
    }
    expect(readFileSync(file, 'utf8')).toContain(old.publicText.trim())
    const wrong = await rollcall(['trust', 'far', '--replace', '--fingerprint', fingerprint(old.publicKey)], { cwd })
    expect([wrong.code, readFileSync(file, 'utf8')]).toEqual([2, expect.stringContaining(old.publicText.trim())])
    const { code } = await rollcall(['trust', 'far', '--replace', '--fingerprint', printOf(far!)], { cwd })
    expect([code, readFileSync(file, 'utf8')]).toEqual([0, `${others}${lineOf(far!)}\n`])
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('runs at the same time lose no line', async () => {
    const { file, more } = files(undefined)
    const sshds = await Promise.all(Array.from({ length: 3 }, () => startSshd()))
    const roots = sshds.map(
      (sshd) =>
        tempProject({
          'inventory/lab.ts': `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({ groups: {}, hosts: { one: { groups: [], connection: ssh({ address: '127.0.0.1', port: ${sshd.port}, identityFile: '${sshd.identityFile}', ${more} }) } } })
`,
        }).root,
    )
    const done = await Promise.all([
      ...roots.slice(0, 2).map((cwd) => rollcall(['trust', 'one', '--yes'], { cwd })),
      rollcall(['exec', 'one', '--accept-new-host-keys', '--', 'true'], { cwd: roots[2]! }),
    ])
    expect(done.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').sort()).toEqual(sshds.map(lineOf).sort())
    await Promise.all(sshds.map((sshd) => sshd.close()))
  })

  test('a host that is not there is unreachable, and one of this machine has nothing to note down', async () => {
    const cwd = tempProject({
      'inventory/lab.ts': `import { defineInventory, local, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: {},
  hosts: {
    here: { groups: [], connection: local() },
    gone: { groups: [], connection: ssh({ address: '127.0.0.1', port: 1, connectRetries: 0 }) },
  },
})
`,
    }).root
    const { code, stdout } = await rollcall(['trust', 'here,gone', '--yes'], { cwd })
    expect(code).toBe(4)
    expect(stdout).toContain('here: nothing to note down, it is this machine')
    expect(stdout).toMatch(/gone: unreachable\n {2}The host cannot be reached\n.*connection refused/)
  })
})

describe('--accept-new-host-keys', () => {
  test('lets a new host in once, hashed where the configuration wants it, and never a changed one', async () => {
    const { file, more } = files(undefined)
    const hashing = testFolder()
    mkdirSync(join(hashing, '.ssh'))
    writePrivate(join(hashing, '.ssh'), 'config', 'HashKnownHosts yes\n')
    const cwd = project({ far: more })
    const first = await rollcall(['exec', 'far', '--accept-new-host-keys', '--', 'true'], { cwd, env: { HOME: hashing } })
    expect(first.code).toBe(0)
    const [line = '', ...rest] = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect([line.startsWith('|1|'), rest]).toEqual([true, []])
    expect(matchesHost(line.split(' ')[0]!, nameOf(far!))).toBe(true)
    expect((await rollcall(['exec', 'far', '--', 'true'], { cwd })).code).toBe(0)
    writeFileSync(file, `${nameOf(far!)} ${makeKey().publicText}`)
    const changed = await rollcall(['exec', 'far', '--accept-new-host-keys', '--', 'true'], { cwd })
    expect([changed.code, changed.stdout]).toEqual([2, expect.stringContaining('somebody else may be answering')])
  })
})

test('--connect-retries is a number', async () => {
  const { code, stderr } = await rollcall(['exec', 'far', '--connect-retries', 'often', '--', 'true'], { cwd: project() })
  expect([code, stderr]).toEqual([1, expect.stringContaining("'often'")])
})
