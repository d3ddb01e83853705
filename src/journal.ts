import { namesIn } from './engine/past.ts'
import type { Emit } from './model/event.ts'
import type { OpenedPlaybook, PlaybookRequest } from './open-playbook.ts'
import { type Journal, newRun, openJournal } from './store/index.ts'

/** A listener that hands events on, and writes them down. */
export interface Kept {
  readonly emit: Emit
  readonly close: () => void
}

/**
 * Keeps what happens in a run. The journal is made with the first event, so that what is refused before leaves none. A journal
 * that cannot be written is one warning and nothing else.
 */
export function keepJournal(opened: OpenedPlaybook, request: PlaybookRequest & { readonly check: boolean }, emit: Emit): Kept {
  let journal: Journal | undefined
  let tried = false
  const failed = (reason: string) => {
    journal = undefined
    emit({
      event: 'warning',
      message: `The journal of this run cannot be written: ${reason}`,
      fix: 'The run goes on. It will not be found by rollcall runs, --retry-failed and --resume.',
    })
  }
  const open = (): Journal | undefined => {
    const { project, playbook, playbookFile, inventoryPath, selection } = opened
    const { check, limit, exclude, tags, skipTags, startAt } = request
    const head = {
      event: 'journal',
      ...newRun(new Date()),
      playbook: playbook.name,
      playbookFile,
      inventoryFile: inventoryPath,
      check,
      ...(limit !== undefined && { limit }),
      ...(exclude !== undefined && { exclude }),
      tags,
      skipTags,
      ...(startAt !== undefined && { startAt }),
      tasks: namesIn(selection.plays),
    } as const
    try {
      return openJournal(project.root, head, project.runs, failed)
    } catch (error) {
      failed((error as Error).message)
      return undefined
    }
  }
  return {
    emit: (event) => {
      if (event.event === 'running') return emit(event) // It tells of what is told again when it is over.
      if (!tried) {
        tried = true
        // The first event is the header, and a warning belongs behind it.
        emit(event)
        journal = open()
        journal?.add(event)
        return
      }
      journal?.add(event)
      emit(event)
    },
    close: () => journal?.close(),
  }
}
