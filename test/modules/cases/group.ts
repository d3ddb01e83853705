import { group } from '../../../src/modules/group.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'

const app = sh`groupadd -g 4242 app`

export const systemCases: readonly LawCase[] = [
  { name: 'group makes a group', call: () => group({ name: 'app' }), after: sh`getent group app` },
  {
    name: 'group makes one with a number',
    call: () => group({ name: 'app', gid: 4242 }),
    after: sh`[ "$(getent group app)" = app:x:4242: ]`,
  },
  {
    name: 'group makes one for the system',
    call: () => group({ name: 'app', system: true }),
    after: sh`gid=$(getent group app | cut -d: -f3) && [ "$gid" -lt 1000 ]`,
  },
  { name: 'group leaves one', before: app, call: () => group({ name: 'app', gid: 4242, system: true }), expect: 'nothing' },
  { name: 'group changes the number', before: app, call: () => group({ name: 'app', gid: 4243 }), after: sh`getent group 4243` },
  { name: 'group refuses a number that is taken', before: app, call: () => group({ name: 'other', gid: 4242 }), expect: 'refusal' },
  {
    name: 'group shares a number',
    before: app,
    call: () => group({ name: 'other', gid: 4242, nonUnique: true }),
    after: sh`grep -q ^other:x:4242: /etc/group`,
  },
  { name: 'group removes one', before: app, call: () => group({ name: 'app', state: 'absent' }), after: sh`! getent group app` },
  { name: 'group leaves what is absent', call: () => group({ name: 'app', state: 'absent' }), expect: 'nothing' },
  {
    name: 'group refuses to remove a primary group',
    before: sh`useradd -M joe`,
    call: () => group({ name: 'joe', state: 'absent' }),
    expect: 'refusal',
    after: sh`getent group joe`,
  },
  {
    name: 'group removes a primary group by force',
    before: sh`useradd -M joe`,
    call: () => group({ name: 'joe', state: 'absent', force: true }),
  },
  { name: 'group refuses hostile names', hostile: true, call: (_, hostile) => group({ name: `a${hostile}:` }), expect: 'refusal' },
  { name: 'group refuses a number as name', call: () => group({ name: '4242' }), expect: 'refusal' },
]
