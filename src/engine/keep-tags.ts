import type { Playbook } from '../dsl/playbook.ts'
import { RollcallError } from '../model/errors.ts'
import { suggest } from '../util/suggest.ts'

/** What `--tags` and `--skip-tags` say. */
export interface TagOptions {
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
}

/** Tags that mean something of their own. */
const special = ['all', 'always', 'never', 'tagged', 'untagged']

/**
 * Whether tags leave a task, as in Ansible: `always` runs unless it is skipped, `never` only where a tag of it is asked for;
 * `all`, `tagged` and `untagged` stand for tasks by whether they have tags.
 */
export function keeps(tags: readonly string[], { tags: asked, skipTags: skipped }: TagOptions): boolean {
  const among = (names: readonly string[]) => (tags.length === 0 ? names.includes('untagged') : tags.some((tag) => names.includes(tag)))
  const wanted = () => {
    if (tags.includes('always') || among(asked)) return true
    if (tags.includes('never')) return false
    return asked.length === 0 || asked.includes('all') || (asked.includes('tagged') && tags.length > 0)
  }
  if (!wanted()) return false
  if (skipped.includes('all')) return tags.includes('always') && !skipped.includes('always')
  return !among(skipped) && !(skipped.includes('tagged') && tags.length > 0)
}

/** @throws RollcallError (exit 1) for a tag that no task has. */
export function checkTags(playbook: Playbook, { tags, skipTags }: TagOptions): void {
  const own = new Set(playbook.plays.flatMap((play) => [...play.tags, ...play.tasks.flatMap((task) => task.tags)]))
  for (const tag of [...tags, ...skipTags]) {
    if (special.includes(tag) || own.has(tag)) continue
    const meant = suggest(tag, [...special, ...own])
    throw new RollcallError({
      summary: 'No task has this tag',
      detail: `'${tag}' in playbook '${playbook.name}'`,
      fix: meant
        ? `Did you mean '${meant}'?`
        : `The playbook's tags are: ${[...own].filter((name) => !special.includes(name)).join(', ') || 'none'}.`,
      exitCode: 1,
    })
  }
}
