import { formatLine, RollcallError, type SourceLine } from '../model/errors.ts'
import { callerLine } from '../util/caller.ts'
import { Secret } from '../util/secret.ts'

/** A file of secrets that the loaded code names. */
export interface DeclaredSecrets {
  /** An age file: a path from the project's root, or a file: URL. */
  readonly file: string | URL
  readonly names: readonly string[]
  readonly at: SourceLine | undefined
  readonly locked: () => boolean
  /** Gives every name its value; the engine does so once, before it contacts a host. */
  readonly unlock: (values: ReadonlyMap<string, string>) => void
}
/** A variable of the environment that the loaded code names. */
export interface DeclaredVariable {
  readonly variable: string
  readonly at: SourceLine | undefined
  /** Takes its value, and makes it known to what looks for secrets in output. */
  readonly unlock: () => void
}

/** A value that stands encrypted by itself in an inventory of Ansible's. */
export interface DeclaredVaultText {
  readonly text: string
  readonly at: SourceLine
  readonly locked: () => boolean
  readonly unlock: (value: string) => void
}

const files: DeclaredSecrets[] = []
const vaultTexts: DeclaredVaultText[] = []
const variables: DeclaredVariable[] = []

/** What the code loaded so far declares: unlocked right after loading, so that a mistake ends a run before any connection. */
export function declaredSecrets(): {
  readonly files: readonly DeclaredSecrets[]
  readonly variables: readonly DeclaredVariable[]
  readonly vaultTexts: readonly DeclaredVaultText[]
} {
  return { files, variables, vaultTexts }
}

/** A secret whose value Ansible Vault encrypted; locked as those of files are. */
export function vaultSecret(text: string, at: SourceLine): Secret {
  let value: string | undefined
  const secret = new Secret(() => {
    if (value === undefined) throw locked(formatLine(at))
    return value
  })
  vaultTexts.push({
    text,
    at,
    locked: () => value === undefined,
    unlock: (given) => {
      value = given
      secret.reveal()
    },
  })
  return secret
}

/**
 * Secrets of an age file, by name. They are locked until a run unlocks the file, right after loading and before any host
 * is contacted; so listing, `explain` and the type-check need no identity.
 *
 * @example export const secrets = defineSecrets({ file: 'secrets/lab.age', names: ['haproxyStatsPassword'] })
 */
export function defineSecrets<const N extends readonly string[]>(definition: {
  /** The file: a path from the project's root, or `new URL('./x.age', import.meta.url)` for one beside the code. */
  readonly file: string | URL
  /** The names this code uses. That each is in the file is checked when it is unlocked. */
  readonly names: N
}): { readonly [K in N[number]]: Secret } {
  const { file, names } = definition
  const at = callerLine()
  let values: ReadonlyMap<string, string> | undefined
  files.push({
    file,
    names,
    at,
    locked: () => values === undefined,
    unlock: (given) => {
      values = given
      for (const name of names) secrets[name as N[number]].reveal()
    },
  })
  const secretOf = (name: string): string => {
    const value = values?.get(name)
    if (value === undefined) throw locked(`'${name}' of ${String(file)}`)
    return value
  }
  const secrets = Object.fromEntries(names.map((name) => [name, new Secret(() => secretOf(name))])) as { [K in N[number]]: Secret }
  return Object.freeze(secrets)
}

/**
 * A secret from a variable of the environment. That it is set and not empty is checked right after loading, before any
 * host is contacted.
 */
export function secretFromEnv(variable: string): Secret {
  const secret = new Secret(() => {
    const value = process.env[variable]
    if (value === undefined || value === '') throw locked(`the variable ${variable} is not set`)
    return value
  })
  variables.push({ variable, at: callerLine(), unlock: () => void secret.reveal() })
  return secret
}

function locked(detail: string): RollcallError {
  const at = callerLine()
  return new RollcallError({
    summary: 'A secret was revealed before it was unlocked',
    detail,
    fix: 'Pass the Secret itself, or text made with the sealed tag: steps reveal it. reveal() works in closures and in data of templates, during a run only.',
    exitCode: 1,
    ...(at && { at }),
  })
}
