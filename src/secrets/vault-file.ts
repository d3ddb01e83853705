import { type ErrorDetails, RollcallError } from '../model/errors.ts'
import { readYaml, VaultText } from '../util/yaml.ts'
import type { Values } from './document.ts'
import type { SecretPlace } from './secret-file.ts'
import { decryptVault, isVault, parseVault } from './vault.ts'
import { vaultPasswords } from './vault-passwords.ts'

/** Whether a file is Ansible's: encrypted whole, or YAML with values that are. */
export function isVaultFile(text: string): boolean {
  return isVault(text) || /(^|[\s:,[{-])!vault\b/m.test(text)
}

/**
 * Decrypts what Ansible Vault encrypted, with whichever password fits; those of its label are tried first.
 * @throws RollcallError (exit 1) where none does, or the text is damaged.
 */
export async function openVault(text: string, file: string, place: Pick<SecretPlace, 'env' | 'at'>): Promise<Buffer> {
  const fail = (details: ErrorDetails) => new RollcallError({ ...details, exitCode: 1, ...(place.at && { at: place.at }) })
  const vault = parseVault(text)
  if ('problem' in vault)
    throw fail({
      summary: 'A file of Ansible Vault cannot be read',
      detail: `${file}: ${vault.problem}`,
      fix: `Take a whole one from git; one of an older kind is written anew by\nansible-vault rekey ${file.split(':')[0]}`,
    })
  const passwords = await vaultPasswords(file, place.env)
  const fits = ({ label }: { readonly label?: string }) => label !== undefined && label === vault.label
  for (const { password } of [...passwords].sort((a, b) => Number(fits(b)) - Number(fits(a)))) {
    const plain = decryptVault(vault, password)
    if (plain) return plain
  }
  const tried = passwords.length === 1 ? 'the password' : `none of the ${passwords.length} passwords`
  throw fail({
    summary: 'A file of Ansible Vault does not open',
    detail: `${file}${vault.label === undefined ? '' : ` (label ${vault.label})`}: ${tried} ${passwords.length === 1 ? 'does not fit' : 'fits'}, or it was changed since it was encrypted`,
    fix: `See whether Ansible opens it, with the same password:\nansible-vault view ${file.split(':')[0]}`,
  })
}

/**
 * The values of a file of Ansible's, by their names; those below others by all of them, joined by dots (`smtp.password`). Values
 * that stand in it in clear are among them: they are secrets as well.
 */
export async function vaultValues(text: string, file: string, place: Pick<SecretPlace, 'env' | 'at'>): Promise<Values> {
  const plain = isVault(text) ? (await openVault(text, file, place)).toString('utf8') : text
  const read = await readYaml(plain)
  if ('problem' in read)
    throw new RollcallError({
      summary: 'A file of Ansible Vault holds no names and values',
      detail: `${file}, line ${read.problem.line}, column ${read.problem.column} of what is inside: ${read.problem.message}`,
      fix: `One that is a text as a whole, such as a key, becomes one secret of an age file:\nrollcall secret import ${file} <name of the file of secrets> --name <name>`,
      exitCode: 1,
      ...(place.at && { at: place.at }),
    })
  const values = new Map<string, string>()
  for (const { path, text: value, line } of read.mapping.leaves())
    if (value instanceof VaultText) values.set(path, (await openVault(value.text, `${file}:${line}`, place)).toString('utf8'))
    else if (value !== undefined) values.set(path, value)
  return values
}
