import { Refusal } from '../dsl/definition.ts'
import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { type Script, sh } from '../util/sh.ts'
import { sha256 } from '../util/sha256.ts'
import { accountId, accountRows, type Changeable, changeable, fieldsOfLine, linesOf, showFile } from './account-script.ts'
import { chunksOf, inChunks } from './chunks.ts'
import { fieldsOf } from './file-describe.ts'
import { outputReader } from './output-reader.ts'
import { userScriptParts } from './user-script.ts'

export interface UserAbsent {
  readonly exists: false
  /** Where homes of new users are made: `/home`. */
  readonly homes: string
  readonly changeable: Changeable
}
export interface UserPresent {
  readonly exists: true
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly comment: string
  readonly home: string
  readonly shell: string
  /** Whether the home is there and a directory. */
  readonly homeThere: boolean
  readonly changeable: Changeable
  /** The primary group's name; its number as text where it has none. When groups are asked for. */
  readonly group?: string
  /** Groups of /etc/group that list the user, sorted. When asked for. */
  readonly groups?: readonly string[]
  /** From shadow, when asked for: whether the password is locked. */
  readonly locked?: boolean
  /** `none`, or a digest of the password's hash: the hash itself never leaves this file. */
  readonly password?: string
  /** The last day of the account, `2027-01-31`, or `never`. */
  readonly expires?: string
}
export type UserState = UserAbsent | UserPresent
export type UserNeed = 'passwd' | 'groups' | 'shadow'

/** Sets `found` to the lines of users. A single command needs no second fork, and its code says whether all were found. */
function found(names: readonly string[]): Script {
  const [chunk, ...others] = chunksOf(names)
  if (chunk !== undefined && others.length === 0)
    return sh`if command -v getent >/dev/null; then found=$(getent passwd ${chunk})
else found=$(rows passwd ${chunk}); fi`
  return sh`found=$(missing=0
${inChunks(names, (some) => sh`rows passwd ${some} || missing=1`)}
exit "$missing")`
}

function script(requests: readonly ReadRequest[]): Script {
  const names = (need: UserNeed) => requests.filter((request) => request.need === need).map(({ id }) => id)
  const shadow = names('shadow')
  return sh`LC_ALL=C; export LC_ALL
${accountRows}
${changeable}
changeable useradd /etc/passwd
${found(requests.map(({ id }) => id))}
found_all=$?
${userScriptParts.homes}
${userScriptParts.homesThere}
printf '%s\0%s\0%s\0%s\0' "$can" "$homes" "$found" "$there"
denied=
if [ -e /etc/shadow ] && ! [ -r /etc/shadow ]; then denied=denied; fi
${
  shadow.length + names('groups').length === 0
    ? sh`:`
    : sh`${showFile}
[ ! -r /etc/group ] || show /etc/group`
}
${
  shadow.length === 0
    ? sh`printf '\0%s\0\0' "$denied"`
    : sh`printf '\0%s\0' "$denied"
lines /etc/shadow ${shadow}
printf '\0'`
}
exit 0`
}

function parse(stdout: Uint8Array, requests: readonly ReadRequest[]): UserState[] {
  const output = outputReader(stdout)
  const tools = output.record() as Changeable
  const homes = output.record() || '/home'
  const passwd = linesOf(output.record()).map(fieldsOfLine)
  const there = output.record()
  const groups = linesOf(output.record()).map(fieldsOfLine)
  const denied = output.record() === 'denied'
  const shadow = linesOf(output.record()).map(fieldsOfLine)
  return requests.map(({ id, need }) => {
    const row = passwd.find(([name]) => name === id) ?? passwd.find(([, , uid]) => uid === id)
    if (!row) return { exists: false, homes, changeable: tools }
    const [name = '', hash = '', uid, gid, comment = '', home = '', shell = ''] = row
    const state: UserPresent = {
      exists: true,
      name,
      uid: Number(uid),
      gid: Number(gid),
      comment,
      home,
      shell,
      homeThere: there[passwd.indexOf(row)] === '1',
      changeable: tools,
    }
    if (need === 'passwd') return state
    const withGroups: UserPresent = {
      ...state,
      group: groups.find(([, , number]) => number === gid)?.[0] ?? String(gid),
      groups: groups.flatMap(([group = '', , , members = '']) => (members.split(',').includes(name) ? [group] : [])).sort(),
    }
    if (need === 'groups') return withGroups
    if (denied)
      throw new Refusal(
        `the password and the expiry of ${name} cannot be read: /etc/shadow is for root`,
        'Run the task with become: true, or leave out password, passwordLock and expires.',
      )
    const [, secret = hash, , , , , , expiry = ''] = shadow.find(([user]) => user === name) ?? []
    return { ...withGroups, locked: secret.startsWith('!'), password: passwordDigest(secret), expires: expiryDay(expiry) }
  })
}

/** What states hold of a password's hash: enough to compare, and nothing to attack. A lock before it does not count. */
export function passwordDigest(hash: string): string {
  const body = hash.replace(/^!+/, '')
  return body === '' ? 'none' : sha256(new TextEncoder().encode(body))
}

function expiryDay(days: string): string {
  return days === '' ? 'never' : new Date(Number(days) * 86_400_000).toISOString().slice(0, 10)
}

/** Users: one `getent` for all of them, or /etc/passwd by built-ins. Groups and shadow from the host's own files, which are what its tools change. */
export const userKind: ResourceKind<UserState> = {
  name: 'user',
  needs: ['passwd', 'groups', 'shadow'],
  adds: { groups: ['group', 'groups'], shadow: ['locked', 'password', 'expires'] },
  freshness: 'own',
  sharesShell: true,
  script,
  parse,
  describe: (state) => {
    if (!state.exists) return { fields: { state: 'absent' } }
    const { uid, gid, group, groups, comment, home, shell, homeThere, locked, password, expires } = state
    return {
      fields: fieldsOf({
        state: 'present',
        uid,
        group: group ?? gid,
        groups: Array.isArray(groups) ? groups.join(', ') : groups,
        comment,
        home,
        shell,
        'home directory': homeThere === undefined ? undefined : homeThere ? 'there' : 'missing',
        password: password === undefined || password === 'none' ? password : `[secret] (fingerprint ${password.slice(0, 8)})`,
        locked,
        expires,
      }),
    }
  },
  canonical: (state, id) => (state.exists && typeof state.name === 'string' ? state.name : id),
  absent: (state) => !state.exists,
  absentIsAll: true,
}

/** Reads one user, by name or by number. */
export function user(name: string, need: UserNeed = 'passwd'): Read<UserState> {
  return readOf(userKind, accountId('user', name), need)
}
