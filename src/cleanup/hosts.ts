import { openHost } from '../connect.ts'
import type { As, HostAccess } from '../engine/host-access.ts'
import { type ErrorDetails, RollcallError } from '../model/errors.ts'
import type { HostRecord } from '../model/inventory.ts'
import { type Listed, listScript, parseListing, removeScript } from './host-script.ts'
import type { Kept } from './kept.ts'
import { lostAbout, pendingAbout, unpackedAbout } from './records.ts'

/** What a host keeps for the users that Rollcall is there: the login user, and root where sudo lets us be. */
export interface HostCleanup {
  readonly host: string
  readonly kept: readonly (Kept & { readonly as: As })[]
  /** Why root's part could not be looked at. */
  readonly rootUnseen?: ErrorDetails
  /** Removes what is given of `kept`. @throws RollcallError where something could not be removed. */
  remove(items: readonly Kept[]): Promise<void>
  close(): Promise<void>
}

/** Opens a host and looks. Changes nothing until `remove` is called; without `willRemove` nothing can. */
export async function openCleanup(host: HostRecord, willRemove: boolean): Promise<HostCleanup> {
  const access = await openHost(host, { check: !willRemove })
  try {
    const login = await list(access, 'login', [])
    const users: As[] = ['login']
    const asRoot = access.as({ wanted: true, user: 'root' })
    let rootUnseen: ErrorDetails | undefined
    let root: Awaited<ReturnType<typeof list>> | undefined
    if (asRoot !== 'login') {
      try {
        root = await list(access, asRoot, login.own === undefined ? [] : [login.own])
        users.push(asRoot)
      } catch (error) {
        if (!(error instanceof RollcallError)) throw error
        rootUnseen = error.details
      }
    }
    // A run whose session is on the host may be about to read or write any of it.
    const others = login.live.length + (root?.live.length ?? 0) > 0
    const own = [login.own, root?.own].flatMap((folder) => folder ?? [])
    const seen = new Set<string>()
    const kept = [
      ...login.items.map((item) => ({ item, as: 'login' as const })),
      ...(root?.items ?? []).map((item) => ({ item, as: asRoot })),
    ].flatMap(({ item, as }) => {
      // Root sees the login user's leftovers, too.
      if (seen.has(item.path)) return []
      seen.add(item.path)
      return [{ ...ofListed(host.name, item, others), as }]
    })
    return {
      host: host.name,
      kept,
      ...(rootUnseen && { rootUnseen }),
      async remove(items) {
        for (const as of users) {
          const mine = kept.filter((each) => each.as === as && items.some(({ path }) => path === each.path))
          if (mine.length === 0) continue
          const paths = (folders: boolean) => mine.filter(({ kind }) => (kind === 'sessions') === folders).map(({ path }) => path)
          const [reply] = await access.writer!.apply(as, [{ script: removeScript(own, paths(true), paths(false)), step: true }])
          const said = text(reply!.stderr).trim()
          if (reply!.code !== 0 || said !== '')
            throw new RollcallError({
              summary: 'What Rollcall keeps on a host could not all be removed',
              detail: said,
              host: host.name,
              fix: 'Look again:\nrollcall cleanup',
            })
        }
      },
      close: () => access.close(),
    }
  } catch (error) {
    await access.close()
    throw error
  }
}

async function list(access: HostAccess, as: As, own: readonly string[]) {
  const [reply] = await access.reader.read(as, [{ script: listScript(own) }])
  return parseListing(text(reply!.stdout))
}

const abouts = {
  records: unpackedAbout,
  sessions: 'the folder of a session that ended without tidying up',
  temporary: 'a file of a write that was cut off',
} as const

function ofListed(host: string, { kind, ageSeconds, bytes, path, record }: Listed, others: boolean): Kept {
  const about = aboutOf(kind, path, record ?? '')
  const running = kind === 'jobs' && record?.startsWith('running ') ? { inUse: 'it is still running' } : {}
  return {
    host,
    kind,
    path,
    bytes,
    ageSeconds,
    about,
    ...(others && kind !== 'sessions' && { inUse: 'another session of Rollcall is on the host' }),
    ...running,
  }
}

/** Its name, and the command that it is of. */
function aboutOf(kind: Listed['kind'], path: string, record: string): string {
  if (kind === 'pending') return pendingAbout(record)
  if (kind === 'lost') return lostAbout(record)
  return kind === 'jobs' ? jobAbout(path, record) : abouts[kind]
}

function jobAbout(path: string, record: string): string {
  const command = record.replace(/^\S+ ?/, '')
  return `job ${path.replace(/^.*\//, '')}${command === '' ? '' : `: ${command}`}`
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
