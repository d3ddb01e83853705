import { defineAction, type Ran } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'
import { unitId } from '../resources/unit.ts'
import { fieldsOf, ranFields } from './result-fields.ts'
import { reloadStep, restartStep } from './systemctl.ts'

const params = parameters({ service: Type.String({ minLength: 1, description: 'the service, or any unit of systemd by its full name' }) })
const touches = ({ service }: { readonly service: string }) => [`unit:${unitId(service)}`]

/** Reloads a service's configuration without stopping it; starts it when it does not run. For handlers. */
export const reloaded = defineAction({
  name: 'reloaded',
  summary: 'Reload a service (start it when it does not run)',
  params,
  steps: ({ service }) => [reloadStep(service)],
  touches,
  resultFields: fieldsOf<Ran>(ranFields),
})

/** Stops a service and starts it again. For handlers. */
export const restarted = defineAction({
  name: 'restarted',
  summary: 'Restart a service',
  params,
  steps: ({ service }) => [restartStep(service)],
  touches,
  resultFields: fieldsOf<Ran>(ranFields),
})
