import { Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import type { WantedState } from '../dsl/resource.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import type { Step } from '../dsl/step.ts'
import { type UnitState, unit } from '../resources/unit.ts'
import { daemonReload, systemctl } from './systemctl.ts'

const params = parameters({
  name: Type.String({ minLength: 1, description: 'the service, or any unit of systemd by its full name: haproxy, fstrim.timer' }),
  state: Type.Optional(
    oneOf(['started', 'stopped'], { description: 'running now, or not; to restart or reload use the actions restarted and reloaded' }),
  ),
  enabled: Type.Optional(Type.Boolean({ description: 'started at boot, or not' })),
  masked: Type.Optional(Type.Boolean({ description: 'nothing can start it, or that is lifted' })),
})
type ServiceParams = Params<typeof params>

/** What a unit shall be. A unit without an install section counts as enabled, as with Ansible: there is nothing to do. */
export function planUnit(name: string, { state, enabled, masked }: Omit<ServiceParams, 'name'>, found: UnitState): WantedState<UnitState> {
  const cannotEnable = found.fileState === 'static' || found.fileState === 'indirect' || found.fileState === 'transient'
  if (enabled === false && found.fileState === 'static')
    throw new Refusal(
      `${name} is started by other units, not by itself at boot, so it cannot be disabled`,
      'To keep it from starting set masked: true.',
    )
  if (found.masked && masked !== false && (state === 'started' || enabled))
    throw new Refusal(`${name} is masked on this host, so it cannot be started or enabled`, 'Set masked: false as well.')
  return {
    ...(masked !== undefined && { masked }),
    ...(enabled !== undefined && !(enabled && cannotEnable) && { enabled }),
    ...(state !== undefined && { running: state === 'started' }),
  }
}

/** The way there: unmask and enable before starting, stop before disabling and masking. */
export function unitSteps(name: string, found: UnitState, wanted: WantedState<UnitState>, reload: boolean): readonly Step[] {
  const differs = (field: 'running' | 'enabled' | 'masked') => wanted[field] !== undefined && wanted[field] !== found[field]
  return [
    ...(reload ? [daemonReload()] : []),
    ...(differs('masked') && !wanted.masked ? [systemctl('unmask', name)] : []),
    ...(differs('enabled') && wanted.enabled ? [systemctl('enable', name)] : []),
    ...(differs('running') ? [systemctl(wanted.running ? 'start' : 'stop', name)] : []),
    ...(differs('enabled') && !wanted.enabled ? [systemctl('disable', name)] : []),
    ...(differs('masked') && wanted.masked ? [systemctl('mask', name)] : []),
  ]
}

/** A service of systemd, running or not, now and at boot. */
export const service = defineModule({
  name: 'service',
  summary: 'A service: running or stopped, enabled or disabled at boot',
  params,
  reads: ({ name }) => ({ unit: unit(name) }),
  plan: ({ name, ...asked }, { unit }) => {
    if (!unit.exists)
      throw new Refusal(`service ${name} has no unit on this host`, 'Install its package first, or write its unit with systemdUnit.')
    return { unit: planUnit(name, asked, unit) }
  },
  steps: ({ name }, { found, wanted }) =>
    unitSteps(name, found.unit, wanted.unit ?? {}, found.unit.needDaemonReload && wanted.unit?.running === true),
})
