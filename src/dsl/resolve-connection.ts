import type { ConnectionSettings, GivenConnection, LabSettings, VarLevel } from '../model/inventory.ts'
import type { GroupTree } from './group-tree.ts'
import { type Differ, type Level, layOver, valuesOf } from './levels.ts'

/** What one level says of how a host is reached. */
export type ConnectionLevel = Omit<Level, 'values'> & { readonly connection: GivenConnection | 'local' | undefined }

export interface ResolvedConnection {
  readonly connection: ConnectionSettings
  /** Setting → every level that gives it, the one that counts last. What nobody gives is not in it. */
  readonly levels: ReadonlyMap<string, readonly VarLevel[]>
}

const labDefaults = { kind: 'systemd', user: 'admin' } as const satisfies Partial<LabSettings>

/**
 * Merges settings key by key, as vars are. The nearest level that says anything decides of which type the connection is;
 * what levels of another type say is for other hosts, and no part of it.
 */
export function resolveConnection(levels: readonly ConnectionLevel[], tree: GroupTree, differ: Differ): ResolvedConnection {
  const given = levels.flatMap(({ connection, ...level }) =>
    connection === undefined
      ? []
      : [{ ...level, values: connection === 'local' ? { type: 'local' as const } : withoutUndefined(connection) }],
  )
  const types = layOver(
    given.map((level) => ({ ...level, values: { type: level.values.type } })),
    tree,
    (_, one, other) => differ('type', one, other),
  )
  const type = (types.get('type')?.at(-1)?.value ?? 'ssh') as ConnectionSettings['type']
  const settings = layOver(
    given.filter(({ values }) => values.type === type),
    tree,
    differ,
  )
  const connection = { type, ...(type === 'lab' && labDefaults), ...valuesOf(settings) } as ConnectionSettings
  return { connection, levels: settings.size === 0 ? settings : new Map([['type', types.get('type')!], ...settings]) }
}

/** A setting that is given as undefined is not given. */
function withoutUndefined(connection: GivenConnection): GivenConnection {
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined)) as unknown as GivenConnection
}
