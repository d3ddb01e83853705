// Loads a playbook as the command line does and prints what came of it as JSON. Arguments: project root, playbook, inventory.

import { importPlaybook } from '../../src/load/import.ts'
import { loadPlaybook } from '../../src/load/load.ts'
import { findInventory, findPlaybook, findProject } from '../../src/load/project.ts'
import { RollcallError } from '../../src/model/errors.ts'

const [root = '.', name = '', inventoryName, mode] = process.argv.slice(2)

async function main(): Promise<void> {
  const project = findProject(root)
  const choice = { playbook: findPlaybook(project, name, root), inventory: findInventory(project, inventoryName, root) }
  const loaded = mode === 'checked' ? await loadPlaybook({ project, ...choice }) : undefined
  const playbook = loaded?.playbook ?? (await importPlaybook(project, choice))
  const checked = await loaded?.checked
  const hosts = [...playbook.inventory.model.hosts.keys()]
  print({ name: playbook.name, plays: playbook.plays.map((play) => [play.name, play.at?.line, play.at?.column]), hosts, checked })
}

main().catch((error: unknown) => {
  if (!(error instanceof RollcallError)) throw error
  print({ error: error.details })
})

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
