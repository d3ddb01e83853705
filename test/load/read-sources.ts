import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { type ReadSource, readSource } from '../../src/load/sources/read-source.ts'
import { modelOf, type SourceModel } from '../../src/load/sources/to-model.ts'
import { decryptVault, parseVault, type Vault } from '../../src/secrets/vault.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { Secret } from '../../src/util/secret.ts'

export const casesFolder = join(ownRoot(), 'test/load/ansible-inventories')

/** Files of an inventory, and which of them it is. */
export interface Case {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly source?: string
  readonly executable?: readonly string[]
}
/** What Ansible makes of one. */
export interface Recorded {
  readonly refused?: string
  readonly groups: Readonly<Record<string, { readonly hosts?: readonly string[]; readonly children?: readonly string[] }>>
  readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly members: Readonly<Record<string, readonly string[]>>
}

export const cases = parse(readFileSync(join(casesFolder, 'cases.yml'), 'utf8')) as readonly Case[]
export const recorded = JSON.parse(readFileSync(join(casesFolder, 'recorded.json'), 'utf8')) as Readonly<Record<string, Recorded>>

/** Writes the files into a folder that goes away with the test; the path of the inventory. */
export function writeCase({ files, source, executable = [] }: Omit<Case, 'name'>): string {
  const root = mkdtempSync(join(tmpdir(), 'rollcall-inventory-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
    if (executable.includes(name)) chmodSync(join(root, name), 0o755)
  }
  return join(root, source ?? Object.keys(files)[0]!)
}

const password = readFileSync(join(casesFolder, 'vault-password'), 'utf8').trim()

/** Opens vaults of the fixtures. */
export async function openVault(text: string): Promise<string> {
  return decryptVault(parseVault(text) as Vault, password)!.toString('utf8')
}

export async function readModel(path: string): Promise<SourceModel & { readonly read: ReadSource }> {
  const read = await readSource(path, openVault)
  const secretOf = ({ text }: { readonly text: string }) =>
    new Secret(() => decryptVault(parseVault(text) as Vault, password)!.toString('utf8'))
  return { read, ...modelOf(read, path, { secretOf, addressVars: { privateIp: 'private_ip', publicIp: 'public_ip' } }) }
}
