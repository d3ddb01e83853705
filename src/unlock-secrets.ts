import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DeclaredSecrets, declaredSecrets } from './dsl/secrets.ts'
import { shortPath } from './load/code-frame.ts'
import { findProject } from './load/project.ts'
import { formatLine, RollcallError } from './model/errors.ts'
import { suggest } from './util/suggest.ts'

/**
 * Unlocks all secrets that the loaded code declares, each file once. Every command that contacts hosts calls it before it
 * does; those that only look need no identity.
 * @throws RollcallError (exit 1) without an identity, for a file that is missing or damaged, for a name it does not hold,
 * and for a variable that is not set.
 */
export async function unlockSecrets(): Promise<void> {
  const { files, variables, vaultTexts } = declaredSecrets()
  for (const { variable, at, unlock } of variables) {
    if ((process.env[variable] ?? '') === '')
      throw new RollcallError({
        summary: 'A variable that holds a secret is not set',
        detail: variable,
        fix: `Set it where rollcall is started. From a prompt, so that no history keeps it:\nread -rs ${variable} && export ${variable}`,
        exitCode: 1,
        ...(at && { at }),
      })
    unlock()
  }
  const locked = files.filter((file) => file.locked())
  const lockedTexts = vaultTexts.filter((text) => text.locked())
  if (locked.length + lockedTexts.length === 0) return
  const { openVault, readSecrets } = await import('./secrets/index.ts')
  for (const { text, at, unlock } of lockedTexts) {
    const shown = formatLine({ file: shortPath(process.cwd(), at.file), line: at.line })
    unlock((await openVault(text, shown, { env: process.env, at })).toString('utf8'))
  }
  const opened = new Map<string, ReadonlyMap<string, string>>()
  for (const declared of locked) {
    const { path, root } = placeOf(declared)
    const values =
      opened.get(path) ??
      (await readSecrets(path, { shown: (of) => shortPath(root, of), env: process.env, ...(declared.at && { at: declared.at }) }))
    opened.set(path, values)
    for (const name of declared.names) if (!values.has(name)) throw unknownName(name, values, shortPath(root, path), declared)
    declared.unlock(values)
  }
}

function placeOf({ file, at }: DeclaredSecrets): { readonly path: string; readonly root: string } {
  const { root } = findProject(at ? dirname(at.file) : '.')
  return { path: file instanceof URL ? fileURLToPath(file) : resolve(root, file), root }
}

function unknownName(name: string, values: ReadonlyMap<string, string>, file: string, { at }: DeclaredSecrets): RollcallError {
  const meant = suggest(name, values.keys())
  return new RollcallError({
    summary: 'There is no such secret',
    detail: `'${name}' in ${file}`,
    fix: meant ? `Did you mean '${meant}'?` : file.endsWith('.age') ? `Add it:\nrollcall secret set ${file} ${name}` : inVault(values),
    exitCode: 1,
    ...(at && { at }),
  })
}

/** Of a file of Ansible Vault, which is written by Ansible's own program. */
function inVault(values: ReadonlyMap<string, string>): string {
  return `It holds: ${[...values.keys()].join(', ') || 'nothing'}. Names below others are joined by dots: 'smtp.password'.`
}
