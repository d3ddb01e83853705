import type { BlockRecord, Failure } from '../dsl/block.ts'
import type { Ask, Definition, InputSource, ResolvedInput } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import type { Emit, TemplateView } from '../model/event.ts'
import type { Steering } from '../util/steering.ts'
import type { Delegates } from './delegate.ts'
import type { Groups } from './dynamic-groups.ts'
import type { Evaluation, PreparedCall } from './evaluate.ts'
import type { HostState } from './host-state.ts'
import type { Once } from './once.ts'
import type { Past } from './past.ts'
import type { Prepared } from './prepared.ts'
import type { Renewal, Roster } from './roster.ts'
import type { SelectedPlay } from './select.ts'
import type { Stepping } from './step-by-step.ts'
import type { Unsure } from './unsure.ts'
import type { ParamsValidator } from './validate.ts'
import type { Watch } from './watch.ts'

/** Turns an input of a call (controller file, template, bytes) into bytes; `views` says what a template saw. */
export type ResolveInput = (source: InputSource) => { readonly input: ResolvedInput; readonly views: readonly TemplateView[] }

/** The way to the person who started the run. */
export interface Terminal {
  readonly ask: Ask
  readonly say: (line: string) => void
}

/** How long the engine waits for what its own scripts read, in milliseconds; a user's own commands have their own time. */
export interface Patience {
  /** What is read ahead, with what is due: after this, each task reads for itself. */
  readonly aheadMs: number
  /** What is due: after this, its task fails. */
  readonly dueMs: number
}

/** What one play needs while it runs: made once a play, shared by its tasks. */
export interface PlayContext {
  readonly selected: SelectedPlay
  readonly playbook: string
  readonly check: boolean
  /** What holds already is applied all the same, where a module can. */
  readonly force?: boolean | undefined
  readonly emit: Emit
  readonly validate: ParamsValidator
  readonly resolveInput: ResolveInput
  /** What closures see on a host, without `result`. */
  readonly scopeOf: (host: string) => object
  readonly hosts: ReadonlyMap<string, PlayHost>
  /** File names in messages are relative to the project. */
  readonly relative: (file: string) => string
  readonly now: () => Date
  /** The person at the terminal, where there is one. */
  readonly terminal?: Terminal | undefined
  /** Asks the person before each task (`--step`). */
  readonly step?: Stepping | undefined
  /** Whoever may end the run before its last task; absent where nobody does. */
  readonly steering?: Steering | undefined
  /** Tells of calls that take long while they run; absent where nobody watches. */
  readonly watch?: Watch | undefined
  /** How long reads may take. */
  readonly patience: Patience
  /** Whether calls may go in one exchange with those before them. */
  readonly batches: boolean
  /** No other host waits at each task, so tasks of one host may go together. Set for each task. */
  readonly free?: boolean
  /** Modules that are known to touch nothing but what they declare: Rollcall's own, which the laws hold to it. */
  readonly trusts: (definition: Definition) => boolean
  /** Ends the play, or its batch, before its last task; made by the play when it runs. */
  readonly course?: { readonly end: (what: 'play' | 'batch') => void }
  /** Where tasks act that are delegated to other hosts; absent where there is no host (`explain`). */
  readonly delegates?: Delegates | undefined
  /** Groups that tasks fill; absent where nothing runs. */
  readonly groups?: Groups | undefined
  /** Hosts of the run, to which tasks add; absent where nothing runs. */
  readonly roster?: Roster | undefined
  /** Asks the sources of the inventory again, for plays to come; absent where it has none. */
  readonly renew?: (() => Promise<Renewal>) | undefined
  /** The run that this one resumes; absent where it begins. */
  readonly past?: Past | undefined
  /** Shares work between the hosts of one round of a task; made by the play for each round. */
  readonly once?: Once
}

/** One host within one play. */
export interface PlayHost {
  readonly state: HostState
  readonly results: Map<TaskRecord, object>
  readonly notified: Set<TaskRecord>
  /** Check mode: tasks whose results are not what a run would leave, or may not be. */
  readonly unsure: Map<TaskRecord, Unsure>
  /** Evaluations that need no further result, kept for the play: closures are pure. */
  readonly evaluations: Map<TaskRecord, Evaluation>
  /** What the last task that failed here failed for. */
  failure: Failure | undefined
  /** Blocks whose body failed here, and for what. */
  readonly failures: Map<BlockRecord, Failure>
  /** Blocks that it has failed in and tidies up after, the innermost last: behind their `always` nothing comes here. */
  readonly leaving: BlockRecord[]
  /** How many blocks it is in that may put right what fails. */
  sheltered: number
  /** It is in the `always` part of a block, which is gone through whatever happens elsewhere. */
  tidying: boolean
  /** Its part in this play is over, and it has not failed. */
  ended: boolean
  /** Calls that went along with an earlier one. */
  readonly prepared: Map<PreparedCall, Prepared>
}
