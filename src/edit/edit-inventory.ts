import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { shortPath } from '../load/code-frame.ts'
import { importInventory } from '../load/import.ts'
import { findInventory, findProject, type Project } from '../load/project.ts'
import { RollcallError } from '../model/errors.ts'
import { layAside, loadAside, mustReach } from './aside.ts'
import type { Desk } from './definition.ts'
import { differences, type Plain, plainOf, sentence } from './effects.ts'
import { alone } from './lock.ts'
import { mentionsOf } from './mentions.ts'
import { type Plan, refuse } from './plan.ts'
import type { Edited, EditRequest, Mention } from './request.ts'
import { openSources, realPath } from './source.ts'
import { doEdit } from './verbs.ts'
import { writeAll } from './write.ts'

/**
 * Edits a typed inventory: the least change of its text, which is type-checked, loaded and compared with what was meant
 * before any file is written. Contacts no host.
 * @throws RollcallError (exit 1) where it cannot be; then every file is as it was.
 */
export async function editInventory({ root, inventory, edit, check }: EditRequest): Promise<Edited> {
  const project = findProject(root)
  refuseOthers(project, inventory, root)
  const path = findInventory(project, inventory, root)
  const short = (file: string) => shortPath(project.root, file)
  return alone(project.root, async () => {
    const { model } = await importInventory(project, path)
    const desk: Desk = { root: project.root, entry: path, sources: openSources(), model }
    const plan = doEdit(desk, edit)
    const changed = desk.sources.changed()
    const files = changed.map(({ path: file, before, after }) => ({ file: short(file), before, after }))
    const said = { inventory: short(path), done: plan.done, changed: files.length > 0, check, files, notes: plan.notes ?? [] }
    if (files.length === 0) return { ...said, mentions: [] }
    const told = await tryOut(project, path, desk, plan)
    const edited = new Set(changed.map((each) => realPath(each.path)))
    const mentions = plan.gone === undefined ? [] : mentionsOf(project, plan.gone, edited)
    if (plan.gone !== undefined && !plan.force) refuseNamed(plan.gone, mentions)
    if (!check) await writeAll(changed, short)
    return { ...said, notes: [...said.notes, ...told], mentions }
  })
}

/** Loads the edited inventory, and holds it to the plan. Gives what else becomes of it that somebody should know. */
async function tryOut(project: Project, path: string, { sources, model }: Desk, plan: Plan): Promise<readonly string[]> {
  mustReach(sources, path)
  const aside = layAside(project, path, sources)
  let after: Plain
  try {
    after = plainOf(await loadAside(project, path, aside))
  } finally {
    aside.remove()
  }
  const before = plainOf(model)
  const found = differences(plan.kept?.(before) ?? before, plan.seen?.(after) ?? after)
  const other = found.filter(({ path: where }) => !plan.may(where))
  const missed = plan.missed(after)
  if (other.length > 0 || missed !== undefined)
    throw new RollcallError({
      summary: 'The edit was refused: more or less than was meant would change',
      detail: [...(missed === undefined ? [] : [missed]), ...other.slice(0, 5).map(sentence)].join('\n'),
      fix: 'Code in the inventory makes something else of it. Change it in an editor. No file was changed.',
      exitCode: 1,
    })
  return plan.tells ? found.filter(({ path: where }) => where[2] === 'vars' || where[2] === 'connection').map(sentence) : []
}

function refuseNamed(name: string, mentions: readonly Mention[]): void {
  const playbooks = mentions.filter(({ kind }) => kind === 'playbook')
  if (playbooks.length === 0) return
  refuse(
    'Playbooks name what would be gone',
    [`'${name}':`, ...mentions.slice(0, 20).map(({ kind, at }) => `${at}${kind === 'playbook' ? '' : ` (${kind})`}`)].join('\n'),
    'Change them first, or add --force. No file was changed.',
  )
}

/** What is no TypeScript is changed by whoever keeps it. */
function refuseOthers(project: Project, inventory: string | undefined, cwd: string): void {
  if (inventory === undefined) return
  const found = [cwd, project.inventories, project.root].map((base) => resolve(base, inventory))
  const other = found.find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined && !/\.[cm]?ts$/.test(path))
  if (other === undefined || found.some((path) => statSync(`${path}.ts`, { throwIfNoEntry: false }) !== undefined)) return
  refuse(
    'Only typed inventories are edited by command',
    `${shortPath(project.root, other)} is no TypeScript`,
    `Change the file itself, or make a typed inventory of it:\nrollcall inventory import ${shortPath(project.root, other)}`,
  )
}
