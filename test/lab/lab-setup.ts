import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'ssh2'
import { afterAll, beforeAll, expect } from 'vitest'
import { dial, down, execIn, type LabHost, type LabId, labNamed, sshFiles } from '../../src/lab/index.ts'
import { packageRoot } from '../../src/lab/paths.ts'

export const viper: LabHost = { name: 'honor-viper', address: '10.108.0.4', kind: 'systemd' }
export const panda: LabHost = { name: 'crystal-panda', address: '10.108.0.3', kind: 'systemd' }
export const plain: LabHost = { name: 'plain-otter.dynia.test', address: '10.108.0.20', kind: 'sshd' }

/** A lab of this test process alone. */
export function testLab(purpose: string): LabId {
  return labNamed(`test-${process.pid}-${purpose}`)
}

/** Builds the lab's programs, gives its state a folder of this test file's own, and takes the labs down at the end. */
export function useLabs(labs: readonly LabId[]): { readonly folder: string } {
  const realStateHome = process.env.XDG_STATE_HOME
  let stateHome = ''
  beforeAll(async () => {
    // A folder whose name would break an overlay's options, and too long for a Unix socket.
    stateHome = await mkdtemp(join(tmpdir(), `state home, with:colon ${'long '.repeat(15)}`))
    process.env.XDG_STATE_HOME = stateHome
    const { build } = (await import(join(packageRoot(), 'scripts', 'build.mjs'))) as { build(root: string): Promise<string> }
    await build(packageRoot())
  })
  afterAll(async () => {
    for (const lab of labs) await down(lab)
    if (realStateHome === undefined) delete process.env.XDG_STATE_HOME
    else process.env.XDG_STATE_HOME = realStateHome
    await rm(stateHome, { recursive: true, force: true })
  })
  return {
    get folder() {
      return join(stateHome, 'rollcall', 'lab')
    },
  }
}

/** Standard output of a script in a host, by the lab's own door; the test fails when the script does. */
export async function inside(lab: LabId, host: LabHost, script: string): Promise<string> {
  const result = await execIn(lab, host.name, ['sh', '-c', script])
  expect(result.code, `${script}\n${result.stderr}`).toBe(0)
  return result.stdout.toString().trim()
}

/** The first bytes that a host's SSH server says. */
export async function banner(lab: LabId, host: LabHost): Promise<string> {
  const socket = await dial(lab, host.address, 22)
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('data', (chunk) => {
      socket.destroy()
      resolve(chunk.toString())
    })
  })
}

/** What a command over SSH writes, with the lab's key; the host key must be the one in the lab's known_hosts. */
export async function overSsh(lab: LabId, host: LabHost, username: string, command: string, stdin = ''): Promise<string> {
  const { identityFile, knownHostsFile } = sshFiles(lab)
  const lines = (await readFile(knownHostsFile, 'utf8')).trim().split('\n')
  const expected = lines.map((line) => line.split(' ')).find(([address]) => address === host.address)?.[2]
  const sock = await dial(lab, host.address, 22)
  const client = new Client()
  return new Promise<string>((resolve, reject) => {
    client.once('error', reject)
    client.once('ready', () =>
      client.exec(command, (error, channel) => {
        if (error) return reject(error)
        let out = ''
        const add = (chunk: Buffer) => {
          out += chunk
        }
        channel.on('data', add)
        channel.stderr.on('data', add)
        channel.once('close', () => resolve(out.trim()))
        channel.end(stdin)
      }),
    )
    const privateKey = readFileSync(identityFile)
    client.connect({ sock, username, privateKey, hostVerifier: (key: Buffer) => key.toString('base64') === expected })
  }).finally(() => client.end())
}
