import { service } from '../../../src/modules/service.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { inOrder, toyd } from '../lab-cases.ts'

const name = 'rollcall-toyd'
const stopped = inOrder(toyd, sh`systemctl stop ${name}; systemctl -q disable ${name} 2>/dev/null`)
const masked = inOrder(stopped, sh`systemctl -q mask ${name} 2>/dev/null`)

export const labCases: readonly LawCase[] = [
  {
    name: 'service starts and enables',
    before: stopped,
    call: () => service({ name, state: 'started', enabled: true }),
    after: sh`systemctl is-active -q ${name} && systemctl is-enabled -q ${name}`,
  },
  {
    name: 'service stops and disables',
    before: toyd,
    call: () => service({ name, state: 'stopped', enabled: false }),
    after: sh`! systemctl is-active -q ${name} && ! systemctl is-enabled -q ${name}`,
  },
  {
    name: 'service leaves what runs',
    before: toyd,
    call: () => service({ name: `${name}.service`, state: 'started', enabled: true }),
    expect: 'nothing',
  },
  {
    name: 'service starts what was changed on disk',
    before: inOrder(
      stopped,
      sh`mkdir -p /etc/systemd/system/${name}.service.d && printf '[Unit]\nDescription=changed\n' >/etc/systemd/system/${name}.service.d/a.conf`,
    ),
    call: () => service({ name, state: 'started' }),
    after: sh`[ "$(systemctl show -P Description ${name})" = changed ]`,
  },
  { name: 'service masks', before: toyd, call: () => service({ name, state: 'stopped', masked: true }) },
  {
    name: 'service unmasks and starts',
    before: masked,
    call: () => service({ name, masked: false, state: 'started' }),
    after: sh`systemctl is-active -q ${name}`,
  },
  { name: 'service refuses to start what is masked', before: masked, call: () => service({ name, state: 'started' }), expect: 'refusal' },
  { name: 'service refuses what has no unit', call: () => service({ name: 'rollcall-none', state: 'started' }), expect: 'refusal' },
  {
    name: 'service refuses to disable what has no say',
    call: () => service({ name: 'systemd-journald', enabled: false }),
    expect: 'refusal',
  },
  {
    name: 'service refuses hostile names',
    hostile: true,
    call: (_, hostile) => service({ name: `a ${hostile}`, state: 'started' }),
    expect: 'refusal',
  },
]
