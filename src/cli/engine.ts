import type { PlaybookRequest } from '../open-playbook.ts'

type Lab = typeof import('../lab/index.ts')

/** All that commands do happens here. Each part is imported when it is called, so that help and completion stay fast. */
export interface Engine {
  readonly run: typeof import('../run.ts').run
  readonly outline: typeof import('../outline.ts').outline
  readonly explain: typeof import('../explain.ts').explain
  readonly renderOne: typeof import('../render-one.ts').renderOne
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
  outline: async (request) => (await import('../outline.ts')).outline(request),
  explain: async (request) => (await import('../explain.ts')).explain(request),
  renderOne: async (request) => (await import('../render-one.ts')).renderOne(request),
  lab: () => import('../lab/index.ts'),
  labHosts: async ({ root, inventory }) => {
    const [{ importInventory }, { findInventory, findProject }, { labHostsOf }] = await Promise.all([
      import('../load/import.ts'),
      import('../load/project.ts'),
      import('../start-lab.ts'),
    ])
    const project = findProject(root)
    return labHostsOf((await importInventory(project, findInventory(project, inventory, root))).model)
  },
}
