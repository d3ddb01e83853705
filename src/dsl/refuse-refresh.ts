import { RollcallError } from '../model/errors.ts'
import type { TaskRecord } from './record.ts'

/** Whether a task asks the sources of the inventory again; of one that a closure makes it cannot be told. */
export function refreshes({ action }: TaskRecord): boolean {
  if (typeof action === 'function') return false
  return [action]
    .flat()
    .some(({ definition, params }) => definition.name === 'meta' && 'action' in params && params.action === 'refreshInventory')
}

/** @throws RollcallError where there is nothing to ask. */
export function refuseRefresh(play: string, tasks: readonly TaskRecord[]): void {
  const task = tasks.find(refreshes)
  if (task === undefined) return
  throw new RollcallError({
    summary: 'A task asks for the inventory again, which has no sources',
    detail: `task '${task.name}' of play '${play}'`,
    fix: 'What code declares is the same throughout a run. Give the inventory sources, or leave the task out.',
    exitCode: 1,
    ...(task.at && { at: task.at }),
  })
}
