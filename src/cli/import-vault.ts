import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Context } from './context.ts'
import { mistake, open } from './secret-files.ts'

/** What a file of Ansible Vault holds, under names that a file of age may have; the whole text where `name` says how to call it. */
export async function readVault(word: string, name: string | undefined, context: Context): Promise<ReadonlyMap<string, string>> {
  const { secrets, place } = await open(context)
  const path = resolve(context.cwd, word)
  if (!existsSync(path)) throw mistake('There is no such file', place.shown(path), 'Correct the path.')
  const text = readFileSync(path, 'utf8')
  if (name === undefined ? !secrets.isVaultFile(text) : !secrets.isVault(text))
    throw mistake(
      'This is no file of Ansible Vault',
      `${place.shown(path)}: it neither begins with $ANSIBLE_VAULT nor ${name === undefined ? 'has values with !vault' : 'is it encrypted as a whole'}`,
      'What stands in a file in clear is set by:\nrollcall secret encrypt <file> <name> <the-file',
    )
  if (name !== undefined) {
    const wrong = secrets.nameProblem(name)
    if (wrong !== undefined) throw mistake('This cannot be the name of a secret', wrong, 'Give another: --name tlsKey')
    const plain = await secrets.openVault(text, place.shown(path), place)
    if (Buffer.compare(Buffer.from(plain.toString('utf8')), plain) !== 0)
      throw mistake(
        'A secret must be UTF-8 text',
        place.shown(path),
        'It holds other bytes, and a file of secrets holds texts: encode them first, by base64.',
      )
    return new Map([[name, plain.toString('utf8')]])
  }
  const renamed = new Map<string, string>()
  for (const [each, value] of await secrets.vaultValues(text, place.shown(path), place)) {
    const called = each.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_')
    if (renamed.has(called))
      throw mistake(
        'Two values of a vault come to one name',
        `'${called}' in ${place.shown(path)}`,
        'Rename one of them there:\nansible-vault edit …',
      )
    if (called !== each) context.screen.note(context.errorColours.faint(`${each} is called ${called}`))
    renamed.set(called, value)
  }
  return renamed
}
