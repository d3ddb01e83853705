import type { PlayRecord } from './dsl/playbook.ts'
import { formatLine, type SourceLine } from './model/errors.ts'
import { newSetsIn } from './model/host-set.ts'
import type { GivenInput } from './model/input.ts'
import { openPlaybook, type PlaybookRequest } from './open-playbook.ts'
import { type GoOn, openPast } from './past-run.ts'

/** What a run would go through, without contacting a host: for `--list-hosts`, `--list-tasks` and `--list-tags`. */
export interface Outline {
  readonly playbook: string
  readonly inventory: string
  readonly fleet: readonly string[]
  readonly targets: readonly string[]
  /** Values that inputs have here; `not given` where something stands for one. */
  readonly inputs?: readonly GivenInput[]
  readonly plays: readonly {
    readonly name: string
    readonly at?: string
    /** Targets of the play. */
    readonly hosts: readonly string[]
    /** New hosts that it names: those that tasks add to them are its targets, too. */
    readonly adds?: readonly string[]
    /** Every tag of the play and its tasks, those left out by this run as well. */
    readonly tags: readonly string[]
    readonly tasks: readonly { readonly name: string; readonly tags: readonly string[]; readonly at?: string; readonly handler: boolean }[]
  }[]
}

/** The new hosts that a play names. */
export function addsOf({ hosts }: PlayRecord): { readonly adds?: readonly string[] } {
  const sets = [...new Set(newSetsIn(hosts).map(({ name }) => name))]
  return sets.length > 0 ? { adds: sets } : {}
}

/** Loads, type-checks and narrows a playbook. */
export async function outline(asked: PlaybookRequest & { readonly goOn?: GoOn }): Promise<Outline> {
  const request = asked.goOn ? openPast(asked, asked.goOn).request : asked
  const { playbook, inventoryPath, selection, compiled, given, relative } = await openPlaybook({ ...request, standIns: true })
  await compiled
  const place = (at: SourceLine | undefined) => (at ? { at: formatLine({ ...at, file: relative(at.file) }) } : {})
  return {
    playbook: playbook.name,
    inventory: relative(inventoryPath),
    fleet: selection.fleet,
    targets: selection.targets,
    ...(given.length > 0 && { inputs: given }),
    plays: selection.plays.map(({ play, hosts, tasks }) => ({
      name: play.name,
      hosts,
      ...addsOf(play),
      tags: [...new Set([...play.tags, ...play.tasks.filter(({ kind }) => kind !== 'flush').flatMap((task) => task.tags)])].sort(),
      ...place(play.at),
      tasks: [...tasks.filter((task) => task.kind === 'task'), ...play.handlers].map(({ name, tags, kind, at }) => ({
        name,
        tags: [...play.tags, ...tags],
        handler: kind === 'handler',
        ...place(at),
      })),
    })),
  }
}
