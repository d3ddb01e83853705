import { type RunStep, run } from '../dsl/step.ts'
import { unitId } from '../resources/unit.ts'
import { Script, sh } from '../util/sh.ts'

const explain = new Script(`explain() {
  rc=$?
  echo >&2
  systemctl --no-pager --full --lines=20 status -- "$1" >&2
  exit "$rc"
}`)

/** People see the call alone. */
function titled(call: Script, whole: Script): RunStep {
  return { ...run(whole), title: call.shown }
}

/** A verb of systemctl; when it fails, the unit's state and last log lines come with the error. */
export function systemctl(verb: string, name: string, noBlock = false): RunStep {
  const call = sh`systemctl ${noBlock ? ['--no-block', verb] : verb} -- ${unitId(name)}`
  return titled(
    call,
    sh`${explain}
${call} || explain ${unitId(name)}`,
  )
}

/** Lets systemd read its files again. */
export function daemonReload(): RunStep {
  return run(sh`systemctl daemon-reload`)
}

// Whatever NeedDaemonReload says: systemd remembers for a while which folders there are, and then does not see a drop-in in
// a new one.
const reloadFirst = new Script('systemctl daemon-reload || exit')

/** Restarts a unit; a changed unit file is read first, as nobody wants the old one started again. */
export function restartStep(name: string): RunStep {
  return titled(
    sh`systemctl restart -- ${unitId(name)}`,
    sh`${explain}
unit=${unitId(name)}
${reloadFirst}
systemctl restart -- "$unit" || explain "$unit"`,
  )
}

/** Reloads a unit's configuration; one that does not run is started, as with Ansible. */
export function reloadStep(name: string): RunStep {
  return titled(
    sh`systemctl reload -- ${unitId(name)}`,
    sh`${explain}
unit=${unitId(name)}
${reloadFirst}
if systemctl is-active --quiet -- "$unit"; then verb=reload; else verb=start; fi
systemctl "$verb" -- "$unit" || explain "$unit"`,
  )
}
