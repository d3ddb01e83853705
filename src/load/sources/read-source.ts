import { accessSync, closeSync, constants, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import type { SourceLine } from '../../model/errors.ts'
import { readIni } from './ini.ts'
import { groupsOf, type InventoryData, inventoryData, membersOf } from './inventory-data.ts'
import { refused } from './refuse.ts'
import { runScript } from './run-script.ts'
import { readScriptAnswer } from './script.ts'
import { clearedNode, type GivenVar, givenOf, kindOf, nodeOf, type SourceNode } from './values.ts'
import { byBytes, findVarsFiles } from './vars-files.ts'
import { readSourceYaml } from './yaml.ts'
import { readYamlInventory } from './yaml-inventory.ts'

/** Decrypts a text of Ansible Vault; `file` is for messages. */
export type OpenVault = (text: string, file: string) => Promise<string>

export type GivenVars = ReadonlyMap<string, GivenVar>
/** An inventory as its files have it. */
export interface ReadSource {
  readonly data: InventoryData
  /** Vars of `group_vars/`, by group. */
  readonly groupVars: ReadonlyMap<string, GivenVars>
  /** Vars of `host_vars/`, by host. */
  readonly hostVars: ReadonlyMap<string, GivenVars>
}

/** What Ansible passes over in a folder of inventories. */
const ignored =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.ini|\.cfg|\.retry)$/

/**
 * Reads an inventory of Ansible's: a file, a script, or a folder of them, with the vars that stand beside it.
 * @throws RollcallError with the line, for all that Ansible refuses or only warns of and then leaves out.
 */
export async function readSource(path: string, openVault: OpenVault): Promise<ReadSource> {
  const data = inventoryData()
  const isFolder = statSync(path).isDirectory()
  const read = isFolder ? await readFolder(path, data) : await readFile(path, data).then(() => 1)
  const at = { file: path, line: 1 }
  if (read === 0)
    throw refused(
      'nothing in this folder is an inventory',
      'Ansible passes over files that end in .ini, .cfg, .txt and such: name one.',
      at,
    )
  data.settle(at)
  if (data.hosts.size === 0) throw refused('it has no host', 'Name at least one.', at)
  const base = isFolder ? path : dirname(path)
  const varsOf = varsReader(data, openVault)
  const hosts = membersOf(data.groups, 'all')
  const names = new Set(hosts.flatMap((host) => [...groupsOf(data.groups, host)]))
  const groupVars = new Map<string, GivenVars>()
  for (const name of data.groups.keys()) if (names.has(name)) groupVars.set(name, await varsOf(join(base, 'group_vars'), name))
  const hostVars = new Map<string, GivenVars>()
  for (const name of hosts) hostVars.set(name, await varsOf(join(base, 'host_vars'), name))
  return { data, groupVars, hostVars }
}

/** How many files of a folder, and of those below it, were read. */
async function readFolder(folder: string, data: InventoryData): Promise<number> {
  let read = 0
  for (const name of readdirSync(folder).sort(byBytes)) {
    const path = join(folder, name)
    if (ignored.test(name)) {
      if (name.endsWith('.ini') && !name.startsWith('.'))
        data.warnings.push({
          message: `${name} is passed over, as Ansible does with files of this ending in a folder`,
          fix: 'Take the ending away to have it read.',
          at: { file: path, line: 1 },
        })
    } else if (statSync(path).isDirectory()) read += await readFolder(path, data)
    else {
      await readFile(path, data)
      read += 1
    }
  }
  return read
}

async function readFile(path: string, data: InventoryData): Promise<void> {
  const at: SourceLine = { file: path, line: 1 }
  if (/\.m?ts$/.test(path)) throw refused('this is an inventory in TypeScript, among those of Ansible', 'Name it by itself.', at)
  if (extname(path) === '.toml')
    throw refused('inventories in TOML are not read', 'Write it as YAML:\nansible-inventory -i … --list --yaml', at)
  if (isProgram(path)) return readScript(path, at, data)
  const text = textOf(path)
  if (isVault(text))
    throw refused('it is encrypted as a whole', 'Only files below group_vars and host_vars may be: put what is secret there.', at)
  if (!['', '.yml', '.yaml', '.json'].includes(extname(path))) return readIni(text, path, data)
  const node = await asYaml(text, path, data)
  if (node !== undefined && (node.kind === 'map' || extname(path) !== '')) readYamlInventory(node, data)
  else readIni(text, path, data)
}

/** A file without ending may be either: what is no YAML is taken for INI, and its mistakes are those of INI. */
async function asYaml(text: string, path: string, data: InventoryData): Promise<SourceNode | undefined> {
  const warnings: InventoryData['warnings'] = []
  const node = await readSourceYaml(text, path, { twice: (name, at) => warnings.push(twice(name, at)) }).catch((error: unknown) => {
    if (extname(path) !== '') throw error
    return undefined
  })
  if (node?.kind === 'map') data.warnings.push(...warnings)
  return node
}

const twice = (name: string, at: SourceLine) => ({
  message: `'${name}' stands twice in one mapping, and the last one counts`,
  fix: 'Remove one of them.',
  at,
})

async function readScript(path: string, at: SourceLine, data: InventoryData): Promise<void> {
  const json = (text: string): SourceNode | undefined => {
    try {
      return nodeOf(JSON.parse(text), at)
    } catch (cause) {
      throw refused(`what the script printed is no JSON: ${(cause as Error).message}`, `See what it prints:\n${path} --list`, at, cause)
    }
  }
  const ask = async (host: string) => {
    const text = await runScript(path, ['--host', host], at)
    return text.trim() === '' ? undefined : json(text)
  }
  await readScriptAnswer(json(await runScript(path, ['--list'], at)), at, data, ask)
}

/** Whether Ansible would run a file: it may be run, and the kernel can. */
function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
  } catch {
    return false
  }
  const begin = Buffer.alloc(4)
  const file = openSync(path, 'r')
  try {
    readSync(file, begin, 0, 4, 0)
  } finally {
    closeSync(file)
  }
  const text = begin.toString('latin1')
  return text.startsWith('#!') || text === '\x7fELF'
}

/** Reads vars of one name once, whoever asks. */
function varsReader(data: InventoryData, openVault: OpenVault) {
  const files = new Map<string, Promise<readonly [string, GivenVar][]>>()
  return async (folder: string, name: string): Promise<GivenVars> => {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) return new Map()
    const found = findVarsFiles(folder, name)
    for (const path of found.passedOver)
      data.warnings.push({
        message: `it is not read, since Ansible takes ${found.files[0] ?? 'the folder of that name'} for '${name}'`,
        fix: 'Put both into one folder of that name.',
        at: { file: path, line: 1 },
      })
    const vars = new Map<string, GivenVar>()
    for (const path of found.files) {
      const reading = files.get(path) ?? readVars(path, data, openVault)
      files.set(path, reading)
      for (const [key, given] of await reading) vars.set(key, given)
    }
    return vars
  }
}

async function readVars(path: string, data: InventoryData, openVault: OpenVault): Promise<readonly [string, GivenVar][]> {
  const text = textOf(path)
  const encrypted = isVault(text)
  const notes = { twice: (name: string, at: SourceLine) => void data.warnings.push(twice(name, at)) }
  const at = { file: path, line: 1 }
  const node = encrypted ? await readEncrypted(await openVault(text, path), path, at) : await readSourceYaml(text, path, notes)
  if (node === undefined || isNothing(node)) return []
  if (node.kind !== 'map')
    throw refused(
      `vars with names must stand here, and ${encrypted ? 'something else' : kindOf(node)} does`,
      'Write each as name: value',
      node.at,
    )
  return node.entries.map((entry) => [entry.name, givenOf(entry.node, entry.at)])
}

/** Of what is inside no message may quote anything. */
async function readEncrypted(text: string, path: string, at: SourceLine): Promise<SourceNode | undefined> {
  const node = await readSourceYaml(text, path, { twice: () => {} }).catch(() => {
    throw refused('what is encrypted in it is no YAML', `See it:\nansible-vault view ${path}`, at)
  })
  return node && clearedNode(node, path)
}

function isNothing(node: SourceNode): boolean {
  if (node.kind === 'scalar') return node.value === null || node.value === '' || node.value === false || node.value === 0
  return node.kind === 'list' && node.items.length === 0
}

function textOf(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is no UTF-8' : (cause as Error).message
    throw refused(reason, 'Write it anew as UTF-8, or see who may read it.', { file: path, line: 1 }, cause)
  }
}

const isVault = (text: string) => text.startsWith('$ANSIBLE_VAULT')
