import type { reloaded, restarted } from '../../src/modules/service-actions.ts'
import type { LawCase } from '../../src/testing/index.ts'
import { sh } from '../../src/util/sh.ts'
import { inOrder, toyd } from './lab-cases.ts'

export const service = 'rollcall-toyd'
const pid = sh`systemctl show -P MainPID ${service}`

/** What holds of both actions on services. `keepsProcess`: whether the same process runs on. */
export function unitActionCases(name: string, action: typeof reloaded | typeof restarted, keepsProcess: boolean): readonly LawCase[] {
  const samePid = sh`[ "$(${pid})" = "$(cat /run/law-pid)" ]`
  return [
    {
      name: `${name}: what runs`,
      before: inOrder(toyd, sh`${pid} >/run/law-pid`),
      call: () => action({ service }),
      after: sh`systemctl is-active -q ${service} && ${keepsProcess ? samePid : sh`! ${samePid}`}`,
    },
    {
      name: `${name}: what does not run is started`,
      before: inOrder(toyd, sh`systemctl stop ${service}`),
      call: () => action({ service }),
      after: sh`systemctl is-active -q ${service}`,
    },
    {
      name: `${name}: a unit that was changed is read again first`,
      before: inOrder(
        toyd,
        sh`folder=/etc/systemd/system/${service}.service.d
mkdir -p $folder && printf '[Unit]\nDescription=old\n' >$folder/a.conf && systemctl daemon-reload && sleep 0.02
printf '[Unit]\nDescription=changed\n' >$folder/a.conf`,
      ),
      call: () => action({ service }),
      after: sh`[ "$(systemctl show -P Description ${service})" = changed ]`,
    },
    {
      name: `${name}: hostile names are refused`,
      hostile: true,
      call: (_, hostile) => action({ service: `a ${hostile}` }),
      expect: 'refusal',
    },
  ]
}
