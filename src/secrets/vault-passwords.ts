import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, extname, join, resolve } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { ask, canAsk } from './prompt.ts'
import type { VaultPassword } from './vault.ts'

type Environment = { readonly [name: string]: string | undefined }

/** Where passwords of vaults come from, as the command line says; Ansible's options, and its variables where there are none. */
export interface VaultSources {
  /** Files, or programs that print the password. */
  readonly passwordFiles: readonly string[]
  /** `label@file`, `label@prompt`. */
  readonly ids: readonly string[]
  readonly ask: boolean
  /** Nobody may be asked: a shell that completes a word has the terminal. */
  readonly quiet?: boolean
  readonly cwd: string
}

/** One source of a password. */
interface Source {
  readonly label?: string
  /** `prompt`, a file, or a program. */
  readonly from: string
  readonly option: string
}

let given: VaultSources | undefined
let known: readonly VaultPassword[] | undefined

/** Says where passwords come from, for all vaults that this process opens. */
export function useVaultSources(sources: VaultSources): void {
  given = sources
  known = undefined
}

function sourcesOf({ passwordFiles, ids, ask: asks, cwd }: VaultSources, env: Environment): readonly Source[] {
  const idOf = (option: string) => (word: string) => {
    const at = word.indexOf('@')
    return at <= 0 ? { from: word.slice(at + 1), option } : { label: word.slice(0, at), from: word.slice(at + 1), option }
  }
  const chosen: readonly Source[] = [
    ...ids.map(idOf('--vault-id')),
    ...passwordFiles.map((from) => ({ from, option: '--vault-password-file' })),
    ...(asks ? [{ from: 'prompt', option: '--ask-vault-pass' }] : []),
  ]
  const variables = [
    ...(env.ANSIBLE_VAULT_IDENTITY_LIST ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean)
      .map(idOf('ANSIBLE_VAULT_IDENTITY_LIST')),
    ...(env.ANSIBLE_VAULT_PASSWORD_FILE ? [{ from: env.ANSIBLE_VAULT_PASSWORD_FILE, option: 'ANSIBLE_VAULT_PASSWORD_FILE' }] : []),
  ]
  const path = (from: string) => (from === 'prompt' ? from : resolve(cwd, from.replace(/^~(?=\/|$)/, homedir())))
  return (chosen.length > 0 ? chosen : variables).map((source) => ({ ...source, from: path(source.from) }))
}

/**
 * All passwords there are, each source asked once; where there is none, the person at the terminal is asked for that of `file`.
 * @throws RollcallError (exit 1) for a source that gives none, and where there is neither source nor terminal.
 */
export async function vaultPasswords(file: string, env: Environment): Promise<readonly VaultPassword[]> {
  if (known) return known
  const sources = sourcesOf(given ?? { passwordFiles: [], ids: [], ask: false, cwd: process.cwd() }, env)
  if (sources.length === 0 && (given?.quiet || !canAsk()))
    throw new RollcallError({
      summary: 'The password of a vault is needed, and there is no terminal to ask for it',
      detail: file,
      fix: 'Name a file that holds it, or a program that prints it:\n--vault-password-file ~/.vault-password\nor set the variable that Ansible reads, too:\nexport ANSIBLE_VAULT_PASSWORD_FILE=~/.vault-password',
      exitCode: 1,
    })
  const passwords: VaultPassword[] = []
  for (const source of sources)
    passwords.push({ ...(source.label !== undefined && { label: source.label }), password: await passwordOf(source) })
  if (sources.length === 0) passwords.push({ password: await ask(`Vault password of ${file}: `, { hidden: true }) })
  known = passwords
  return known
}

async function passwordOf({ from, label, option }: Source): Promise<string> {
  const wrong = (detail: string, fix: string) =>
    new RollcallError({ summary: 'The password of a vault cannot be had', detail: `${option}: ${detail}`, fix, exitCode: 1 })
  if (from === 'prompt') {
    if (given?.quiet || !canAsk())
      throw wrong('there is no terminal to ask for it', 'Name a file that holds it:\n--vault-password-file ~/.vault-password')
    return ask(label === undefined ? 'Vault password: ' : `Vault password (${label}): `, { hidden: true })
  }
  const stats = statSync(from, { throwIfNoEntry: false })
  if (!stats?.isFile()) throw wrong(`${from} ${stats ? 'is no file' : 'does not exist'}`, 'Correct the path.')
  const password = stats.mode & 0o111 ? printed(from, label, wrong) : readFileSync(from, 'utf8').trim()
  if (password === '')
    throw wrong(`${from} ${stats.mode & 0o111 ? 'prints nothing' : 'is empty'}`, 'It must give the password on one line.')
  return password
}

/** What a program prints. As with Ansible, one named `…-client` is told the label. */
function printed(program: string, label: string | undefined, wrong: (detail: string, fix: string) => RollcallError): string {
  const isClient = basename(program, extname(program)).endsWith('-client')
  const words = isClient && label !== undefined ? ['--vault-id', label] : []
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8', stdio: ['inherit', 'pipe', 'pipe'] })
  if (status === 0) return stdout.replace(/[\r\n]+$/, '')
  const reason = error ? error.message : `it ended with exit code ${status}\n${stderr.trim()}`
  throw wrong(`${program}: ${reason}`, `It is executable, so it is run. Where it holds the password itself:\nchmod 600 ${join(program)}`)
}
