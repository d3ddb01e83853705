import type { Read } from '../../src/dsl/resource.ts'
import { type LocalHost, readStates } from '../../src/testing/index.ts'

/** Reads all of one batch on a host; states in the order asked. */
export async function readAll<S extends object>(host: LocalHost, reads: readonly Read<S>[]): Promise<readonly S[]> {
  const states = await readStates(host, Object.fromEntries(reads.map((read, index) => [`r${index}`, read])))
  return reads.map((_, index) => states[`r${index}`] as unknown as S)
}
