import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forPlaybooksOnly, paramsFromJson, paramsFromWords } from './do-params.ts'
import { checkedBecome } from './dsl/become.ts'
import { makeCall } from './dsl/call.ts'
import { type Definition, type InputSource, Refusal, type ResolvedInput } from './dsl/definition.ts'
import type { Inventory } from './dsl/inventory.ts'
import type { PlayRecord } from './dsl/playbook.ts'
import { plainTask, type TaskRecord } from './dsl/record.ts'
import type { Portion } from './dsl/serial.ts'
import { Rendering } from './dsl/template.ts'
import { digest, readController } from './engine/controller-files.ts'
import { loadValidator } from './engine/validate.ts'
import type { BecomeOption } from './model/become.ts'
import { RollcallError } from './model/errors.ts'
import { moduleNamed } from './module-named.ts'
import { type HostsRequest, nobody, openHosts } from './open-hosts.ts'
import { type RunOptions, runOpened } from './run.ts'
import { Secret } from './util/secret.ts'

export interface DoRequest extends HostsRequest, RunOptions {
  /** Name of a built-in. */
  readonly module: string
  /** `name=value …`, one JSON object, `@file` with one, or `@-` for one on standard input. */
  readonly words: readonly string[]
  /** As another user. */
  readonly become: BecomeOption
  /** So many hosts at a time; default all. */
  readonly serial?: readonly Portion[]
  readonly standardInput: () => Promise<string>
}

/**
 * Runs one built-in on the hosts of a pattern: a playbook of one play with one task, through the same engine as any
 * other. No fact is asked for. Gives the exit code of a run.
 * @throws RollcallError (exit 1) for unknown names and wrong parameters, before any host is contacted.
 */
export async function doModule(request: DoRequest): Promise<number> {
  const { root, module, become } = request
  const definition = moduleNamed(module)
  const refusal = forPlaybooksOnly(definition)
  if (refusal) throw refusal
  const params = await paramsOf(definition, request)
  await refuseWrong(definition, params, root)
  const { model, path, name, hosts } = await openHosts(request)
  if (hosts.length === 0) request.progress(nobody)
  const names = hosts.map((host) => host.name)
  const task: TaskRecord = {
    ...plainTask,
    kind: 'task',
    name: module,
    id: `do / ${module}`,
    action: makeCall(definition, params, undefined),
    at: undefined,
  }
  const play: PlayRecord = {
    name: 'do',
    hosts: request.pattern,
    facts: { of: 'all', families: [], ifDown: 'lastKnown', maxAge: 0, timeout: 10 },
    become: checkedBecome(become, 'do', undefined),
    environment: [],
    tags: [],
    strategy: 'linear',
    serial: request.serial ?? [],
    maxFailPercentage: undefined,
    tasks: [task],
    handlers: [],
    at: undefined,
  }
  const inventory = { kind: 'inventory', model } as unknown as Inventory
  return runOpened(
    {
      project: { root },
      playbook: { kind: 'playbook', name: `do ${module}`, inventory, plays: [play], at: undefined },
      inventoryPath: path,
      selection: {
        fleet: [...model.hosts.keys()],
        targets: names,
        contacted: names,
        factsScope: names,
        plays: [{ play, hosts: names, tasks: [task], factsOf: names }],
      },
      compiled: Promise.resolve(),
      relative: (file) => (file === path ? name : file),
    },
    request,
  )
}

async function paramsOf(definition: Definition, { words, root, standardInput }: DoRequest): Promise<object> {
  const [only = ''] = words.length === 1 ? words : []
  if (only === '@-') return paramsFromJson(definition, await standardInput(), 'standard input')
  if (only.startsWith('@')) return paramsFromJson(definition, readText(resolve(root, only.slice(1))), only.slice(1))
  return paramsFromWords(definition, words)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): RollcallError {
  const details = {
    summary: 'A file on the controller cannot be read',
    detail: `${path}: ${(cause as Error).message}`,
    fix: 'A relative path begins in the folder you stand in.',
    exitCode: 1,
  }
  return new RollcallError(details, { cause })
}

/** What a run would find only after hosts were contacted, although it needs none of them. */
async function refuseWrong(definition: Definition, params: object, root: string): Promise<void> {
  const doc = `rollcall doc ${definition.name}`
  const wrong = loadValidator()(definition, params)
  if (wrong !== undefined)
    throw new RollcallError({ summary: `Wrong parameters for ${definition.name}`, detail: wrong, fix: doc, exitCode: 1 })
  try {
    tryReads(definition, params, root)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new RollcallError({ summary: error.message, fix: [error.fix, doc].filter(Boolean).join('\n'), exitCode: 1 })
  }
}

/** Parameters that exclude each other are refused by inputs or by the first reads. */
function tryReads(definition: Definition, params: object, root: string): void {
  if (definition.kind === 'controller') return
  if (definition.kind === 'query') return void definition.reads(params, { check: true })
  const sources = Object.entries(definition.inputs?.(params) ?? {})
  const inputs = Object.fromEntries(sources.map(([name, source]) => [name, source && inputOf(source, root)]))
  if (definition.kind === 'action') definition.reads(params)
  else definition.reads(params, { get: () => undefined }, inputs)
}

function inputOf(source: InputSource, root: string): ResolvedInput {
  if (source instanceof Uint8Array) return digest(source)
  // What a template or a secret gives does not matter here.
  if (source instanceof Rendering || source instanceof Secret) return digest(new Uint8Array())
  const path = source.path instanceof URL ? fileURLToPath(source.path) : resolve(root, source.path)
  try {
    return readController(path)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}
