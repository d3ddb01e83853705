import { apt } from '../../../src/modules/apt.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { inOrder, toys } from '../lab-cases.ts'

const toy = 'rollcall-toy'
const version = (wanted: string) => sh`[ "$(dpkg-query -W -f ${`\${Version}`} ${toy})" = ${wanted} ]`

export const labCases: readonly LawCase[] = [
  { name: 'apt installs the newest', before: toys(), call: () => apt({ name: toy }), after: version('2.0') },
  {
    name: 'apt installs several, and the service of one runs',
    before: toys(`${toy}=1.0`),
    call: () => apt({ name: [toy, 'rollcall-toyd'], installRecommends: false }),
    after: inOrder(version('1.0'), sh`systemctl is-active -q rollcall-toyd`),
  },
  { name: 'apt installs a version', before: toys(), call: () => apt({ name: `${toy}=1.1` }), after: version('1.1') },
  { name: 'apt leaves a version', before: toys(`${toy}=1.0`), call: () => apt({ name: toy }), expect: 'nothing' },
  { name: 'apt upgrades', before: toys(`${toy}=1.0`), call: () => apt({ name: toy, state: 'latest' }), after: version('2.0') },
  {
    name: 'apt downgrades where it may',
    before: toys(`${toy}=2.0`),
    call: () => apt({ name: `${toy}=1.0`, allowDowngrade: true }),
    after: version('1.0'),
  },
  {
    name: 'apt keeps a configuration file that was changed',
    before: inOrder(toys(`${toy}=1.0`), sh`echo mine >/etc/rollcall-toy.conf`),
    call: () => apt({ name: toy, state: 'latest' }),
    after: sh`[ "$(cat /etc/rollcall-toy.conf)" = mine ]`,
  },
  {
    name: 'apt removes and keeps configuration',
    before: toys(toy),
    call: () => apt({ name: toy, state: 'absent' }),
    after: sh`[ -e /etc/rollcall-toy.conf ] && ! [ -e /usr/bin/rollcall-toy ]`,
  },
  {
    name: 'apt purges what was removed',
    before: inOrder(toys(toy), sh`apt-get -q -y remove ${toy} >/dev/null 2>&1`),
    call: () => apt({ name: toy, state: 'absent', purge: true }),
    after: sh`! [ -e /etc/rollcall-toy.conf ]`,
  },
  { name: 'apt leaves what is absent', before: toys(), call: () => apt({ name: toy, state: 'absent' }), expect: 'nothing' },
  {
    name: 'apt refreshes its lists first',
    before: inOrder(toys(), sh`rm -rf /var/lib/apt/lists/*`),
    call: () => apt({ name: toy, updateCache: true }),
    after: version('2.0'),
  },
  { name: 'apt refuses what it does not know', before: toys(), call: () => apt({ name: 'rollcall-toyx' }), expect: 'refusal' },
  {
    name: 'apt refuses to upgrade what is held',
    before: inOrder(toys(`${toy}=1.0`), sh`apt-mark hold ${toy} >/dev/null`),
    call: () => apt({ name: toy, state: 'latest' }),
    expect: 'refusal',
  },
  { name: 'apt refuses a version together with latest', call: () => apt({ name: `${toy}=1.0`, state: 'latest' }), expect: 'refusal' },
  { name: 'apt refuses hostile names', hostile: true, call: (_, hostile) => apt({ name: hostile }), expect: 'refusal' },
  { name: 'apt refuses hostile versions', hostile: true, call: (_, hostile) => apt({ name: `${toy}=${hostile} ` }), expect: 'refusal' },
]
