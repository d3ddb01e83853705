import { RollcallError, type SourceLine } from '../model/errors.ts'
import type { TaskRecord } from './record.ts'

/** Words of `--tags` that stand for tasks by whether they have tags. */
const reserved = ['all', 'tagged', 'untagged']

/**
 * @throws RollcallError for a tag that `--tags` could not name: it would mean something else there, or be two.
 */
export function refuseTags(
  play: { readonly name: string; readonly tags: readonly string[]; readonly at: SourceLine | undefined },
  tasks: readonly TaskRecord[],
): void {
  for (const [what, tags, at] of [
    [`play '${play.name}'`, play.tags, play.at] as const,
    ...tasks.map((task) => [`task '${task.name}'`, task.tags, task.at] as const),
  ]) {
    const wrong = tags.find((tag) => reserved.includes(tag) || tag.includes(',') || tag.trim() !== tag || tag === '')
    if (wrong === undefined) continue
    throw new RollcallError({
      summary: 'A tag has a name that --tags could not ask for',
      detail: `${what}: '${wrong}'`,
      fix: reserved.includes(wrong)
        ? `Call it otherwise: to --tags, ${reserved.join(', ')} mean tasks with and without tags.`
        : "Tags are words without commas, one each: tags: ['one', 'other'].",
      ...(at && { at }),
    })
  }
}
