import { readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'

const endings = ['', '.yml', '.yaml', '.json']

/** Files of vars of one group or host, in the order in which Ansible lays them over each other. */
export interface VarsFiles {
  readonly files: readonly string[]
  /** What is there for the same name and not read, since Ansible takes the first that it finds. */
  readonly passedOver: readonly string[]
}

/** Looks below `group_vars` or `host_vars` for a name: a folder, or a file with or without ending; the first counts. */
export function findVarsFiles(folder: string, name: string): VarsFiles {
  if (name.includes('/')) return { files: [], passedOver: [] }
  const there = endings.map((ending) => join(folder, `${name}${ending}`)).filter((path) => kindOf(path) !== undefined)
  const [first, ...others] = there
  if (first === undefined) return { files: [], passedOver: [] }
  return { files: kindOf(first) === 'folder' ? filesIn(first) : [first], passedOver: others }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .sort(byBytes)
    .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
    .flatMap((name) => {
      const path = join(folder, name)
      const ending = extname(name)
      if (kindOf(path) === 'folder') return ending === '' ? filesIn(path) : []
      return endings.includes(ending) ? [path] : []
    })
}

function kindOf(path: string): 'folder' | 'file' | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? undefined : stats.isDirectory() ? 'folder' : 'file'
}

/** Python sorts names by their characters' numbers. */
export function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
