import { matchPattern } from '../engine/limit.ts'
import { limitFiles } from '../limit-files.ts'
import type { InventoryModel } from '../model/inventory.ts'
import type { InventoryRequest } from '../open-inventory.ts'
import { unlockSecrets } from '../unlock-secrets.ts'
import { limitConcurrency } from '../util/concurrency.ts'
import { type Checked, ok, problem, warning } from './check.ts'
import { checkHost } from './hosts.ts'
import { checkMachine, type MachineRequest } from './machine.ts'
import { checkProject } from './project.ts'
import { checkSsh } from './ssh.ts'

export interface DoctorRequest extends InventoryRequest, Omit<MachineRequest, 'now'> {
  /** Hosts to look at as well; none without it. */
  readonly pattern?: string
  readonly forks: number
  /** Gets each finding as soon as it is there. */
  readonly found: (check: Checked) => void
}

/**
 * Looks at this machine, the project and, where a pattern is given, its hosts. Changes nothing on them.
 * @throws RollcallError (exit 1) for a pattern that names an unknown host or group.
 */
export async function doctor(request: DoctorRequest): Promise<readonly Checked[]> {
  const all: Checked[] = []
  const tell = (checks: readonly Checked[]) => {
    all.push(...checks)
    for (const check of checks) request.found(check)
  }
  const { inventory, checks } = await checkProject(request)
  const model = inventory?.model
  // A wrong pattern ends here, before a list of what is right.
  const chosen =
    request.pattern === undefined || model === undefined
      ? []
      : matchPattern(request.pattern, model, 'The pattern', limitFiles(request.root))
  tell(await checkMachine({ ...request, now: Date.now() }))
  tell(checks)
  if (model !== undefined) {
    tell(await checkSsh([...model.hosts.values()]))
    tell(await checkLab(model))
  }
  if (request.pattern !== undefined && model !== undefined) {
    if (chosen.length === 0)
      tell([warning('hosts', `the pattern '${request.pattern}' leaves none`, 'See which hosts there are:\nrollcall inventory list')])
    if (chosen.length > 0) await unlockSecrets()
    const together = limitConcurrency(request.forks)
    await Promise.all(chosen.map((name) => together(async () => tell(await checkHost(model.hosts.get(name)!)))))
  }
  return all
}

async function checkLab({ hosts }: InventoryModel): Promise<readonly Checked[]> {
  if (![...hosts.values()].some(({ connection }) => connection.type === 'lab')) return [ok('lab', 'no host of the inventory stands in it')]
  const { defaultLab, probe, status } = await import('../lab/index.ts')
  const id = defaultLab()
  const state = status(id)
  if (state !== undefined) return [ok('lab', `${id.name} is up with ${state.hosts.length} hosts`)]
  const problems = await probe()
  if (problems.length === 0) return [ok('lab', 'this machine can have one; it is not up')]
  return problems.map(({ missing, fix }) =>
    missing.startsWith('the programs ')
      ? warning('lab', `it needs ${missing}`, `"rollcall lab up" installs them, or do it by hand:\n${fix}`)
      : problem('lab', `this machine cannot have one: ${missing}`, fix),
  )
}
