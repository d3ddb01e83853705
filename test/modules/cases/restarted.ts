import { restarted } from '../../../src/modules/service-actions.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { inOrder, toyd } from '../lab-cases.ts'

const service = 'rollcall-toyd'

export const labCases: readonly LawCase[] = [
  {
    name: 'restarted: what runs',
    before: inOrder(toyd, sh`systemctl show -P MainPID ${service} >/run/law-pid`),
    call: () => restarted({ service }),
    after: sh`systemctl is-active -q ${service} && [ "$(systemctl show -P MainPID ${service})" != "$(cat /run/law-pid)" ]`,
  },
  {
    name: 'restarted: what does not run is started',
    before: inOrder(toyd, sh`systemctl stop ${service}`),
    call: () => restarted({ service }),
    after: sh`systemctl is-active -q ${service}`,
  },
  {
    name: 'restarted: a unit that was changed is read again first',
    before: inOrder(
      toyd,
      sh`folder=/etc/systemd/system/${service}.service.d
mkdir -p $folder && printf '[Unit]\nDescription=old\n' >$folder/a.conf && systemctl daemon-reload && sleep 0.02
printf '[Unit]\nDescription=changed\n' >$folder/a.conf`,
    ),
    call: () => restarted({ service }),
    after: sh`[ "$(systemctl show -P Description ${service})" = changed ]`,
  },
  {
    name: 'restarted: a drop-in in a new folder is read first',
    before: inOrder(
      toyd,
      sh`rm -rf /etc/systemd/system/${service}.service.d && systemctl daemon-reload
folder=/etc/systemd/system/${service}.service.d
mkdir $folder && printf '[Unit]\nDescription=new folder\n' >$folder/a.conf`,
    ),
    call: () => restarted({ service }),
    after: sh`[ "$(systemctl show -P Description ${service})" = 'new folder' ]`,
  },
  {
    name: 'restarted: hostile names are refused',
    hostile: true,
    call: (_, hostile) => restarted({ service: `a ${hostile}` }),
    expect: 'refusal',
  },
]
