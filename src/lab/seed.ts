import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { generateSshKey } from './keys.ts'
import type { LabHost } from './types.ts'

/** The users of the lab's hosts that its key opens: `admin` has sudo without, `guarded` with a password. */
export const labUsers = ['admin', 'guarded'] as const

/**
 * Writes what one host finds on its disk at its first boot, and returns its line for known_hosts. A host keeps its key
 * over a reset, as a machine that is set up anew under supervision would.
 */
export async function writeSeed(
  folder: string,
  host: LabHost,
  lab: { readonly controllerAddress: string; readonly loginKey: string; readonly repository: string },
): Promise<string> {
  const key = generateSshKey(`root@${host.name}`)
  const put = async (path: string, content: string, mode = 0o644) => {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true, mode: 0o755 })
    await writeFile(file, content, { mode })
  }
  const shortName = host.name.split('.')[0] ?? host.name
  const names = [...new Set([host.name, shortName])].join(' ')
  await put('etc/hostname', `${host.name}\n`)
  // No other host's name: what hosts know of each other is what a play tells them.
  await put('etc/hosts', `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n${host.address} ${names}\n`)
  await put('etc/machine-id', `${randomBytes(16).toString('hex')}\n`)
  await put('etc/ssh/ssh_host_ed25519_key', key.privateKey, 0o600)
  await put('etc/ssh/ssh_host_ed25519_key.pub', `${key.publicKey} root@${host.name}\n`)
  for (const user of labUsers) await put(`etc/ssh/lab-keys/${user}`, `${lab.loginKey}\n`)
  await put('etc/apt/sources.list', `deb [trusted=yes] http://${lab.controllerAddress}/ ./\n`)
  // As `apt-get update` would leave it, so that a host can install before its first update.
  const lists = `var/lib/apt/lists/${lab.controllerAddress}_._`
  for (const name of ['Packages', 'Release']) {
    await put(`${lists}${name}`, '')
    await copyFile(join(lab.repository, name), join(folder, `${lists}${name}`))
  }
  return `${host.address} ${key.publicKey}\n`
}
