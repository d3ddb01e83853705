import { Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import type { Read, Wanted } from '../dsl/resource.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { run, type Step } from '../dsl/step.ts'
import { accountPattern, requireChangeable } from '../resources/account-script.ts'
import { type GroupState, group as groupOf } from '../resources/group.ts'
import { sh } from '../util/sh.ts'
import { fieldsOf } from './result-fields.ts'

const params = parameters({
  name: Type.String({ pattern: accountPattern, description: 'the group' }),
  state: Type.Optional(oneOf(['present', 'absent'], { description: 'present (default) or removed' })),
  gid: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 4_294_967_294, description: 'its number; a change leaves files with the old number as they are' }),
  ),
  system: Type.Optional(Type.Boolean({ description: 'take the number from those for system groups; counts only when the group is made' })),
  nonUnique: Type.Optional(Type.Boolean({ description: 'allow a gid that another group has' })),
  force: Type.Optional(Type.Boolean({ description: 'remove it even though it is the primary group of a user' })),
})
type GroupParams = Params<typeof params>

/** What `group` left. */
export interface GroupResult {
  readonly name: string
  readonly state: 'present' | 'absent'
  readonly system: boolean
  readonly gid?: number
}
type GroupReads = {
  readonly group: Read<GroupState>
  /** Who has the number asked for. */
  readonly holder?: Read<GroupState>
}
type Found = { readonly group: GroupState; readonly holder?: GroupState }

function readsOf({ name, state = 'present', gid, nonUnique }: GroupParams): GroupReads {
  if (/^\d+$/.test(name)) throw new Refusal(`'${name}' is a number, and a group needs a name`, 'Give the number as gid.')
  if (state === 'absent') return { group: groupOf(name, 'users') }
  return { group: groupOf(name), ...(gid !== undefined && !nonUnique && { holder: groupOf(String(gid)) }) }
}

function planOf({ name, state = 'present', gid, force }: GroupParams, { group, holder }: Found): Wanted<GroupReads> {
  if (state === 'absent') {
    if (group.exists && !force && group.primaryOf?.length)
      throw new Refusal(
        `the group ${name} is the primary group of ${group.primaryOf.join(', ')}, so it cannot be removed`,
        'Remove the user or give it another group first, or set force: true.',
      )
    return { group: { exists: false } }
  }
  if (holder?.exists && holder.name !== name)
    throw new Refusal(
      `the group ${name} shall have the number ${gid}, which the group ${holder.name} has on this host`,
      'Choose another gid, or set nonUnique: true.',
    )
  return { group: { exists: true, ...(!group.exists && { name }), ...(gid !== undefined && { gid }) } }
}

function stepsOf({ name, state = 'present', gid, system, nonUnique, force }: GroupParams, { group }: Found): readonly Step[] {
  requireChangeable(group.changeable, `the group ${name}`, 'groupadd')
  if (state === 'absent') return [run(sh`groupdel ${force ? ['-f'] : []} -- ${name}`)]
  const number = gid === undefined ? [] : ['-g', gid, ...(nonUnique ? ['-o'] : [])]
  return [group.exists ? run(sh`groupmod ${number} -- ${name}`) : run(sh`groupadd ${system ? ['-r'] : []} ${number} -- ${name}`)]
}

/** Groups of the host. Who is in a group is said by `user`. */
export const group = defineModule({
  name: 'group',
  summary: 'A group of users: there or not, and its number',
  params,
  reads: readsOf,
  plan: planOf,
  steps: (given, { found }) => stepsOf(given, found),
  touches: ({ name }) => ['group', 'gshadow', 'group-', 'gshadow-'].map((file) => `file:/etc/${file}`).concat(`user:${name}`),
  result: ({ name, state = 'present', system = false }, { after }): GroupResult => ({
    name,
    state,
    system,
    ...(after.group.exists && { gid: after.group.gid }),
  }),
  resultFields: fieldsOf<GroupResult>({
    name: 'the group',
    state: "'present' or 'absent'",
    system: 'whether a number of those for system groups was asked for',
    gid: 'its number; absent where there is no such group',
  }),
})
