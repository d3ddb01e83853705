import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { accountId, accountRows, type Changeable, changeable, fieldsOfLine, linesOf } from './account-script.ts'
import { inChunks } from './chunks.ts'
import { fieldsOf } from './file-describe.ts'
import { outputReader } from './output-reader.ts'

export interface GroupAbsent {
  readonly exists: false
  readonly changeable: Changeable
}
export interface GroupPresent {
  readonly exists: true
  readonly name: string
  readonly gid: number
  readonly changeable: Changeable
  /** Users of /etc/passwd whose primary group it is. When asked for. */
  readonly primaryOf?: readonly string[]
}
export type GroupState = GroupAbsent | GroupPresent
export type GroupNeed = 'entry' | 'users'

const primaryGroups = new Script(`while IFS=: read -r name x uid gid rest || [ -n "$name" ]; do
  printf '%s:%s\\n' "$name" "$gid"
done </etc/passwd`)

function script(requests: readonly ReadRequest[]): Script {
  return sh`LC_ALL=C; export LC_ALL
${accountRows}
${changeable}
changeable groupadd /etc/group
printf '%s\0' "$can"
${inChunks(
  requests.map(({ id }) => id),
  (chunk) => sh`rows group ${chunk}`,
)}
${
  requests.some(({ need }) => need === 'users')
    ? sh`printf '\0'
if [ -r /etc/passwd ]; then ${primaryGroups}; fi
printf '\0'`
    : sh`printf '\0\0'`
}
exit 0`
}

function parse(stdout: Uint8Array, requests: readonly ReadRequest[]): GroupState[] {
  const output = outputReader(stdout)
  const tools = output.record() as Changeable
  const groups = linesOf(output.record()).map(fieldsOfLine)
  const users = linesOf(output.record()).map(fieldsOfLine)
  return requests.map(({ id, need }) => {
    const row = groups.find(([name]) => name === id) ?? groups.find(([, , gid]) => gid === id)
    if (!row) return { exists: false, changeable: tools }
    const [name = '', , gid] = row
    const state: GroupPresent = { exists: true, name, gid: Number(gid), changeable: tools }
    if (need === 'entry') return state
    return { ...state, primaryOf: users.flatMap(([user = '', primary]) => (primary === gid ? [user] : [])) }
  })
}

/** Groups: one `getent` for all of them, or /etc/group by built-ins. */
export const groupKind: ResourceKind<GroupState> = {
  name: 'group',
  needs: ['entry', 'users'],
  adds: { users: ['primaryOf'] },
  freshness: 'own',
  sharesShell: true,
  script,
  parse,
  describe: (state) => ({ fields: state.exists ? fieldsOf({ state: 'present', gid: state.gid }) : { state: 'absent' } }),
  canonical: (state, id) => (state.exists && typeof state.name === 'string' ? state.name : id),
  absent: (state) => !state.exists,
  absentIsAll: true,
}

/** Reads one group, by name or by number. */
export function group(name: string, need: GroupNeed = 'entry'): Read<GroupState> {
  return readOf(groupKind, accountId('group', name), need)
}
