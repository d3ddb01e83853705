import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { shortPath } from './load/code-frame.ts'
import { RollcallError } from './model/errors.ts'
import { readYaml, VaultText } from './util/yaml.ts'

/** A value that stands behind an `-e`, before anybody knows whether something of that name is declared. */
export interface Given {
  readonly name: string
  /** Text where it stood on the command line: what it means is for the declaration to say. Else a value as JSON and YAML have it. */
  readonly value: unknown
  readonly isText: boolean
  /** `-e`, or the place in a file: `release.yaml:3:10`. */
  readonly from: string
}

/**
 * What the words behind `-e` give: `name=value`, `@file` (JSON or YAML; encrypted by age or Ansible Vault as well), `@-` for
 * standard input, or one JSON object. In order, so that of one name the last one counts.
 * @throws RollcallError (exit 1) that shows no value: it may be a secret.
 */
export async function readGiven(words: readonly string[], cwd: string): Promise<readonly Given[]> {
  const given: Given[] = []
  for (const word of words) {
    const [, name, text] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word) ?? []
    if (name !== undefined && text !== undefined) given.push({ name, value: text, isText: true, from: '-e' })
    else if (word.startsWith('@')) given.push(...(await inFile(word.slice(1), cwd)))
    else if (word.trimStart().startsWith('{')) given.push(...(await inText(word, '-e')))
    else throw noGiven(word)
  }
  return given
}

function noGiven(word: string): RollcallError {
  const [before = ''] = word.split('=')
  const asName = before.replaceAll('-', '_')
  return new RollcallError({
    summary: '-e takes name=value, or @file',
    // What stands behind the equals sign may be a secret.
    detail: word.includes('=') ? `'${before}' cannot be a name` : `'${word}'`,
    fix: /^[A-Za-z_]\w*$/.test(asName) ? `-e ${asName}=…` : '-e version=1.2.3\n-e @values.yaml',
    exitCode: 1,
  })
}

async function inFile(name: string, cwd: string): Promise<readonly Given[]> {
  if (name === '-') return inText(await readAll(), 'standard input')
  const path = resolve(cwd, name)
  const shown = shortPath(cwd, path)
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message
    throw new RollcallError(
      {
        summary: 'A file of values cannot be read',
        detail: `-e @${name}: ${reason}`,
        fix: 'Correct the path: it is relative to the folder you are in.',
        exitCode: 1,
      },
      { cause },
    )
  }
  const text = bytes.toString('utf8')
  if (!/^\s*(\$ANSIBLE_VAULT;|-----BEGIN AGE|age-encryption\.org)/.test(text)) return inText(text, shown)
  const { isVault, openFile, openVault } = await import('./secrets/index.ts')
  const place = { env: process.env, shown: () => shown }
  return inText(isVault(text) ? (await openVault(text, shown, place)).toString('utf8') : (await openFile(path, place)).text, shown)
}

async function readAll(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

async function inText(text: string, source: string): Promise<readonly Given[]> {
  const read = await readYaml(text)
  if ('problem' in read) {
    const { line, column, message } = read.problem
    throw new RollcallError({
      summary: 'A file of values is neither JSON nor YAML with names and values',
      detail: `${placeIn(source, { line, column })}: ${message}`,
      fix: 'Each name has its value, e.g. in YAML:\nversion: "1.2.3"',
      exitCode: 1,
    })
  }
  return Promise.all(
    read.mapping.entries.map(async ({ name, value, ...at }) => {
      const from = placeIn(source, at)
      return { name, value: value instanceof VaultText ? await opened(value, from) : value, isText: false, from }
    }),
  )
}

async function opened({ text }: VaultText, from: string): Promise<string> {
  const { openVault } = await import('./secrets/index.ts')
  return (await openVault(text, from, { env: process.env })).toString('utf8')
}

function placeIn(source: string, { line, column }: { readonly line: number; readonly column: number }): string {
  return source === '-e' ? source : source.includes(' ') ? `${source}, line ${line}` : `${source}:${line}:${column}`
}
