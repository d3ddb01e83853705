import { basename, extname, relative } from 'node:path'
import type { Secret } from '../../util/secret.ts'
import { codeOf, type SecretCode, textCode } from './code.ts'
import { refused } from './refuse.ts'
import type { SourceModel } from './to-model.ts'
import { ClearedValue } from './values.ts'

/** Secrets of files are named from them; passwords that stood in clear stay where they stood, in clear. */
export function secretWriter(origins: SourceModel['origins'], root: string, notes: string[]) {
  const files = new Map<string, { readonly word: string; readonly names: Set<string> }>()
  const named = (file: string, path: string): string => {
    const known = files.get(file) ?? {
      word: wordFor(
        relative(root, file),
        [...files.values()].map(({ word }) => word),
      ),
      names: new Set(),
    }
    files.set(file, known)
    known.names.add(path)
    return /^[A-Za-z_$][\w$]*$/.test(path) ? `${known.word}.${path}` : `${known.word}[${textCode(path)}]`
  }
  let inClear = false
  const code: SecretCode = (secret: Secret) => {
    const origin = origins.get(secret)
    if (typeof origin === 'string') {
      if (!inClear) notes.push('passwords stand in it in clear, as they did: have them in a file of secrets, by rollcall secret set')
      inClear = true
      return `new Secret(${textCode(origin)})`
    }
    if (origin instanceof ClearedValue) return named(origin.file, origin.path)
    if (origin?.path !== undefined) return named(origin.at.file, origin.path)
    throw refused('a script printed an encrypted value, which no file holds', 'Put it into a file of group_vars or host_vars.', origin?.at)
  }
  const declarations = () =>
    [...files]
      .map(
        ([file, { word, names }]) =>
          `const ${word} = defineSecrets({ file: ${textCode(relative(root, file))}, names: ${codeOf([...names], code)} })\n`,
      )
      .join('')
  return { code, declarations }
}

/** `group_vars/web.yml` → `groupVarsWeb`. */
function wordFor(file: string, taken: readonly string[]): string {
  const bare = file.slice(0, file.length - extname(file).length) || basename(file)
  const parts = bare.split(/[^A-Za-z0-9]+/).filter(Boolean)
  const word = parts.map((part, at) => (at === 0 ? part.toLowerCase() : `${part[0]!.toUpperCase()}${part.slice(1)}`)).join('')
  const safe = /^[A-Za-z]/.test(word) && !reserved.has(word) ? word : `secretsOf${word}`
  for (let count = 1; ; count++) {
    const name = count === 1 ? safe : `${safe}${count}`
    if (!taken.includes(name)) return name
  }
}
const reserved = new Set([
  'inventory',
  'ssh',
  'local',
  'docker',
  'podman',
  'chroot',
  'nspawn',
  'default',
  'new',
  'class',
  'function',
  'export',
  'import',
  'var',
  'void',
  'with',
  'case',
  'if',
  'in',
  'do',
  'for',
  'this',
  'null',
  'true',
  'false',
])
