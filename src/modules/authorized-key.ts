import { type FoundSoFar, Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import type { Read, Wanted } from '../dsl/resource.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { accountPattern } from '../resources/account-script.ts'
import { type FileState, file as fileAt } from '../resources/file.ts'
import { canonicalPath, parentOf } from '../resources/path.ts'
import { type UserPresent, type UserState, user as userOf } from '../resources/user.ts'
import { sha256 } from '../util/sha256.ts'
import { writeKeys } from './authorized-key-steps.ts'
import { keyLine, type PublicKey, parseKeyLine, parseKeys } from './public-key.ts'
import { fieldsOf } from './result-fields.ts'
import { absolutePath } from './shared-params.ts'

const line = (description: string) => Type.String({ pattern: '^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$', description })
const params = parameters({
  user: Type.String({ pattern: accountPattern, description: 'whose account the key opens' }),
  key: Type.String({ minLength: 1, description: 'one or several public keys, a line each, as in files that end in .pub' }),
  state: Type.Optional(
    oneOf(['present', 'absent'], { description: 'present (default) or removed; keys are told apart by the key itself' }),
  ),
  exclusive: Type.Optional(Type.Boolean({ description: 'remove all other keys of the file: give all that shall stay in one task' })),
  keyOptions: Type.Optional(line('what restricts the key, in place of options in its line: \'from="192.0.2.0/24",no-pty\'')),
  comment: Type.Optional(line("the comment of the key, in place of the one in its line; without either, the file's stays")),
  path: Type.Optional(absolutePath('the file; default .ssh/authorized_keys in the home of the user')),
  manageDir: Type.Optional(
    Type.Boolean({ description: "make the file's directory, for the user alone; default true for the default path, else false" }),
  ),
})
type KeyParams = Params<typeof params>
type KeyReads = {
  readonly user: Read<UserState>
  readonly home: Read<FileState>
  readonly directory: Read<FileState>
  readonly keys: Read<FileState>
}
/** Of a user that is not there, nothing else is read. */
type Found = { readonly user: UserState; readonly home?: FileState; readonly directory?: FileState; readonly keys?: FileState }

function pathOf({ path }: KeyParams, home: string): string {
  return canonicalPath(path ?? `${home}/.ssh/authorized_keys`)
}

/** Where the file is follows from the user's home, so it is read once the user is known. */
function readsOf(params: KeyParams, found: FoundSoFar): KeyReads {
  const read = userOf(params.user)
  wishes(params)
  const user = found.get(read)
  if (!user?.exists) return { user: read } as KeyReads
  const path = pathOf(params, user.home)
  return { user: read, home: fileAt(user.home), directory: fileAt(parentOf(path)), keys: fileAt(path, 'content') }
}

/** The keys as lines of the file; parameters take the place of what stands in the key's own line. */
function wishes({ key, keyOptions, comment, exclusive, state }: KeyParams): readonly PublicKey[] {
  if (exclusive && state === 'absent')
    throw new Refusal('exclusive removes all other keys, and state absent removes these', 'Leave out state, or exclusive.')
  for (const text of [keyOptions, comment])
    if (text !== undefined && /[\p{Cc}]/u.test(text.replaceAll('\t', '')))
      throw new Refusal("keyOptions and comment cannot hold a line's end")
  if (keyOptions !== undefined && parseKeyLine(`${keyOptions} ssh-ed25519 AAAA`)?.options !== keyOptions)
    throw new Refusal(
      `keyOptions is not a list of options: ${keyOptions}`,
      'Separate them by commas without blanks, and close every quote.',
    )
  return parseKeys(key).map((each) => ({
    ...each,
    ...(keyOptions !== undefined && { options: keyOptions }),
    ...(comment !== undefined && { comment }),
  }))
}

/** The lines of the file as they shall be. Lines that are no keys of this task stay as they are, and where they are. */
function wantedLines(params: KeyParams, lines: readonly string[]): readonly string[] {
  const keys = wishes(params)
  const left = new Map(keys.map((key) => [key.blob, key]))
  const kept = lines.flatMap((line) => {
    const found = parseKeyLine(line)
    const asked = found && keys.find(({ blob }) => blob === found.blob)
    if (!asked) return params.exclusive && line.trim() !== '' && !line.trim().startsWith('#') ? [] : [line]
    // The second line of one key.
    if (params.state === 'absent' || !left.delete(asked.blob)) return []
    const key = asked.comment === '' ? { ...asked, comment: found.comment } : asked
    return [found.options === key.options && found.comment === key.comment && found.type === key.type ? line : keyLine(key)]
  })
  return params.state === 'absent' ? kept : [...kept, ...[...left.values()].map(keyLine)]
}

const utf8 = (content: Uint8Array) => Buffer.from(content).toString('utf8')

function planOf(params: KeyParams, found: Found): Wanted<KeyReads> {
  const { user, home, directory, keys } = found
  if (!user.exists || !keys || !directory)
    throw new Refusal(`there is no user ${params.user} on this host`, 'Make it by a task before this one: user({ name }).')
  const path = pathOf(params, user.home)
  if (keys.exists && keys.type !== 'file') throw new Refusal(`${path} is not a file on this host`)
  if (params.path === undefined) refuseLinks(path, user, found)
  if (params.path === undefined && home?.exists === false && typeof user.uid === 'number')
    throw new Refusal(
      `the home ${user.home} of ${params.user} is not there`,
      'Make it by a task before this one: user makes it unless createHome is false.',
    )
  const old = keys.exists ? utf8(keys.content ?? new Uint8Array()) : ''
  const lines = old === '' ? [] : old.replace(/\n$/, '').split('\n')
  const wanted = wantedLines(params, lines)
  if (params.state === 'absent' && wanted.length === lines.length) return {}
  const manageDir = params.manageDir ?? params.path === undefined
  if (!manageDir && !directory.exists)
    throw new Refusal(`the directory ${parentOf(path)} is not there`, 'Make it by a task before this one, or set manageDir: true.')
  if (directory.exists && directory.type !== 'directory') throw new Refusal(`${parentOf(path)} is not a directory on this host`)
  const text =
    wanted.every((line, index) => line === lines[index]) && wanted.length === lines.length
      ? old
      : wanted.map((line) => `${line}\n`).join('')
  const content = new TextEncoder().encode(text)
  const owner = ownerOf(user)
  return {
    ...(manageDir && { directory: { ...(!directory.exists && ({ exists: true, type: 'directory' } as const)), mode: '0700', ...owner } }),
    keys: { ...(!keys.exists && ({ exists: true, type: 'file' } as const)), mode: '0600', ...owner, sha256: sha256(content), content },
  }
}

/** A user that is only planned has no number yet. */
function ownerOf({ name, uid }: UserPresent) {
  return typeof uid === 'number' ? { uid } : { owner: name }
}

/**
 * What lies in a home is the user's to change: a link there would let the user choose which file of the host root reads
 * here and then gives away.
 */
function refuseLinks(path: string, { home, name }: UserPresent, found: Found): void {
  const realHome = found.home?.realPath ?? home
  const expected = `${realHome === '/' ? '' : realHome}/.ssh`
  const { realDirectory, file } = placeOf(found)
  if (realDirectory === expected && file === 'authorized_keys') return
  throw new Refusal(
    `${path} leads to ${realDirectory}/${file} by a symbolic link, which is in the hand of ${name}`,
    'Where that is meant, name the file it leads to as path.',
  )
}

/** Where the file really lies. Below a directory that is not there, a host cannot tell. */
function placeOf({ directory, keys }: Found): { readonly realDirectory: string; readonly file: string } {
  const [path, below] = [keys?.realPath ?? '/', directory?.realPath ?? '/']
  return { realDirectory: directory?.exists ? parentOf(path) : below, file: path.slice(path.lastIndexOf('/') + 1) }
}

/** What `authorizedKey` left. */
export interface AuthorizedKeyResult {
  readonly user: string
  readonly key: string
  readonly state: 'present' | 'absent'
  readonly exclusive: boolean
  readonly keyfile?: string
}

/** Keys that open an account over SSH. */
export const authorizedKey = defineModule({
  name: 'authorizedKey',
  summary: 'Public keys that open an account over SSH',
  params,
  reads: readsOf,
  plan: planOf,
  steps: ({ user }, { found, wanted }) => {
    const { realDirectory, file } = placeOf(found)
    const makesDirectory = wanted.directory !== undefined
    if (makesDirectory && found.directory.realPath !== realDirectory)
      throw new Refusal(
        `the file with the keys of ${user} is a link to another directory`,
        'Name the file it leads to as path, or set manageDir: false.',
      )
    return [writeKeys({ directory: realDirectory, file, user, content: wanted.keys?.content as Uint8Array, makesDirectory })]
  },
  result: ({ user, key, state = 'present', exclusive = false }, { after }): AuthorizedKeyResult => ({
    user,
    key,
    state,
    exclusive,
    ...((after as Found).keys && { keyfile: (after as Found).keys!.realPath }),
  }),
  resultFields: fieldsOf<AuthorizedKeyResult>({
    user: 'whose account it is',
    key: 'the keys as they were given',
    state: "'present' or 'absent'",
    exclusive: 'whether all other keys of the file were to go',
    keyfile: 'the file, at the end of all links',
  }),
})
