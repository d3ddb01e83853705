/** What test.mjs needs of Rollcall itself. */
export { ensureImage, probe } from '../src/lab/index.ts'
export { findProject } from '../src/load/project.ts'
export { typeCheckPlaybook } from '../src/load/type-check.ts'
export { formatError } from '../src/model/errors.ts'
