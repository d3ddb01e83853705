import { type FoundSoFar, Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import type { Read, Wanted } from '../dsl/resource.ts'
import { type GroupState, group as groupOf } from '../resources/group.ts'
import { passwordDigest, type UserState, user as userOf } from '../resources/user.ts'
import { Secret } from '../util/secret.ts'
import { fieldsOf } from './result-fields.ts'
import { type UserParams, userParams } from './user-params.ts'
import { type UserFound, userSteps } from './user-steps.ts'

type UserReads = { readonly user: Read<UserState> } & { readonly [group: `group ${string}`]: Read<GroupState> } & {
  /** Who has the number asked for. */
  readonly holder?: Read<UserState>
}

/** The groups asked for, as a list. */
export function askedGroups({ groups }: UserParams): readonly string[] | undefined {
  if (groups === undefined) return undefined
  const words = typeof groups === 'string' ? groups.split(',').map((word) => word.trim()) : groups
  return [...new Set(words.filter((word) => word !== ''))]
}

function readsOf(params: UserParams, soFar: FoundSoFar): UserReads {
  const { name, state = 'present', uid, nonUnique, group, password, passwordLock, expires } = params
  refuse(params)
  if (state === 'absent') return { user: userOf(name) }
  const self = userOf(name, password !== undefined || passwordLock !== undefined || expires !== undefined ? 'shadow' : 'groups')
  const isNew = soFar.get(self)?.exists === false
  const groups = [...(askedGroups(params) ?? []), ...(group !== undefined ? [group] : isNew ? [name] : [])]
  return {
    user: self,
    ...Object.fromEntries(groups.map((each) => [`group ${each}` as const, groupOf(each)])),
    ...(uid !== undefined && !nonUnique && { holder: userOf(String(uid)) }),
  }
}

function refuse(params: UserParams): void {
  const { name, state = 'present', comment = '', home = '/', shell = '/', skeleton = '/', password, append, remove, force } = params
  if (/^\d+$/.test(name)) throw new Refusal(`'${name}' is a number, and a user needs a name`, 'Give the number as uid.')
  for (const [field, text] of Object.entries({ comment, home, shell, skeleton }))
    if (/[:\p{Cc}]/u.test(text)) throw new Refusal(`${field} of the user ${name} holds a colon or a line's end, which /etc/passwd cannot`)
  if (password !== undefined && !isHash(reveal(password)))
    throw new Refusal(
      `the password of the user ${name} is not the hash of one`,
      "Give what stands in /etc/shadow: '$y$…' or '$6$…', as made by 'mkpasswd' or 'openssl passwd -6'; '*' for no password that fits.",
    )
  if (append && askedGroups(params) === undefined) throw new Refusal(`append says how groups of the user ${name} count, and there are none`)
  if (state === 'present' && (remove || force))
    throw new Refusal(`${remove ? 'remove' : 'force'} is for state 'absent' only, and the user ${name} shall be present`)
}

/** `$id$…` of crypt, DES in 13 letters, a `*`, and each of them locked by `!`. */
const isHash = (text: string) => /^!*(\$[A-Za-z0-9-]+\$[!-9;-~]{10,}|[./0-9A-Za-z]{13}|\*)$|^!+$/.test(text)
const reveal = (password: string | Secret) => (password instanceof Secret ? password.reveal() : password)

function groupName(found: UserFound, asked: string): string {
  const state = found[`group ${asked}`]
  if (!state?.exists)
    throw new Refusal(`there is no group ${asked} on this host`, `Make it by a task before this one: group({ name: '${asked}' }).`)
  return typeof state.name === 'string' ? state.name : asked
}

function planOf(params: UserParams, found: UserFound): Wanted<UserReads> {
  const { name, state = 'present', uid, group, comment, home, shell, createHome = true } = params
  const { user, holder } = found
  if (state === 'absent') return { user: { exists: false } }
  if (holder?.exists && holder.name !== name)
    throw new Refusal(
      `the user ${name} shall have the number ${uid}, which the user ${holder.name} has on this host`,
      'Choose another uid, or set nonUnique: true.',
    )
  const end = home ?? (user.exists ? user.home : `${user.homes}/${name}`)
  const groups = wantedGroups(params, found)
  return {
    user: {
      ...(!user.exists && { exists: true, name }),
      ...(uid !== undefined && { uid }),
      ...(group !== undefined && { group: groupName(found, group) }),
      ...(groups && { groups }),
      ...(comment !== undefined && { comment }),
      home: end,
      // Of users that have no home on purpose.
      ...(createHome && end !== '/nonexistent' && { homeThere: true }),
      ...(shell !== undefined && { shell }),
      ...wantedSecrets(params, user),
    },
  }
}

function wantedGroups(params: UserParams, found: UserFound): readonly string[] | undefined {
  const asked = askedGroups(params)?.map((each) => groupName(found, each))
  if (!asked) return undefined
  const kept = params.append && found.user.exists ? (found.user.groups ?? []) : []
  return [...new Set([...kept, ...asked])].sort()
}

function wantedSecrets({ name, password, updatePassword = 'always', passwordLock, expires }: UserParams, user: UserState) {
  const hash = password === undefined || (user.exists && updatePassword === 'onCreate') ? undefined : reveal(password)
  const digest = hash === undefined ? undefined : passwordDigest(hash)
  const differs = digest !== undefined && !(user.exists && user.password === digest)
  const locked = passwordLock ?? (differs ? hash!.startsWith('!') : undefined)
  const left = digest ?? (user.exists ? user.password : 'none')
  if (passwordLock === false && left === 'none' && (!user.exists || user.locked || differs))
    throw new Refusal(
      `the user ${name} has no password, so unlocking it would let anybody in`,
      'Give a password as well, or leave out passwordLock: keys work without.',
    )
  return {
    ...(digest !== undefined && { password: digest }),
    ...(locked !== undefined && { locked }),
    ...(expires !== undefined && { expires: expiryOf(name, expires) }),
  }
}

function expiryOf(name: string, expires: number | string): string {
  if (expires === 'never' || (typeof expires === 'number' && expires < 0)) return 'never'
  const date = typeof expires === 'number' ? new Date(expires * 1000) : new Date(`${expires}T00:00:00Z`)
  if (Number.isNaN(date.getTime()) || (typeof expires === 'string' && date.toISOString().slice(0, 10) !== expires))
    throw new Refusal(`the user ${name} cannot expire on ${expires}: there is no such day`)
  return date.toISOString().slice(0, 10)
}

/** Files that shadow's tools write, besides the user's own. */
const accountFiles = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'].flatMap((name) => [
  `file:/etc/${name}`,
  `file:/etc/${name}-`,
])

function touches(params: UserParams): readonly string[] {
  const { name, state, home = `/home/${name}`, remove, group } = params
  const groups = [name, ...(group === undefined ? [] : [group]), ...(askedGroups(params) ?? [])].map((each) => `group:${each}`)
  const homes = state === 'absent' ? (remove ? [`*/${name}`] : []) : [home]
  return [
    ...accountFiles,
    `crontab:${name}`,
    ...groups,
    ...homes.flatMap((path) => ['file', 'link'].flatMap((kind) => [`${kind}:${path}`, `${kind}:${path}/*`])),
  ]
}

/** What `user` left. Of a user that is absent name and state alone. */
export interface UserResult {
  readonly name: string
  readonly state: 'present' | 'absent'
  readonly uid?: number
  /** The number of the primary group, as Ansible has it. */
  readonly group?: number
  readonly groupName?: string
  readonly groups?: readonly string[]
  readonly comment?: string
  readonly home?: string
  readonly shell?: string
}

/** Users of the host. */
export const user = defineModule({
  name: 'user',
  summary: 'A user: there or not, its groups, home, shell, password and expiry',
  params: userParams,
  reads: readsOf,
  plan: (params, found) => planOf(params, found as UserFound),
  steps: (params, { found, wanted }) => userSteps(params, found as UserFound, wanted.user ?? {}),
  touches,
  result: ({ name, state = 'present' }, { after: { user } }): UserResult => {
    if (!user.exists) return { name, state }
    const { uid, gid, groups, comment, home, shell, group } = user
    const named = { ...(group !== undefined && { groupName: group }), ...(groups !== undefined && { groups }) }
    return { name, state, uid, group: gid, ...named, comment, home, shell }
  },
  resultFields: fieldsOf<UserResult>({
    name: 'the user',
    state: "'present' or 'absent'",
    uid: 'its number; this and the following only of a user that is there',
    group: 'the number of its primary group',
    groupName: 'the name of its primary group',
    groups: 'names of its other groups',
    comment: 'its full name, or what else is said of it',
    home: 'its home directory',
    shell: 'its shell',
  }),
})
