import { RollcallError } from '../model/errors.ts'
import { itemsOf } from '../model/host-pattern.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { type Asking, matchHosts } from '../model/match-hosts.ts'

/** What a command line says of hosts. */
export interface LimitOptions extends Pick<Asking, 'readFile'> {
  /** Hosts and groups in Ansible's language; default all. */
  readonly limit?: string | undefined
  /** Where the limit was given, for messages; default `--limit`. */
  readonly limitOption?: string
  /** Hosts to take away from that. */
  readonly exclude?: string | undefined
}

/** What a pattern is made of: names, globs, expressions, files; without `&` and `!`. */
export function namesIn(pattern: string): readonly string[] {
  return itemsOf(pattern).map(({ text }) => text)
}

/**
 * The hosts a pattern leaves, in Ansible's order.
 * @throws RollcallError (exit 1) for a name the inventory does not have, with a suggestion.
 */
export function matchPattern(
  pattern: string,
  inventory: InventoryModel,
  option = '--limit',
  readFile?: Asking['readFile'],
): readonly string[] {
  return matchHosts(pattern, inventory, { by: option, ...(readFile && { readFile }) })
}

/** The hosts that limit and exclusion leave, in the order of the limit. */
export function limitHosts({ limit = 'all', limitOption, exclude, readFile }: LimitOptions, inventory: InventoryModel): readonly string[] {
  const hosts = matchPattern(limit, inventory, limitOption, readFile)
  if (exclude === undefined) return hosts
  const items = itemsOf(exclude)
  if (items.length > 0 && items.every(({ operator }) => operator !== 'or'))
    throw new RollcallError({
      summary: '--exclude names nothing to take away',
      detail: `'${exclude}' are all hosts but some, so only those would be left`,
      fix: `Name the hosts that shall not run: --exclude ${namesIn(exclude).join(',')}`,
      exitCode: 1,
    })
  const gone = new Set(matchPattern(exclude, inventory, '--exclude', readFile))
  return hosts.filter((host) => !gone.has(host))
}

/** Limit and exclusion as they were given. */
export function showLimit({ limit, limitOption = '--limit', exclude }: LimitOptions): string {
  return [limit !== undefined && `${limitOption} '${limit}'`, exclude !== undefined && `--exclude '${exclude}'`]
    .filter(Boolean)
    .join(' with ')
}
