import type { PlaybookRequest } from '../open-playbook.ts'

type Lab = typeof import('../lab/index.ts')

/** All that commands do happens here. Each part is imported when it is called, so that help and completion stay fast. */
export interface Engine {
  readonly run: typeof import('../run.ts').run
  readonly listRuns: (request: { readonly root: string }) => Promise<ReturnType<typeof import('../runs.ts').listRuns>>
  readonly showRun: (request: { readonly root: string; readonly run: string }) => Promise<ReturnType<typeof import('../runs.ts').showRun>>
  readonly outline: typeof import('../outline.ts').outline
  readonly listInputs: typeof import('../list-inputs.ts').listInputs
  readonly explain: typeof import('../explain.ts').explain
  readonly explainVar: typeof import('../explain-var.ts').explainVar
  readonly explainWord: typeof import('../explain-var.ts').explainWord
  readonly renderOne: typeof import('../render-one.ts').renderOne
  readonly showFacts: typeof import('../show-facts.ts').showFacts
  readonly showInventory: typeof import('../show-inventory.ts').showInventory
  readonly doModule: typeof import('../do.ts').doModule
  readonly editInventory: typeof import('../edit/edit-inventory.ts').editInventory
  readonly importInventoryFrom: typeof import('../import-inventory.ts').importInventoryFrom
  readonly validateInventory: typeof import('../validate-inventory.ts').validateInventory
  readonly exec: typeof import('../exec.ts').exec
  readonly trust: typeof import('../trust.ts').trust
  readonly describeModules: (name?: string) => Promise<ReturnType<typeof import('../describe-modules.ts').describeModules>>
  readonly cleanup: typeof import('../cleanup/cleanup.ts').cleanup
  readonly showConnections: () => Promise<ReturnType<typeof import('../connections.ts').showConnections>>
  readonly closeConnections: typeof import('../connections.ts').closeConnections
  readonly doctor: typeof import('../doctor/doctor.ts').doctor
  readonly completions: typeof import('../completions.ts').completions
  /** Files of secrets, as `rollcall secret` handles them. */
  readonly secrets: () => Promise<typeof import('../secrets/index.ts')>
  readonly lab: () => Promise<Pick<Lab, LabVerb>>
  /** The hosts of an inventory that the lab provides. */
  readonly labHosts: (
    request: Pick<PlaybookRequest, 'root' | 'inventory'>,
  ) => Promise<ReturnType<typeof import('../start-lab.ts').labHostsOf>>
}
type LabVerb = 'attachIn' | 'defaultLab' | 'down' | 'reset' | 'sshArgv' | 'startHost' | 'status' | 'stopHost' | 'up'

/** Rollcall itself, as main runs it. */
export const engine: Engine = {
  run: async (request) => (await import('../run.ts')).run(request),
  listRuns: async (request) => (await import('../runs.ts')).listRuns(request),
  showRun: async (request) => (await import('../runs.ts')).showRun(request),
  outline: async (request) => (await import('../outline.ts')).outline(request),
  listInputs: async (request) => (await import('../list-inputs.ts')).listInputs(request),
  explain: async (request) => (await import('../explain.ts')).explain(request),
  explainVar: async (request) => (await import('../explain-var.ts')).explainVar(request),
  explainWord: async (request) => (await import('../explain-var.ts')).explainWord(request),
  renderOne: async (request) => (await import('../render-one.ts')).renderOne(request),
  showFacts: async (request) => (await import('../show-facts.ts')).showFacts(request),
  showInventory: async (request) => (await import('../show-inventory.ts')).showInventory(request),
  doModule: async (request) => (await import('../do.ts')).doModule(request),
  editInventory: async (request) => (await import('../edit/edit-inventory.ts')).editInventory(request),
  importInventoryFrom: async (request) => (await import('../import-inventory.ts')).importInventoryFrom(request),
  validateInventory: async (request) => (await import('../validate-inventory.ts')).validateInventory(request),
  exec: async (request) => (await import('../exec.ts')).exec(request),
  trust: async (request) => (await import('../trust.ts')).trust(request),
  describeModules: async (name) => (await import('../describe-modules.ts')).describeModules(name),
  cleanup: async (request) => (await import('../cleanup/cleanup.ts')).cleanup(request),
  showConnections: async () => (await import('../connections.ts')).showConnections(),
  closeConnections: async (request) => (await import('../connections.ts')).closeConnections(request),
  doctor: async (request) => (await import('../doctor/doctor.ts')).doctor(request),
  completions: async (request) => (await import('../completions.ts')).completions(request),
  secrets: () => import('../secrets/index.ts'),
  lab: () => import('../lab/index.ts'),
  labHosts: async (request) => {
    const [{ openInventory }, { labHostsOf }] = await Promise.all([import('../open-inventory.ts'), import('../start-lab.ts')])
    return labHostsOf((await openInventory(request)).model)
  },
}
