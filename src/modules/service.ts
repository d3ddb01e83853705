import { Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'
import { type UnitState, unit } from '../resources/unit.ts'
import { fieldsOf, states } from './result-fields.ts'
import { leftOfUnit, planUnit, type UnitResult, unitFields, unitParams, unitResult, unitSteps } from './unit-plan.ts'

/** What `service` left. */
export interface ServiceResult extends UnitResult {
  readonly before: { readonly unit: UnitState }
  readonly after: { readonly unit: UnitState }
}

/** A service of systemd, running or not, now and at boot. */
export const service = defineModule({
  name: 'service',
  summary: 'A service: running or stopped, enabled or disabled at boot',
  params: parameters({
    name: Type.String({ minLength: 1, description: 'the service, or any unit of systemd by its full name: haproxy, fstrim.timer' }),
    ...unitParams,
    masked: Type.Optional(Type.Boolean({ description: 'nothing can start it, or that is lifted' })),
  }),
  reads: ({ name }) => ({ unit: unit(name) }),
  plan: ({ name, ...asked }, { unit }) => {
    if (!unit.exists)
      throw new Refusal(`service ${name} has no unit on this host`, 'Install its package first, or write its unit with systemdUnit.')
    return { unit: planUnit(name, asked, unit) }
  },
  steps: ({ name, daemonReload, noBlock }, { found, wanted }) =>
    unitSteps(name, found.unit, wanted.unit ?? {}, {
      reload: found.unit.needDaemonReload && (daemonReload === true || wanted.unit?.started === true),
      noBlock,
    }),
  leaves: ({ noBlock }, { wanted, after }) => ({ unit: leftOfUnit(wanted.unit ?? {}, after.unit, noBlock) }),
  result: ({ name }, { before, after }): ServiceResult => ({ ...unitResult(name, after.unit), before, after }),
  resultFields: fieldsOf<ServiceResult>({
    ...unitFields,
    ...states,
  }),
})
