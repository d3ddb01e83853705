import { type MetaAction, Refusal } from '../dsl/definition.ts'
import type { PlayContext } from './context.ts'
import type { Due } from './run-call.ts'

/** Does what a `meta` call asks of the engine, for the host that it stands on. */
export async function perform({ context, playHost }: Due, action: MetaAction): Promise<string | undefined> {
  const { course } = context
  switch (action) {
    case 'endHost':
      playHost.ended = true
      return undefined
    case 'endBatch':
    case 'endPlay':
      course?.end(action === 'endPlay' ? 'play' : 'batch')
      return undefined
    case 'clearHostErrors':
      for (const { state } of context.hosts.values()) {
        if (state.status === 'unreachable') state.lost = true
        if (state.status === 'failed' || state.status === 'unreachable') state.status = 'running'
      }
      return undefined
    case 'resetConnection':
      // The next task connects anew, and says so where it cannot.
      playHost.state.lost = playHost.state.access.reopen !== undefined
      return undefined
    case 'noop':
      return undefined
    case 'refreshInventory':
      return refresh(context, playHost.state.host.name)
    default:
      return action satisfies never
  }
}

/** Once for all hosts on which the task runs now; one of them tells what has come of it. */
async function refresh({ renew, once }: PlayContext, host: string): Promise<string | undefined> {
  if (!renew) throw noSources()
  let told: string | undefined
  const work = async () => {
    const { came, gone } = await renew()
    told = [
      ...(came.length > 0 ? [`later plays have also ${came.join(', ')}`] : []),
      ...(gone.length > 0 ? [`later plays leave out ${gone.join(', ')}, gone from the inventory`] : []),
      ...(came.length + gone.length === 0 ? ['the inventory has the same hosts as before'] : []),
    ].join('; ')
  }
  await (once ? once(host, work) : work())
  return told
}

function noSources(): Refusal {
  return new Refusal('The inventory has no sources to ask', 'Give it some, sources: [jsonFile({ path: … })], or leave the task out.')
}
