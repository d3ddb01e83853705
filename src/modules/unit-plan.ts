import { Refusal } from '../dsl/definition.ts'
import type { WantedState } from '../dsl/resource.ts'
import { oneOf, Type } from '../dsl/schema.ts'
import { run, type Step } from '../dsl/step.ts'
import type { UnitState } from '../resources/unit.ts'
import { sh } from '../util/sh.ts'
import { daemonReload, systemctl } from './systemctl.ts'

const happens = (action: string) =>
  `that happens once and is no state; use the action ${action}({ service: … }), as a handler of what makes it needed`

/** Parameters of every module that starts and stops units. */
export const unitParams = {
  state: Type.Optional(
    oneOf(['started', 'stopped'], {
      description:
        'running now, or not; to restart or reload use the actions restarted and reloaded. A oneshot unit without RemainAfterExit counts as started once it has run well since the boot; systemd forgets that where nothing refers to the unit, and then it is run again',
      instead: { restarted: happens('restarted'), reloaded: happens('reloaded') },
    }),
  ),
  enabled: Type.Optional(Type.Boolean({ description: 'started at boot, or not' })),
  daemonReload: Type.Optional(
    Type.Boolean({ description: 'systemd has read the unit file as it is now; before a start that is seen to anyway' }),
  ),
  daemonReexec: Type.Optional(Type.Boolean({ description: 'systemd runs the version of itself that is installed; only root can tell' })),
  noBlock: Type.Optional(
    Type.Boolean({ description: 'do not wait until it is started or stopped; whether it will be is then not verified' }),
  ),
  scope: Type.Optional(
    oneOf(['system'], {
      description: 'whose units: only the system has any here',
      instead: Object.fromEntries(
        ['user', 'global'].map((scope) => [
          scope,
          `units of users' own managers are not supported; run systemctl --user by a shell action`,
        ]),
      ),
    }),
  ),
}

/** What may be asked of a unit. */
export interface UnitAsked {
  readonly state?: 'started' | 'stopped' | undefined
  readonly enabled?: boolean | undefined
  readonly masked?: boolean | undefined
  readonly daemonReload?: boolean | undefined
  readonly daemonReexec?: boolean | undefined
  readonly noBlock?: boolean | undefined
}

/** What a unit shall be. A unit without an install section counts as enabled, as with Ansible: there is nothing to do. */
export function planUnit(name: string, asked: UnitAsked, found: UnitState): WantedState<UnitState> {
  const { state, enabled, masked, daemonReload, daemonReexec } = asked
  if (enabled === false && found.fileState === 'static')
    throw new Refusal(
      `${name} is started by other units, not by itself at boot, so it cannot be disabled`,
      'To keep it from starting set masked: true.',
    )
  if (found.masked && masked !== false && (state === 'started' || enabled))
    throw new Refusal(`${name} is masked on this host, so it cannot be started or enabled`, 'Set masked: false as well.')
  return {
    ...(masked !== undefined && { masked }),
    ...(enabled !== undefined && !(enabled && cannotBeEnabled(found)) && { enabled }),
    ...(state === 'started' && { started: true, ...(!found.oneshot && { running: true }) }),
    ...(state === 'stopped' && { running: false, ...(found.running && { started: false }) }),
    ...(daemonReload && { needDaemonReload: false }),
    ...(daemonReexec && { needDaemonReexec: false }),
  }
}

function cannotBeEnabled({ fileState }: UnitState): boolean {
  return fileState === 'static' || fileState === 'indirect' || fileState === 'transient'
}

/** What must be found of it afterwards: a oneshot unit that was started is stopped again, and a job not waited for may not be done. */
export function leftOfUnit(wanted: WantedState<UnitState>, after: UnitState, noBlock = false): WantedState<UnitState> {
  const { enabled, ...others } = wanted
  // Enabling what turned out to have no install section was nothing to do.
  const kept = enabled && cannotBeEnabled(after) ? others : wanted
  if (!noBlock && !after.oneshot) return kept
  const { started: _, running, ...rest } = kept
  return { ...rest, ...(running === false && !noBlock && { running }) }
}

/** The way there: unmask and enable before starting, stop before disabling and masking. */
export function unitSteps(
  name: string,
  found: UnitState,
  wanted: WantedState<UnitState>,
  { reload, noBlock = false }: { readonly reload: boolean; readonly noBlock?: boolean | undefined },
): readonly Step[] {
  const differs = (field: 'running' | 'started' | 'enabled' | 'masked' | 'needDaemonReexec') =>
    wanted[field] !== undefined && wanted[field] !== found[field]
  return [
    ...(differs('needDaemonReexec') ? [run(sh`systemctl daemon-reexec`)] : []),
    ...(reload ? [daemonReload()] : []),
    ...(differs('masked') && !wanted.masked ? [systemctl('unmask', name)] : []),
    ...(differs('enabled') && wanted.enabled ? [systemctl('enable', name)] : []),
    ...(wanted.started === true && differs('started') ? [systemctl('start', name, noBlock)] : []),
    ...(wanted.running === false && differs('running') ? [systemctl('stop', name, noBlock)] : []),
    ...(differs('enabled') && !wanted.enabled ? [systemctl('disable', name)] : []),
    ...(differs('masked') && wanted.masked ? [systemctl('mask', name)] : []),
  ]
}

/** What modules leave of a unit: Ansible's fields, with systemd's own words in `status`. */
export interface UnitResult {
  readonly name: string
  readonly state: 'started' | 'stopped'
  readonly enabled: boolean
  readonly status: {
    readonly Id: string
    readonly ActiveState: string
    readonly SubState: string
    readonly UnitFileState: string
    readonly FragmentPath: string
  }
}

/** What they are. */
export const unitFields = {
  name: 'the unit as it was given',
  state: "'started' or 'stopped'",
  enabled: 'whether it starts at boot',
  status: "systemd's own words: Id, ActiveState, SubState, UnitFileState and FragmentPath",
}

/** The fields of a unit as it was left. */
export function unitResult(name: string, unit: UnitState): UnitResult {
  const { running, started, enabled, active, sub, fileState, path } = unit
  const status = { Id: unit.name, ActiveState: active, SubState: sub, UnitFileState: fileState, FragmentPath: path }
  return { name, state: started || running ? 'started' : 'stopped', enabled, status }
}
