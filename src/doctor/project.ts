import { importPlaybook } from '../load/import.ts'
import { findPlaybook, findProject, listPlaybooks, type Project } from '../load/project.ts'
import { typeCheck } from '../load/type-check.ts'
import { RollcallError } from '../model/errors.ts'
import type { InventoryRequest, OpenedInventory } from '../open-inventory.ts'
import { openInventory } from '../open-inventory.ts'
import { settling } from '../settle-inventory.ts'
import { type Checked, checking, ofError, ok, problem, warning } from './check.ts'
import { folder } from './machine.ts'

export interface CheckedProject {
  readonly checks: readonly Checked[]
  /** Absent where it does not load. */
  readonly inventory?: OpenedInventory
}

/** The project of a folder: that it is one, that its inventory and playbooks load and compile. */
export async function checkProject({ root, inventory }: InventoryRequest): Promise<CheckedProject> {
  let project: Project
  try {
    project = findProject(root)
  } catch (error) {
    if (error instanceof RollcallError) return { checks: [ofError('project', error.details)] }
    throw error
  }
  const checks: Checked[] = [
    ok('project', project.root),
    ...(await checking('project folder', () => folder('project folder', `${project.root}/.rollcall`))),
  ]
  let opened: OpenedInventory | undefined
  checks.push(
    ...(await checking('inventory', async () => {
      opened = await openInventory({ root, ...(inventory !== undefined && { inventory }) })
      return ok('inventory', `${opened.name}: ${opened.model.hosts.size} hosts, ${opened.model.groups.size} groups`)
    })),
  )
  if (opened !== undefined) checks.push(...(await checkPlaybooks(project, opened.source?.module ?? opened.path)))
  return { checks, ...(opened && { inventory: opened }) }
}

async function checkPlaybooks(project: Project, inventory: string): Promise<readonly Checked[]> {
  const names = listPlaybooks(project)
  if (names.length === 0)
    return [warning('playbooks', `there is none in ${project.playbooks}`, 'Write one; docs/writing-playbooks.md says how.')]
  const files = names.map((name) => findPlaybook(project, name, project.root))
  const compiled = typeCheck({ project, files, inventory })
  const found: Checked[] = []
  for (const [at, name] of names.entries())
    found.push(
      ...(await checking(`playbook ${name}`, async () => {
        await importPlaybook(project, { playbook: files[at]!, inventory, settle: settling({ project, path: inventory }) })
        return []
      })),
    )
  found.push(
    ...(await checking('playbooks', async () => {
      const verdict = await compiled
      if (verdict.ok) return []
      const [{ file = '', line, message } = { line: 0, message: '' }] = verdict.diagnostics
      const more = verdict.diagnostics.length === 1 ? '' : `, and ${verdict.diagnostics.length - 1} more`
      return problem(
        'playbooks',
        `they do not compile: ${file}:${line} ${message.split('\n')[0]}${more}`,
        'This shows all, for one playbook:\nrollcall explain <playbook>',
      )
    })),
  )
  return found.length > 0 ? found : [ok('playbooks', `${names.join(', ')}: loaded and compiled`)]
}
