import { resolve } from 'node:path'
import type { Parts } from '../dsl/inventory.ts'
import type { HostDefinition } from '../dsl/inventory-types.ts'
import { type Origins, resolveInventory } from '../dsl/resolve-inventory.ts'
import { keyFinder } from '../load/find-key.ts'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import type { InventoryModel } from '../model/inventory.ts'
import type { HostSource, Origin, SourceAnswer } from '../model/sourced.ts'
import { type KeptAnswer, openSourceMemory, type SourceMemory } from '../store/index.ts'
import { type ReadAnswer, readAnswer, type WrongAnswer } from './answer.ts'
import { askSource, SourceFailed } from './ask-source.ts'

export interface AskOptions {
  readonly root: string
  /** Their memory goes by it. */
  readonly inventoryPath: string
  /** Ask again, whatever is kept. */
  readonly refresh: boolean
  readonly now: () => number
}

/** A source with what it told. */
interface Told {
  readonly source: HostSource
  readonly hosts: ReadAnswer['hosts']
  readonly answer: SourceAnswer
  readonly origin: Origin
}

/**
 * Asks every source at once, and resolves what they tell together with what is declared.
 * @throws RollcallError for a source that fails, that tells something wrong, or a host that is told twice.
 */
export async function settleSources({ groups, hosts, overridable, at, sources }: Parts, options: AskOptions): Promise<InventoryModel> {
  const told = await Promise.all(sources.map((source) => tell(source, Object.keys(groups), at, options)))
  const origins = new Map<string, Origin>()
  const all: Record<string, HostDefinition> = { ...hosts }
  for (const { source, hosts: more, origin } of told)
    for (const [name, host] of Object.entries(more)) {
      if (Object.hasOwn(all, name)) throw twice(name, origins.get(name)?.source, source.name, origin.lineOf?.(['hosts', name]) ?? at)
      all[name] = host
      origins.set(name, origin)
    }
  const model = resolveInventory(groups, all, at, overridable, origins satisfies Origins)
  if (model.hosts.size === 0)
    throw new RollcallError({
      summary: 'The inventory is wrong',
      detail: `it has no host, and its sources tell of none: ${sources.map(({ name }) => name).join(', ')}`,
      fix: 'See what they say, and that they are asked for the right thing.',
      exitCode: 1,
      ...(at && { at }),
    })
  return { ...model, sources: told.map(({ answer }) => answer) }
}

async function tell(source: HostSource, declared: readonly string[], at: SourceLine | undefined, options: AskOptions): Promise<Told> {
  const { root, inventoryPath, refresh, now } = options
  const { cache, name, from } = source
  const memory = cache && openSourceMemory(inventoryPath, name, 'load' in from ? String(from.load) : from)
  const kept = await memory?.read()
  const age = (answer: KeptAnswer) => Math.max(0, Math.round((now() - answer.askedAt) / 1000))
  const file = 'file' in from ? resolve(root, from.file) : undefined
  const read = (value: unknown, text?: string): Pick<Told, 'hosts' | 'origin'> & { readonly secret: boolean } => {
    const lineOf = file === undefined || text === undefined ? undefined : linesIn(file, text)
    const refuse = ({ detail, fix, keys }: WrongAnswer): never => {
      const line = lineOf?.(keys) ?? at
      throw new RollcallError({ summary: wrong, detail: `${name}: ${detail}`, fix, exitCode: 1, ...(line && { at: line }) })
    }
    const { hosts, secret } = readAnswer(value, source, declared, refuse)
    return { hosts, secret, origin: { source: name, ...(lineOf && { lineOf }) } }
  }
  const known = (answer: KeptAnswer, origin: 'cached' | 'lastKnown', failure?: string): Told => {
    const { hosts, origin: from } = read(answer.value)
    const told = {
      source: name,
      hosts: Object.keys(hosts).length,
      origin,
      ageSeconds: age(answer),
      ...(failure !== undefined && { failure }),
    }
    return { source, hosts, origin: from, answer: told }
  }
  if (kept && cache && !refresh && now() - kept.askedAt < cache.maxAge * 1000) return known(kept, 'cached')
  try {
    const { value, text } = await askSource(source, root)
    const { hosts, origin, secret } = read(value, text)
    await keep(memory, value, secret, name, now(), at)
    return { source, hosts, origin, answer: { source: name, hosts: Object.keys(hosts).length, origin: 'asked', ageSeconds: 0 } }
  } catch (error) {
    if (!(error instanceof SourceFailed)) throw error
    if (kept && cache?.onError === 'lastKnown') return known(kept, 'lastKnown', error.message)
    throw new RollcallError(
      {
        summary: 'A source of the inventory failed',
        detail: `${shown(source)}: ${error.message}`,
        fix: error.fix,
        exitCode: 1,
        ...(at && { at }),
      },
      { cause: error },
    )
  }
}

const wrong = 'A source of the inventory tells something wrong'

/** An answer that holds a secret would lie on the disk in plain. */
async function keep(
  memory: SourceMemory | undefined,
  value: unknown,
  secret: boolean,
  name: string,
  askedAt: number,
  at: SourceLine | undefined,
): Promise<void> {
  if (!memory) return
  if (!secret) return memory.write(value, askedAt)
  throw new RollcallError({
    summary: wrong,
    detail: `${name}: its answer holds a secret (a password of a connection, or a Secret), and its cache would hold that in plain`,
    fix: 'Leave the cache of this source out, or give the secrets to the inventory in another way, such as defineSecrets.',
    exitCode: 1,
    ...(at && { at }),
  })
}

function shown({ name, from }: HostSource): string {
  return 'argv' in from ? from.argv.join(' ') : name
}

function twice(host: string, first: string | undefined, second: string, at: SourceLine | undefined): RollcallError {
  return new RollcallError({
    summary: 'The inventory is wrong',
    detail: `host '${host}' is told by ${second}, and ${first === undefined ? 'declared in code' : `by ${first} as well`}`,
    fix: 'Remove one of them. What code knows of hosts of a source belongs to a group.',
    exitCode: 1,
    ...(at && { at }),
  })
}

/** JSON is an object of JavaScript, so its keys are found as those of an inventory are. */
function linesIn(file: string, text: string): Origin['lineOf'] {
  let find: ReturnType<typeof keyFinder> | undefined
  return (keys) => {
    find ??= keyFinder(() => `defineInventory(\n${text})`, { file, name: 'defineInventory' })
    const found = find(keys)
    return found && { file, line: found.line - 1, column: found.column }
  }
}
