import { factsJobs, parseFacts } from '../facts/index.ts'
import type { BuiltInFamily, FactFamilies, OwnFamily } from '../model/facts.ts'
import type { LocalHost } from './local-host.ts'

/**
 * Facts of one family as a shell of this machine gives them.
 * @throws RollcallError when what the script prints makes no sense to its parser.
 */
export async function factsOn<N extends BuiltInFamily>(family: N, host: LocalHost): Promise<FactFamilies[N]>
export async function factsOn<T extends object>(family: OwnFamily<string, T>, host: LocalHost): Promise<T>
export async function factsOn(family: BuiltInFamily | OwnFamily, host: LocalHost): Promise<object> {
  const name = typeof family === 'string' ? family : family.name
  const [job] = factsJobs([name])
  return parseFacts([name], [await host.run(job!)])[name]!
}
