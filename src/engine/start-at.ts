import type { TaskRecord } from '../dsl/record.ts'
import { RollcallError } from '../model/errors.ts'
import { isWild, testOf } from '../model/host-pattern.ts'
import { suggest } from '../util/suggest.ts'
import type { SelectedPlay } from './select.ts'

/**
 * What `--start-at-task` leaves: the first task of that name, whole or as a glob, and all behind it. Tasks before it are as
 * skipped, and plays before its play do not run. Tags count for what is left.
 * @throws RollcallError (exit 1) for a name that no task has.
 */
export function startAt(plays: readonly SelectedPlay[], name: string, playbook: string): readonly SelectedPlay[] {
  const places = plays.flatMap((selected, play) =>
    selected.play.tasks.flatMap((task, at) => (task.kind === 'task' ? [{ play, at, task, runs: selected.hosts.length > 0 }] : [])),
  )
  const reached = places.filter(({ runs }) => runs)
  const first = find(reached, name)
  if (!first) throw noSuchTask(plays, name, playbook, find(places, name)?.play)
  return plays.map((selected, at) => {
    if (at > first.play) return selected
    if (at < first.play) return { ...selected, hosts: [], tasks: [] }
    const behind = new Set(selected.play.tasks.slice(first.at))
    return { ...selected, tasks: selected.tasks.filter((task) => behind.has(task)) }
  })
}

/** A task has a name of its own, one with its service module before it, and one with its play before that. */
const namesOf = ({ name, id }: TaskRecord) => [name, name.slice(name.lastIndexOf(' : ') + 3 * Number(name.includes(' : '))), id]

function find<P extends { readonly task: TaskRecord }>(places: readonly P[], name: string): P | undefined {
  const exact = places.find(({ task }) => namesOf(task).includes(name))
  if (exact || !isWild(name) || name.startsWith('~')) return exact
  try {
    const test = testOf(name)
    return places.find(({ task }) => namesOf(task).some(test))
  } catch {
    return undefined // Its brackets are no range, and no task is called so.
  }
}

function noSuchTask(plays: readonly SelectedPlay[], name: string, playbook: string, elsewhere: number | undefined): RollcallError {
  const refuse = (detail: string, fix: string) =>
    new RollcallError({ summary: 'There is no such task to start at', detail, fix, exitCode: 1 })
  const list = `rollcall run ${playbook} --list-tasks`
  if (elsewhere !== undefined)
    return refuse(
      `'${name}' is in play '${plays[elsewhere]!.play.name}', which has no target in this run`,
      `See which hosts there are:\nrollcall run ${playbook} --list-hosts`,
    )
  const running = plays.filter(({ hosts }) => hosts.length > 0)
  if (running.some(({ play }) => play.handlers.some((handler) => namesOf(handler).includes(name))))
    return refuse(`'${name}' is a handler: it runs where a change notifies it`, `See which tasks there are:\n${list}`)
  const meant = suggest(
    name,
    running.flatMap(({ play }) => play.tasks.filter(({ kind }) => kind === 'task').map((task) => task.name)),
  )
  return refuse(
    `'${name}' in playbook '${playbook}'`,
    meant === undefined ? `See which tasks there are:\n${list}` : `Did you mean '${meant}'?`,
  )
}
