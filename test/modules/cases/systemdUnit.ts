import { systemdUnit } from '../../../src/modules/systemd-unit.ts'
import { hostileValues, type LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { rendering } from '../case-helpers.ts'
import { inOrder } from '../lab-cases.ts'

const name = 'rollcall-law.service'
const path = `/etc/systemd/system/${name}`
const unit = (description: string) => `[Unit]
Description=${description}
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
`
const none = sh`systemctl -q disable --now ${name} 2>/dev/null; rm -f ${path}; systemctl daemon-reload; systemctl reset-failed ${name} 2>/dev/null; true`
const there = inOrder(
  none,
  sh`printf %s ${unit('old')} >${path} && chmod 0644 ${path} && systemctl daemon-reload && systemctl -q enable --now ${name} 2>/dev/null`,
)

export const labCases: readonly LawCase[] = [
  {
    name: 'systemdUnit writes a unit and starts it',
    before: none,
    call: () => systemdUnit({ name, content: unit('new'), state: 'started', enabled: true }),
    after: sh`systemctl is-active -q ${name} && systemctl is-enabled -q ${name} && [ "$(stat -c %a ${path})" = 644 ]`,
  },
  {
    name: 'systemdUnit changes a unit, and restarts nothing',
    before: inOrder(there, sh`systemctl show -P MainPID ${name} >/run/law-pid`),
    call: () => systemdUnit({ name, content: unit('new'), state: 'started' }),
    after: sh`[ "$(systemctl show -P Description ${name})" = new ] && [ "$(systemctl show -P MainPID ${name})" = "$(cat /run/law-pid)" ]`,
  },
  {
    name: 'systemdUnit leaves a unit',
    before: there,
    call: () => systemdUnit({ name, content: unit('old'), state: 'started', enabled: true }),
    expect: 'nothing',
  },
  {
    name: 'systemdUnit lets systemd read what was changed behind its back',
    before: inOrder(there, sh`printf %s ${unit('new')} >${path}`),
    call: () => systemdUnit({ name, content: unit('new') }),
    after: sh`[ "$(systemctl show -P NeedDaemonReload ${name})" = no ]`,
  },
  {
    name: 'systemdUnit stops and disables',
    before: there,
    call: () => systemdUnit({ name, content: unit('old'), state: 'stopped', enabled: false }),
  },
  { name: 'systemdUnit writes a unit from a template', before: none, call: () => systemdUnit({ name, src: rendering({ a: 1 }) }) },
  {
    name: 'systemdUnit refuses a unit that is masked',
    before: inOrder(none, sh`ln -s /dev/null ${path} && systemctl daemon-reload`),
    call: () => systemdUnit({ name, content: unit('new') }),
    expect: 'refusal',
    after: none,
  },
  { name: 'systemdUnit refuses neither content nor src', call: () => systemdUnit({ name }), expect: 'refusal' },
  {
    name: 'systemdUnit refuses hostile names',
    hostile: true,
    call: (_, hostile) => systemdUnit({ name: `a ${hostile}.service`, content: unit('') }),
    expect: 'refusal',
  },
  {
    name: 'systemdUnit takes hostile content',
    before: none,
    call: () => systemdUnit({ name, content: unit(hostileValues.join(' \n')) }),
  },
]
