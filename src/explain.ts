import { fileURLToPath } from 'node:url'
import type { TaskRecord } from './dsl/record.ts'
import { Rendering } from './dsl/template.ts'
import { jsonSafe } from './engine/compare.ts'
import type { PlayContext, PlayHost } from './engine/context.ts'
import { evaluate, type PreparedCall } from './engine/evaluate.ts'
import { openHostState } from './engine/host-state.ts'
import { viewsOf } from './engine/inputs.ts'
import { noAccess } from './engine/no-access.ts'
import { knowledgeScope, openPlay } from './engine/open-play.ts'
import { evaluateWithStandIns } from './engine/stand-in.ts'
import { loadValidator } from './engine/validate.ts'
import { type Becoming, becomeInside } from './model/become.ts'
import { formatLine, type SourceLine } from './model/errors.ts'
import type { GroupSeen } from './model/host-groups.ts'
import type { GivenInput } from './model/input.ts'
import { openPlaybook, type PlaybookRequest } from './open-playbook.ts'
import { addsOf } from './outline.ts'
import { rememberedFacts } from './remembered-facts.ts'
import { redact, redactDeep } from './util/redact.ts'

export interface ExplainedTemplate extends GroupSeen {
  readonly template: string
  readonly at?: string
}
export interface ExplainedCall {
  readonly module: string
  readonly at?: string
  /** As JSON: bytes as their length, secrets hidden. */
  readonly params: unknown
  readonly templates: readonly ExplainedTemplate[]
}
export interface ExplainedTask {
  readonly name: string
  readonly at?: string
  readonly tags: readonly string[]
  readonly become: boolean
  /** Whom it becomes; several where hosts differ. */
  readonly becomeUsers?: readonly string[]
  readonly handler: boolean
  readonly hosts: readonly { readonly host: string; readonly calls: readonly ExplainedCall[]; readonly note?: string }[]
}
/** What each task and template of a playbook would see: targets, fleet, facts scope and declared values. */
export interface ExplainReport {
  readonly playbook: string
  readonly inventory: string
  readonly fleet: readonly {
    readonly host: string
    readonly groups: readonly string[]
    readonly privateIp?: string
    readonly publicIp?: string
    readonly vars: object
  }[]
  readonly targets: readonly string[]
  /** Why something that was remembered of hosts is not known here. */
  readonly warnings?: readonly string[]
  /** Values that inputs have here; `not given` where something stands for one. */
  readonly inputs?: readonly GivenInput[]
  readonly plays: readonly {
    readonly name: string
    readonly at?: string
    /** Its tasks run on the controller, for each target. */
    readonly connection?: 'local'
    readonly targets: readonly string[]
    /** New hosts that it names: what it does on those is known only in a run. */
    readonly adds?: readonly string[]
    readonly facts: {
      readonly of: string
      readonly hosts: readonly string[]
      readonly families: readonly string[]
      readonly ifDown: string
      readonly maxAgeSeconds: number
    }
    readonly tasks: readonly ExplainedTask[]
  }[]
}

/** Explains a playbook without touching a host: facts are those declared or remembered from earlier runs. */
export async function explain(request: PlaybookRequest): Promise<ExplainReport> {
  const opened = await openPlaybook({ ...request, standIns: true })
  const { playbook, selection, relative } = opened
  const [{ knowledge, warnings }] = await Promise.all([
    rememberedFacts(opened.inventoryPath, playbook.inventory.model, [...new Set([...selection.factsScope, ...selection.targets])]),
    opened.compiled,
  ])
  const validate = loadValidator()
  const inventory = playbook.inventory.model
  const states = new Map(selection.targets.map((name) => [name, openHostState(inventory.hosts.get(name)!, noAccess, true)]))
  const place = (at: SourceLine | undefined) => (at ? { at: formatLine({ ...at, file: relative(at.file) }) } : {})
  return {
    playbook: playbook.name,
    inventory: relative(opened.inventoryPath),
    fleet: [...inventory.hosts.values()].map(({ name, groups, vars, privateIp, publicIp }) => ({
      host: name,
      groups,
      vars: redactDeep(jsonSafe(vars)) as object,
      ...(privateIp !== undefined && { privateIp }),
      ...(publicIp !== undefined && { publicIp }),
    })),
    targets: selection.targets,
    ...(warnings.length > 0 && { warnings: redactDeep(warnings) }),
    ...(opened.given.length > 0 && { inputs: redactDeep(opened.given) }),
    plays: selection.plays.map((selected) => {
      const { play, factsOf } = selected
      const open = openPlay({
        selected,
        inventory,
        states,
        playbook: playbook.name,
        targets: selection.targets,
        knowledge,
        check: true,
        root: opened.project.root,
        relative,
        emit: () => {},
        validate,
        files: new Map(),
        asked: false,
      })
      const scope = knowledgeScope(selected, knowledge)
      let current: ExplainedTemplate[] = []
      // Templates are not rendered: what they were handed is what is asked for, and rendering may need facts.
      const resolveInput: PlayContext['resolveInput'] = (source) => {
        if (source instanceof Rendering)
          current.push(...viewsOf(source, opened.project.root, scope).map(({ notLive: _, ...view }) => ({ ...view, ...place(source.at) })))
        return { input: { bytes: new Uint8Array(), sha256: '' }, views: [] }
      }
      const context: PlayContext = { ...open, resolveInput }
      const becomes = ({ wanted = false, user }: Becoming) => {
        const settings = selected.hosts.map((host) => play.connection ?? inventory.hosts.get(host)!.connection)
        const users = settings.map(({ becomeUser = 'root' }) => user ?? becomeUser)
        return { become: wanted, ...(wanted && { becomeUsers: [...new Set(users)] }) }
      }
      const explainTask = (task: TaskRecord): ExplainedTask => ({
        name: task.name,
        ...place(task.at),
        tags: [...play.tags, ...task.tags],
        ...becomes(becomeInside(play.become, task.become)),
        handler: task.kind === 'handler',
        hosts: [...context.hosts.values()].map((host) => {
          current = []
          return { host: host.state.host.name, ...explainOn(context, host, task, current, place) }
        }),
      })
      return {
        name: play.name,
        ...place(play.at),
        ...(play.connection && { connection: 'local' as const }),
        targets: selected.hosts,
        ...addsOf(play),
        facts: {
          of: play.facts.of,
          hosts: factsOf,
          families: play.facts.families,
          ifDown: play.facts.ifDown,
          maxAgeSeconds: play.facts.maxAge,
        },
        tasks: [...selected.tasks.filter((task) => task.kind === 'task'), ...play.handlers].map(explainTask),
      }
    }),
  }
}

function explainOn(
  context: PlayContext,
  host: PlayHost,
  task: TaskRecord,
  seen: readonly ExplainedTemplate[],
  place: (at: SourceLine | undefined) => { at?: string },
): { calls: readonly ExplainedCall[]; note?: string } {
  let evaluation = evaluate(context, host, task)
  const waits = evaluation.kind === 'pending'
  // Which hosts a template is handed does not hang on results: with stand-ins for them it can be told all the same.
  if (evaluation.kind === 'pending' && evaluation.calls.length === 0)
    evaluation = evaluateWithStandIns(context, host, task, context.resolveInput)
  if (waits && evaluation.kind !== 'ready' && evaluation.kind !== 'pending')
    return { calls: [], note: 'depends on the result of an earlier task' }
  if (evaluation.kind === 'skipped') return { calls: [], note: `skipped: ${evaluation.reason}` }
  if (evaluation.kind === 'error')
    return { calls: [], note: redact(evaluation.error instanceof Error ? evaluation.error.message : String(evaluation.error)) }
  const calls = evaluation.calls.map((call: PreparedCall) => ({
    module: call.definition.name,
    ...place(call.at),
    params: redactDeep(
      jsonSafe(
        Object.fromEntries(
          Object.entries(call.params).map(([name, value]) => [
            name,
            value instanceof Rendering
              ? `template ${context.relative(value.path)}`
              : value instanceof URL
                ? context.relative(fileURLToPath(value))
                : value,
          ]),
        ),
      ),
    ),
    templates: seen,
  }))
  return waits ? { calls, note: 'depends on the result of an earlier task' } : { calls }
}
