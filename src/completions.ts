import { chooseInventory } from './choose-inventory.ts'
import { giveInputs } from './give-inputs.ts'
import { importPlaybook } from './load/import.ts'
import { findPlaybook, findProject, listInventories, listPlaybooks } from './load/project.ts'
import { openInventory } from './open-inventory.ts'
import { settling } from './settle-inventory.ts'

/** What a word of a command line may stand for. */
export type CompletionKind = 'playbook' | 'inventory' | 'host' | 'pattern' | 'module' | 'tag' | 'task' | 'var' | 'connection'

export interface CompletionRequest {
  readonly root: string
  readonly kind: CompletionKind
  /** Other words of the same line that decide what there is. */
  readonly inventory?: string
  readonly playbook?: string
  readonly host?: string
}
export interface CompletionValue {
  readonly value: string
  /** A few words for shells that show them. */
  readonly about?: string
}

/** What there is of a kind. Quick: it type-checks nothing and contacts no host. May throw whatever loading throws. */
export async function completions(request: CompletionRequest): Promise<readonly CompletionValue[]> {
  const { root, kind, inventory } = request
  const plain = (values: readonly string[]) => values.map((value) => ({ value }))
  const { useVaultSources } = await import('./secrets/vault-passwords.ts')
  useVaultSources({ passwordFiles: [], ids: [], ask: false, cwd: root, quiet: true })
  switch (kind) {
    case 'playbook':
      return plain(listPlaybooks(findProject(root)))
    case 'inventory':
      return plain(listInventories(findProject(root)))
    case 'module': {
      const { describeModules } = await import('./describe-modules.ts')
      return describeModules().map(({ name, summary }) => ({ value: name, about: summary }))
    }
    case 'connection': {
      const { showConnections } = await import('./connections.ts')
      return showConnections().map(({ host, user, address }) => ({ value: host, about: `${user}@${address}` }))
    }
    case 'tag':
      return plain(request.playbook === undefined ? [] : await tagsOf(root, request.playbook, inventory))
    case 'task':
      return plain(request.playbook === undefined ? [] : await tasksOf(root, request.playbook, inventory))
    case 'host':
    case 'pattern':
    case 'var': {
      const { model } = await openInventory({ root, ...(inventory !== undefined && { inventory }) })
      if (kind === 'var') return plain(Object.keys(model.hosts.get(request.host ?? '')?.vars ?? {}))
      const hosts = [...model.hosts.values()].map(({ name, groups }) => ({ value: name, about: groups.join(', ') || 'host' }))
      const groups = [...model.groups].map(([value, members]) => ({ value, about: `group of ${members.length}` }))
      return kind === 'host' ? hosts : [...groups, ...hosts]
    }
    default:
      return kind satisfies never
  }
}

async function playsOf(root: string, nameOrPath: string, inventory: string | undefined) {
  const project = findProject(root)
  const chosen = await chooseInventory(project, inventory, root)
  const choice = {
    playbook: findPlaybook(project, nameOrPath, root),
    inventory: chosen.module,
    settle: settling({ project, path: chosen.path }),
  }
  const playbook = await importPlaybook(project, choice)
  const request = { path: choice.playbook, project, words: [], cwd: root, terminal: undefined, standIns: true }
  const { plays } = (await giveInputs({ ...request, playbook, compiled: Promise.resolve(), relative: (file) => file })).playbook
  return plays
}

async function tasksOf(...choice: Parameters<typeof playsOf>): Promise<readonly string[]> {
  const plays = await playsOf(...choice)
  return [...new Set(plays.flatMap((play) => play.tasks.filter(({ kind }) => kind === 'task').map(({ name }) => name)))]
}

async function tagsOf(...choice: Parameters<typeof playsOf>): Promise<readonly string[]> {
  const plays = await playsOf(...choice)
  return [...new Set(plays.flatMap((play) => [...play.tags, ...play.tasks.flatMap((task) => task.tags)]))].sort()
}
