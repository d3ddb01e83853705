import type { WantedState } from '../dsl/resource.ts'
import { run, type Step } from '../dsl/step.ts'
import { accountRows, requireChangeable } from '../resources/account-script.ts'
import type { GroupState } from '../resources/group.ts'
import type { UserPresent, UserState } from '../resources/user.ts'
import { Secret } from '../util/secret.ts'
import { Script, sh } from '../util/sh.ts'
import type { UserParams } from './user-params.ts'

/** What is found of a user, of the groups named, and of who has the number asked for. */
export type UserFound = { readonly user: UserState; readonly holder?: UserState } & { readonly [group: `group ${string}`]: GroupState }

type Field = keyof UserPresent

/** The way from the user found to the one wanted: one useradd or usermod, then what these cannot do. */
export function userSteps(params: UserParams, found: UserFound, wanted: WantedState<UserState>): readonly Step[] {
  const { name, state, remove, force } = params
  const { user } = found
  requireChangeable(user.changeable, `the user ${name}`, 'useradd')
  if (state === 'absent') return [run(sh`userdel ${[...(remove ? ['-r'] : []), ...(force ? ['-f'] : [])]} -- ${name}`)]
  const differs = (...fields: readonly Field[]) =>
    fields.some((field) => wanted[field] !== undefined && (!user.exists || String(wanted[field]) !== String(user[field])))
  const changes = optionsOf(params, wanted, differs)
  return [
    ...(user.exists ? modify(params, changes, wanted, differs) : [create(params, found, changes, wanted)]),
    ...secretSteps(params, wanted, differs, user),
  ]
}

type Differs = (...fields: readonly Field[]) => boolean
type Words = readonly (string | number)[]

/** Options that useradd and usermod share, for what differs. */
function optionsOf(params: UserParams, wanted: WantedState<UserState>, differs: Differs): Words {
  const option = (field: Field, letter: string, value: string | number) => (differs(field) ? [letter, value] : [])
  return [
    ...option('uid', '-u', params.uid ?? ''),
    ...(differs('uid') && params.nonUnique ? ['-o'] : []),
    ...option('group', '-g', String(wanted.group)),
    ...option('comment', '-c', params.comment ?? ''),
    ...option('home', '-d', String(wanted.home)),
    ...option('shell', '-s', params.shell ?? ''),
    ...option('expires', '-e', wanted.expires === 'never' ? '' : String(wanted.expires)),
    ...(differs('groups') ? ['-G', (wanted.groups as readonly string[]).join(',')] : []),
  ]
}

function create(
  { name, system, skeleton, createHome = true }: UserParams,
  found: UserFound,
  options: Words,
  wanted: WantedState<UserState>,
): Step {
  // A group of this name is there already: useradd would refuse to make its own.
  const own = wanted.group === undefined && found[`group ${name}`]?.exists ? ['-g', name] : []
  const home = createHome && wanted.homeThere ? ['-m', ...(skeleton === undefined ? [] : ['-k', skeleton])] : ['-M']
  return run(sh`TZ=UTC useradd ${[...options, ...own, ...home, ...(system ? ['-r'] : [])]} -- ${name}`)
}

function modify(
  { name, append, moveHome, skeleton = '/etc/skel' }: UserParams,
  options: Words,
  wanted: WantedState<UserState>,
  differs: Differs,
): readonly Step[] {
  const more = [...(append && differs('groups') ? ['-a'] : []), ...(moveHome && differs('home') ? ['-m'] : [])]
  return [
    ...(options.length > 0 ? [run(sh`TZ=UTC usermod ${[...options, ...more]} -- ${name}`)] : []),
    ...(wanted.homeThere && differs('home', 'homeThere')
      ? [
          run(sh`name=${name} skeleton=${skeleton}
${makeHome}`),
        ]
      : []),
  ]
}

/** As useradd makes one: filled from the skeleton, its mode from login.defs. The user's own line says where and whose. */
const makeHome = sh`${accountRows}
${new Script(`line=$(rows passwd "$name")
home=\${line%:*} ids=\${line#*:*:}
home=\${home##*:} uid=\${ids%%:*} ids=\${ids#*:}
[ -d "$home" ] && exit 0
mode=0755
if [ -r /etc/login.defs ]; then
  while read -r word value rest; do
    [ "$word" != HOME_MODE ] || mode=$value
  done </etc/login.defs
fi
umask 022
mkdir -p -- "\${home%/*}/" && mkdir -m 0700 -- "$home" || exit
[ ! -d "$skeleton" ] || cp -R -- "$skeleton/." "$home/" || exit
chown -R -h -- "$uid:\${ids%%:*}" "$home" && chmod -- "$mode" "$home"`)}`

/** The hash goes by standard input: arguments of a process are for everybody on the host to read. */
function secretSteps({ name, password }: UserParams, wanted: WantedState<UserState>, differs: Differs, user: UserState): readonly Step[] {
  if (password !== undefined && wanted.password !== undefined && differs('password')) {
    const hash = (password instanceof Secret ? password.reveal() : password).replace(/^!+/, '')
    return [run(sh`chpasswd -e`, new TextEncoder().encode(`${name}:${wanted.locked ? '!' : ''}${hash}\n`))]
  }
  // A new user has no password, which is locked already.
  if (wanted.locked === undefined || !differs('locked') || !user.exists) return []
  return [run(sh`usermod ${wanted.locked ? '-L' : '-U'} -- ${name}`)]
}
