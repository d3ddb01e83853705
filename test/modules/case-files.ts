import { readdirSync } from 'node:fs'
import type { LawCase } from '../../src/testing/index.ts'

/** What a file of cases/ exports, by what its cases take. */
export interface CaseFile {
  /** A folder of this machine that stands for a host. */
  readonly cases?: readonly LawCase[]
  /** A host with a whole system, without services: a sandbox. */
  readonly systemCases?: readonly LawCase[]
  /** A host of the lab, with systemd, packages and sshd; all cases share it. */
  readonly labCases?: readonly LawCase[]
}

const folder = new URL('./cases/', import.meta.url)

/** The law cases of all built-in modules, by the name of the module. */
export async function caseFiles(): Promise<ReadonlyMap<string, CaseFile>> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  return new Map(
    await Promise.all(
      names.map(async (name) => [name.replace(/\.ts$/, ''), (await import(new URL(name, folder).href)) as CaseFile] as const),
    ),
  )
}
