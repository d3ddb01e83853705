import type { Outline } from '../outline.ts'
import { type Colours, count, inputLines, printableDeep } from '../report/index.ts'

/** What a run would go through, for people: `--list-hosts`, `--list-tasks`, `--list-tags`. */
export function formatOutline(
  outline: Outline,
  lists: { readonly hosts: boolean; readonly tasks: boolean; readonly tags: boolean },
  colours: Colours,
): string[] {
  const { playbook, inventory, fleet, targets, plays, inputs } = printableDeep(outline)
  return [
    `${colours.strong(`playbook ${playbook}`)} · inventory ${inventory}: ${count(fleet.length, 'host')} · targets ${targets.length}`,
    ...inputLines(inputs ?? [], 1),
    ...(lists.hosts
      ? fleet.map((host) => (targets.includes(host) ? `  ${host}` : colours.faint(`  ${host}  known, but not a target`)))
      : []),
    ...plays.flatMap((play) => [
      `${colours.strong(`play ${play.name}`)} · targets ${play.hosts.length}${play.hosts.length === 0 ? '' : ` (${play.hosts.join(', ')})`}${newHostsWords(play.adds)}${place(play.at, colours)}`,
      ...(lists.tags ? [`  tags ${play.tags.join(', ') || colours.faint('none')}`] : []),
      ...(lists.tasks
        ? play.tasks.map((task) => `  ${task.handler ? 'handler ' : ''}${task.name}${tagList(task.tags)}${place(task.at, colours)}`)
        : []),
    ]),
  ]
}

/** ` · hosts that this run adds (fresh)`. */
export function newHostsWords(adds: readonly string[] | undefined): string {
  return adds === undefined ? '' : ` · hosts that this run adds (${adds.join(', ')})`
}

export function tagList(tags: readonly string[]): string {
  return tags.length === 0 ? '' : `  [${tags.join(', ')}]`
}

export function place(at: string | undefined, colours: Colours): string {
  return at === undefined ? '' : `  ${colours.faint(at)}`
}
