import { findInventory, type Project } from './load/project.ts'
import type { OpenedSource } from './open-source.ts'

/** What `-i` means. */
export interface ChosenInventory {
  /** The file, script or folder that the user named. */
  readonly path: string
  /** What `#inventory` stands for: the same file where it is in TypeScript, else a module made of it. */
  readonly module: string
  /** What was read, where it is not in TypeScript. */
  readonly source?: OpenedSource
}

/** Finds an inventory; one that is not in TypeScript is read. Contacts no host. */
export async function chooseInventory(project: Project, nameOrPath: string | undefined, cwd: string): Promise<ChosenInventory> {
  const path = findInventory(project, nameOrPath, cwd)
  if (path.endsWith('.ts')) return { path, module: path }
  const { openSource } = await import('./open-source.ts')
  const source = await openSource(project, path)
  return { path, module: source.module, source }
}

/** A sentence for each warning about an inventory that is not in TypeScript, with its place. */
export function sourceWarnings(
  { source }: Pick<ChosenInventory, 'source'>,
  place: (at: OpenedSource['warnings'][number]['at']) => string,
): string[] {
  return (source?.warnings ?? []).map(({ message, at }) => `${message} (${place(at)})`)
}
