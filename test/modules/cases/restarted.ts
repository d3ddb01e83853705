import { restarted } from '../../../src/modules/service-actions.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { inOrder, toyd } from '../lab-cases.ts'
import { service, unitActionCases } from '../unit-action-cases.ts'

export const labCases: readonly LawCase[] = [
  ...unitActionCases('restarted', restarted, false),
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
]
