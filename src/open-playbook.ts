import { relative } from 'node:path'
import { chooseInventory, sourceWarnings } from './choose-inventory.ts'
import { partsOf } from './dsl/inventory.ts'
import type { Playbook } from './dsl/playbook.ts'
import type { Terminal } from './engine/context.ts'
import { type Selection, type SelectOptions, select } from './engine/select.ts'
import { giveInputs } from './give-inputs.ts'
import { limitFiles } from './limit-files.ts'
import { loadPlaybook } from './load/load.ts'
import { findPlaybook, findProject, type Project } from './load/project.ts'
import { formatLine } from './model/errors.ts'
import type { GivenInput } from './model/input.ts'
import type { InventoryModel } from './model/inventory.ts'
import { overrideVars } from './override-vars.ts'
import { refreshed, settling } from './settle-inventory.ts'

/** Which playbook, on which inventory, narrowed how. */
export interface PlaybookRequest {
  /** The folder the command was given in. */
  readonly root: string
  readonly playbook: string
  readonly inventory?: string
  readonly limit?: string
  /** The option that gave the limit, for messages; default `--limit`. */
  readonly limitOption?: string
  /** Hosts to take away from the limit. */
  readonly exclude?: string
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  /** Hosts that an earlier run has left something to do on. */
  readonly only?: SelectOptions['only']
  /** The task to begin with: its name, or a glob. */
  readonly startAt?: string
  /** No host or no task being left is no error. */
  readonly allowEmpty?: boolean
  /** The words behind `-e`: `name=value`, `@file`. */
  readonly given?: readonly string[]
  /** Sources of the inventory are asked, whatever is kept of them. */
  readonly refreshInventory?: boolean
  /** Asked for inputs that are not given. */
  readonly terminal?: Terminal | undefined
  /** Nothing is to run: where an input is not given something stands for it, and nobody is asked. */
  readonly standIns?: boolean
}

/** A playbook that is loaded and narrowed; its type-check is under way. */
export interface OpenedPlaybook {
  readonly project: Project
  readonly playbook: Playbook
  readonly playbookFile: string
  readonly inventoryPath: string
  /** What in the inventory Ansible would do and Rollcall does not. */
  readonly inventoryWarnings?: readonly string[]
  /** What its inputs, and vars that may be overridden, were given. */
  readonly given: readonly GivenInput[]
  /** The three sets. Worked out without contacting a host. */
  readonly selection: Selection
  /** Settles with the compiler's verdict: rejects with a RollcallError that shows the user's own lines. */
  readonly compiled: Promise<unknown>
  /** Asks the sources of the inventory again; absent where it has none. */
  readonly refresh?: () => Promise<InventoryModel>
  /** Paths in messages: relative to the project. */
  readonly relative: (file: string) => string
}

/**
 * Finds, loads and narrows a playbook while the compiler looks at it. An unknown playbook, host or tag ends here, before
 * any connection.
 */
export async function openPlaybook(request: PlaybookRequest): Promise<OpenedPlaybook> {
  const project = findProject(request.root)
  const playbookFile = findPlaybook(project, request.playbook, request.root)
  const chosen = await chooseInventory(project, request.inventory, request.root)
  const loaded = await loadPlaybook({
    project,
    playbook: playbookFile,
    inventory: chosen.module,
    named: chosen.path,
    settle: settling({ project, path: chosen.path, refresh: request.refreshInventory }),
  })
  const relative = (file: string) => shorten(project.root, file)
  const declared = loaded.playbook.inventory
  const { playbook, given, overrides } = await giveInputs({
    playbook: loaded.playbook,
    path: playbookFile,
    project,
    words: request.given ?? [],
    cwd: request.root,
    terminal: request.terminal,
    standIns: request.standIns ?? false,
    compiled: loaded.checked,
    relative,
  })
  return {
    project,
    playbook,
    playbookFile,
    inventoryPath: chosen.path,
    inventoryWarnings: sourceWarnings(chosen, (at) => formatLine({ file: relative(at.file), line: at.line })),
    given,
    selection: select(playbook, { ...request, readFile: limitFiles(request.root) }),
    compiled: loaded.checked,
    relative,
    ...(partsOf(declared) && { refresh: async () => overrideVars(await refreshed(declared, { project, path: chosen.path }), overrides) }),
  }
}

/** Files of the project relative to its root; others as they are. */
function shorten(root: string, file: string): string {
  const short = relative(root, file)
  return short.startsWith('..') ? file : short
}
