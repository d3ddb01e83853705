import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { decrypt, lockKindOf, newIdentity, recipientOf } from './age.ts'
import { askPassphrase } from './prompt.ts'

type Environment = { readonly [name: string]: string | undefined }

/** The variable that names another file of identities. */
export const identityVariable = 'ROLLCALL_AGE_IDENTITY'

/** Where a user's identity lies unless the environment names another file. */
export function usualIdentityFile(env: Environment): string {
  const config = env.XDG_CONFIG_HOME
  return join(config !== undefined && isAbsolute(config) ? config : join(homedir(), '.config'), 'rollcall', 'identity.txt')
}

export interface Identities {
  readonly file: string
  readonly identities: readonly string[]
}

/**
 * The user's identities; undefined where there are none.
 * @throws RollcallError for a file that was named and is not there, or holds no identity.
 */
export async function findIdentities(env: Environment): Promise<Identities | undefined> {
  const named = env[identityVariable]
  if (named !== undefined && /AGE-SECRET-KEY-/i.test(named))
    throw new RollcallError({
      summary: `${identityVariable} holds a key, and must name a file`,
      fix: `Write the key to a file that only you can read, and set ${identityVariable} to its path: the environment is seen by every program that is started.`,
      exitCode: 1,
    })
  const file = named !== undefined && named !== '' ? named : usualIdentityFile(env)
  if (!existsSync(file)) {
    if (named === undefined || named === '') return undefined
    throw new RollcallError({
      summary: 'The file of identities does not exist',
      detail: `${file}, named by ${identityVariable}`,
      fix: 'Correct the path, or make an identity:\nrollcall secret keygen',
      exitCode: 1,
    })
  }
  return { file, identities: await readIdentities(file) }
}

/** Files whose passphrase was asked for: nobody types it twice for one command. */
const unlocked = new Map<string, string>()

async function readIdentities(file: string): Promise<readonly string[]> {
  const wrong = (detail: string, fix = 'Such a file is made by rollcall secret keygen, or by age-keygen.') =>
    new RollcallError({ summary: 'This is no file of identities', detail: `${file}: ${detail}`, fix, exitCode: 1 })
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new RollcallError({ summary: 'The file of identities cannot be read', detail: (cause as Error).message, exitCode: 1 }, { cause })
  }
  let text = bytes.toString('utf8')
  const asked = unlocked.get(file)
  if (asked !== undefined) text = asked
  else if (lockKindOf(bytes) === 'passphrase') {
    const opened = await decrypt(bytes, { kind: 'passphrase', passphrase: await askPassphrase(file) })
    if ('failure' in opened) throw wrong(opened.failure === 'noMatch' ? 'the passphrase is wrong' : 'it is damaged', 'Try again.')
    text = opened.text
    unlocked.set(file, text)
  }
  if (/^-----BEGIN .*PRIVATE KEY-----/m.test(text))
    throw wrong('it holds an SSH key, and these are not supported', 'Use a key of age:\nrollcall secret keygen')
  const lines = text.split('\n').map((line) => line.trim())
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (identities.length === 0) throw wrong('it is empty')
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue
    // The line itself is not shown: it may be a key with a slip in it.
    await recipientOf(line).catch(() => {
      throw wrong(`line ${index + 1} is neither a comment nor an identity (AGE-SECRET-KEY-1…)`)
    })
  }
  return identities
}

/**
 * Makes an identity and writes its file, for this user alone.
 * @throws RollcallError when the file is there: it opens what nothing else does.
 */
export async function makeIdentity(file: string): Promise<string> {
  const identity = await newIdentity()
  const recipient = await recipientOf(identity)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    writeFileSync(file, `# created: ${new Date().toISOString()}\n# public key: ${recipient}\n${identity}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new RollcallError(
      {
        summary: 'There is an identity already',
        detail: file,
        fix: `It stays, for it may be all that opens your secrets. Its public key stands in it as a comment; another identity goes into another file:\nrollcall secret keygen --output other.txt`,
        exitCode: 1,
      },
      { cause },
    )
  }
  return recipient
}
