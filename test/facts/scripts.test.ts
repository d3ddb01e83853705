import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { factFamilies, factsJobs, parseFacts } from '../../src/facts/index.ts'
import { type BuiltInFamily, type FactFamilies, builtInFamilies as families } from '../../src/model/facts.ts'
import type { Reply } from '../../src/transport/session-types.ts'

const shells: readonly { readonly name: string; readonly shell: readonly string[] }[] = [
  { name: 'dash', shell: ['dash'] },
  { name: 'bash', shell: ['bash'] },
  { name: 'bash --posix', shell: ['bash', '--posix'] },
  { name: 'busybox ash', shell: ['busybox', 'sh'] },
]
const root = process.getuid?.() === 0

interface Way {
  readonly environment?: NodeJS.ProcessEnv
  readonly uid?: number
}

function ask(shell: readonly string[], asked: readonly BuiltInFamily[], way: Way = {}): Reply {
  const [command = '', ...argv] = shell
  const [job] = factsJobs(asked)
  const found = spawnSync(`/bin/${command}`, [...argv, '-c', job!.script.text], {
    env: way.environment ?? process.env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(way.uid !== undefined && root && { uid: way.uid, gid: way.uid }),
  })
  return { ran: true, code: found.status ?? 255, stdout: found.stdout, stderr: found.stderr }
}
function gather(shell: readonly string[], way?: Way): FactFamilies {
  const reply = ask(shell, families, way)
  expect(reply.stderr.toString()).toBe('')
  expect(reply.code).toBe(0)
  return parseFacts(families, [reply]) as FactFamilies
}
const empty = mkdtempSync(join(os.tmpdir(), 'facts-'))
const busyboxAlone = mkdtempSync(join(os.tmpdir(), 'facts-'))
symlinkSync('/bin/busybox', join(busyboxAlone, 'busybox'))
afterAll(() => {
  for (const path of [empty, busyboxAlone]) rmSync(path, { recursive: true })
})
const ownAddresses = (): string[] =>
  Object.values(os.networkInterfaces())
    .flatMap((addresses) => (addresses ?? []).map((address) => address.address))
    .sort()

describe.each(shells)('facts through $name', ({ shell }) => {
  it.each([
    ['as this user', {}],
    ['as an ordinary user', { uid: 65534 }],
  ] as const)('%s say what Node says of this machine', (_, way) => {
    const facts = gather(shell, way)
    expect(facts.hardware.memoryMb).toBe(Math.floor(os.totalmem() / 1024 / 1024))
    expect(facts.hardware.cpuCount).toBe(os.cpus().length)
    expect(facts.os.kernel).toBe(os.release())
    expect(facts.os.hostname).toBe(os.hostname().split('.')[0])
    expect(facts.os.architecture).toBe(os.machine())
    expect(facts.network.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)).sort()).toEqual(ownAddresses())
  })

  it('are the same without any tool on the path', () => {
    const bare = gather(shell, { environment: { PATH: empty } })
    const whole = gather(shell)
    expect(bare.hardware).toEqual(whole.hardware)
    expect(bare.os).toEqual({ ...whole.os, packageManager: shell[0] === 'busybox' ? expect.any(String) : 'unknown' })
    expect([...bare.network.addresses].sort()).toEqual([...whole.network.addresses].sort())
    expect(bare.network.defaultIpv4).toEqual(whole.network.defaultIpv4)
  })

  it.each([[['os', 'network', 'hardware']], [['network', 'os', 'hardware', 'network']], [['hardware', 'os', 'network', 'os']]] as const)(
    'are the same one after the other in one shell: %j',
    (order) => {
      const [together, alone] = [parseFacts(order, [ask(shell, order)]), gather(shell)]
      for (const family of order) expect(together[family]).toEqual(alone[family])
    },
  )

  it('name every interface and route of a host that has many', () => {
    const folder = mkdtempSync(join(os.tmpdir(), 'facts-'))
    const numbers = Array.from({ length: 123 }, (_, at) => at + 1)
    for (const number of numbers) {
      mkdirSync(join(folder, `eth${number}`))
      for (const [file, text] of Object.entries({ ifindex: number, flags: '0x1003', address: '02:00:00:00:00:01' }))
        writeFileSync(join(folder, `eth${number}`, file), `${text}\n`)
    }
    const routes = numbers.map((number) => `eth${number}\t00000000\t00000000\t0001\t0\t0\t${number}\t00000000\t0\t0\t0`)
    writeFileSync(join(folder, 'route'), `Iface\tDestination\n${routes.join('\n')}\n`)
    const script = factFamilies.network.script.text
      .replaceAll('/sys/class/net/*', `${folder}/eth*`)
      .replaceAll('/proc/net/route', `${folder}/route`)
    const [command = '', ...argv] = shell
    const found = spawnSync(`/bin/${command}`, [...argv, '-c', script], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    const lines = found.stdout.split('\n')
    const of = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => /eth(\d+)/.exec(line)?.[1])
    expect(
      of('link')
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(numbers)
    expect(of('route').map(Number)).toEqual(numbers)
  })

  it('are the same where ip is busybox alone', () => {
    expect(gather(shell, { environment: { PATH: busyboxAlone } }).network).toEqual(gather(shell).network)
  })
})

describe('the job of several families', () => {
  it('is one, and none for no families', () => {
    expect(factsJobs(families)).toHaveLength(1)
    expect(factsJobs([])).toEqual([])
    expect(parseFacts([], [])).toEqual({})
  })
  it.each(families)('gives %s alone', (family) => {
    expect(Object.keys(parseFacts([family], [ask(['dash'], [family])]))).toEqual([family])
  })
  it.each([
    ['no answer', [], /the host sent no answer/],
    [
      'an answer cut off',
      [{ ran: true, code: 137, stdout: Buffer.from('\0hardware\nMemTotal: 1024\n'), stderr: Buffer.from('killed') }],
      /exit code 137\nkilled/,
    ],
    [
      'nothing of a family',
      [{ ran: true, code: 0, stdout: Buffer.from('\0end\n'), stderr: Buffer.from('') }],
      /hardware: the host printed nothing of it/,
    ],
    [
      'no memory',
      [{ ran: true, code: 0, stdout: Buffer.from('\0hardware\n\0end\n'), stderr: Buffer.from('') }],
      /hardware: the host did not say how much memory it has/,
    ],
  ] as const)('refuses %s', (_, replies, message) => {
    expect(() => parseFacts(['hardware'], replies)).toThrow(message)
  })
  it('keeps the scripts free of names that a family could take from another', () => {
    for (const { script } of Object.values(factFamilies)) expect(script.text).not.toContain('${')
  })
})
