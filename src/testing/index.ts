/** The kit that holds modules to their laws, ours and yours: `import { laws } from 'rollcall/testing'`. */
export { apply, type DriveOptions, fieldsThatDiffer, type Plan, plan, readStates } from './drive.ts'
export { factsOn } from './facts-on.ts'
export type { LawHost, LawPlace } from './law-host.ts'
export { hostileValues, type Law, type LawCase, type LawOptions, laws } from './laws.ts'
export { type LocalHost, type LocalHostOptions, localHost, localHosts } from './local-host.ts'
export { sandboxHost, sandboxHosts } from './sandbox.ts'
export { renderText, type ScopeOptions, scopeOn } from './scope.ts'
export { treeOf } from './tree.ts'
