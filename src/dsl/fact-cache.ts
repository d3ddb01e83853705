import { RollcallError } from '../model/errors.ts'
import type { FactCache } from '../model/fact-cache.ts'
import { callerLine } from '../util/caller.ts'

/**
 * Defines where facts are kept between runs, in place of this user's own folder: a share, a database, a service that a team
 * has in common. The module that exports it as its default is named in package.json: `"rollcall": { "factCache": "./fact-cache.ts" }`.
 *
 * `load` is called once a run, before a host outside the targets is asked; `save` once, with what this run has read. A cache
 * that fails or takes longer than five seconds is a warning, and the run goes on without it.
 *
 * @throws RollcallError for what is no such definition.
 */
export function defineFactCache(definition: {
  /** For messages; default `the fact cache`. */
  readonly name?: string
  readonly load: FactCache['load']
  readonly save: FactCache['save']
}): FactCache {
  const { name = 'the fact cache', load, save } = definition
  const at = callerLine()
  if (typeof load !== 'function' || typeof save !== 'function')
    throw new RollcallError({
      summary: 'A fact cache is wrong',
      detail: `${typeof load === 'function' ? 'save' : 'load'} is no function`,
      fix: 'defineFactCache({ load: ({ inventory, hosts }) => …, save: ({ inventory, records, known }) => … })',
      ...(at && { at }),
    })
  return Object.freeze({ kind: 'factCache', name, load, save } as const)
}
