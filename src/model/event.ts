import type { ErrorDetails } from './errors.ts'
import type { Contact, FactOrigin } from './facts.ts'
import type { GroupSeen } from './host-groups.ts'
import type { GivenInput } from './input.ts'
import type { SourceAnswer } from './sourced.ts'

/** How sure an outcome is. In a real run always `certain`; in check mode an earlier planned change may blur it. */
export type Confidence = 'certain' | 'assumed' | 'unknown'
export type OutcomeKind = 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable'

/** One resource before and after a task, ready for a diff. In check mode `after` is what is planned. */
export interface DiffEntry {
  /** `file:/etc/hosts`. */
  readonly resource: string
  readonly before: DiffSide
  readonly after: DiffSide
}
export interface DiffSide {
  /** Short fields: mode, owner, state; only those that differ between the sides, and `(unknown)` for what is not known yet. */
  readonly fields: { readonly [name: string]: string }
  /** Whole text, for a line diff. */
  readonly text?: string
}

/** The fleet group a template was handed, with the origin of each host's facts where they are not live. */
export interface TemplateView extends GroupSeen {
  readonly template: string
  readonly notLive: readonly { readonly host: string; readonly origin: FactOrigin | 'none'; readonly ageSeconds: number }[]
}

/** First event: the three sets of hosts, and how the run goes. */
export interface RunEvent {
  readonly event: 'run'
  readonly version: string
  readonly playbook: string
  readonly inventory: string
  readonly check: boolean
  /** Every host of the inventory. */
  readonly fleet: readonly string[]
  /** Where hosts come from that code does not declare; absent where there is nothing of the kind. */
  readonly sources?: readonly SourceAnswer[]
  /** Hosts whose facts the plays' scopes ask for, plus the targets. */
  readonly factsScope: readonly string[]
  /** Hosts this run may change. */
  readonly targets: readonly string[]
  /** Other hosts that tasks are delegated to, as far as that is known before the first task; absent where there are none. */
  readonly delegates?: readonly string[]
  /** Trusted commands of the user that run in check mode too. */
  readonly queries: readonly string[]
  /** Values that the playbook's inputs have, and vars that `-e` overrides; absent where there are none. */
  readonly inputs?: readonly GivenInput[]
  /** What holds already is applied all the same, where a module can. */
  readonly forced?: true
  /** The earlier run that it goes on with; absent where it begins. */
  readonly continues?: Continues
}
/** How a run goes on with an earlier one. */
export interface Continues {
  readonly by: 'resume' | 'retryFailed'
  /** Its id, as `rollcall runs` lists it. */
  readonly run: string
  /** When it began, ISO 8601. */
  readonly started: string
  /** Targets of it that are none of this one: there is nothing left to do. */
  readonly leftOut: readonly string[]
}
/** One line per host of the facts scope. `none`: nothing is known, `reason` says why. */
export interface FactsEvent {
  readonly event: 'facts'
  readonly hosts: readonly {
    readonly host: string
    readonly origin: FactOrigin | 'none'
    readonly ageSeconds: number
    readonly contact: Contact
    /** Why its facts are not live. */
    readonly reason?: string
  }[]
  readonly durationMs: number
}
/** A play begins, and tasks before it have added hosts: what this adds to the sets of hosts, told before its first task. */
export interface AddedEvent {
  readonly event: 'added'
  /** The play that begins. */
  readonly play: string
  /** Hosts that closures of this play are the first to know. */
  readonly hosts: readonly {
    readonly host: string
    /** The new hosts it is one of. */
    readonly to: string
    readonly groups: readonly string[]
    readonly address?: string
    /** The host whose task has added it. */
    readonly by: string
    readonly task: string
    readonly at?: string
  }[]
  /** Added hosts that may be changed from here on. */
  readonly targets: readonly string[]
  /** Added hosts that the play would run on, were it not for the limit. */
  readonly leftOut: readonly string[]
  /** What was asked of added hosts for this play. */
  readonly facts: FactsEvent['hosts']
  /** As in the first event, of this play, and not named there. */
  readonly queries: readonly string[]
  readonly delegates: readonly string[]
  /** Check mode: whom the play would run on besides, as far as that can be told. */
  readonly unknown: readonly {
    readonly host?: string
    readonly by?: string
    readonly task?: string
    readonly at?: string
    readonly reason: string
  }[]
  readonly durationMs: number
}
export interface PlayEvent {
  readonly event: 'play'
  readonly play: string
  /** Its tasks run on the controller, for each of its hosts. */
  readonly connection?: 'local'
  readonly hosts: readonly string[]
  readonly tasks: number
}
/** A play goes through its hosts in batches (`serial`), and comes to the next one. */
export interface BatchEvent {
  readonly event: 'batch'
  readonly play: string
  /** From 1. */
  readonly number: number
  readonly of: number
  readonly hosts: readonly string[]
}
/** A task or a block is tried again on a host. */
export interface RetryEvent {
  readonly event: 'retry'
  readonly host: string
  readonly play: string
  /** Name of the task or block. */
  readonly task: string
  /** The attempt that was not enough, from 1. */
  readonly attempt: number
  readonly retries: number
  /** Seconds until the next. */
  readonly delay: number
  /** Why it was not enough. */
  readonly reason: string
}
/** What failed in a block was put right by its `rescue`. */
export interface RescuedEvent {
  readonly event: 'rescued'
  readonly host: string
  readonly play: string
  readonly block: string
  /** The task that had failed. */
  readonly task: string
}
/** The run ends before its last task, for what failed. */
export interface StoppedEvent {
  readonly event: 'stopped'
  readonly play: string
  readonly reason: string
  /** Hosts that have not failed and begin no further task. */
  readonly hosts: readonly string[]
}
/** A task that has run on a host for a while. */
export interface RunningTask {
  readonly host: string
  readonly task: string
  readonly durationMs: number
  /** The last lines that it has written so far; empty where there are none, or none can be had. */
  readonly output: readonly string[]
}
/** What runs on hosts while it runs, for who watches; each replaces the one before. No journal keeps it. */
export interface RunningEvent {
  readonly event: 'running'
  /** Those that have run longest; empty when nothing takes long any more. */
  readonly tasks: readonly RunningTask[]
  /** How many there are besides. */
  readonly more: number
}
/** What one task did on one host. */
export interface TaskEvent {
  readonly event: 'task'
  readonly host: string
  readonly play: string
  readonly task: string
  readonly module: string
  readonly handler: boolean
  /** The host that it acted on in place of `host`. */
  readonly delegatedTo?: string
  /** `playbooks/prepare.ts:12:5`. */
  readonly at?: string
  readonly outcome: OutcomeKind
  readonly confidence: Confidence
  /** Why it is skipped, assumed or unknown. */
  readonly reason?: string
  readonly diff?: readonly DiffEntry[]
  /** The steps as shown to people: commands and writes, without content. */
  readonly steps?: readonly string[]
  /** What `result(task)` gives, as JSON; bytes are left out. */
  readonly result?: unknown
  readonly message?: string
  /** How many -v it takes to show the message to people; default 0. */
  readonly verbosity?: number
  readonly error?: ErrorDetails
  /** A failure that `ignoreErrors` or `ignoreUnreachable` lets pass: it counts as ok. */
  readonly ignored?: boolean
  /** Check mode: what an action would do, where that is not `run`. */
  readonly would?: string
  readonly templates?: readonly TemplateView[]
  /** It is something that happens, and no state that holds. */
  readonly action?: true
  /** It is not done again: the run that has, which this one resumes; `result` is of then. */
  readonly doneBy?: string
  /** A secret stood in what is here as its result. */
  readonly masked?: true
  /** Of a journal: its diff, or all but what became of it, was too long to be kept. */
  readonly cut?: true
  /** Handlers this change notified. */
  readonly notified?: readonly string[]
  readonly durationMs: number
}
export interface WarningEvent {
  readonly event: 'warning'
  readonly host?: string
  readonly message: string
  readonly fix?: string
}
/** What was said to a host, and what its time went to. Times of parts may overlap each other, as a host's users work side by side. */
export interface HostTraffic {
  /** Network round trips after the connection stood: facts, reads, changes. */
  readonly exchanges: number
  /** Written to and read from its shells, before encryption. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Connections and shells until they stood, of a host that was down until it was given up. */
  readonly connectMs: number
  readonly factsMs: number
  readonly readMs: number
  /** Exchanges with steps in them, with the reads that rode along. */
  readonly applyMs: number
}
export interface HostRecap extends HostTraffic {
  readonly ok: number
  readonly changed: number
  readonly skipped: number
  readonly failed: number
  readonly unreachable: number
  /** Failures that a block's `rescue` put right; they are not in `failed`. */
  readonly rescued: number
  /** Failures that `ignoreErrors` or `ignoreUnreachable` let pass; they are in `ok`. */
  readonly ignored: number
}
/** Last event. */
export interface RecapEvent {
  readonly event: 'recap'
  readonly check: boolean
  /** Targets, in inventory order; those that the run has added come last. */
  readonly hosts: { readonly [host: string]: HostRecap }
  readonly durationMs: number
  readonly exitCode: number
  /** What ended the run before its first task, or before that of a play whose hosts were known only then. */
  readonly error?: ErrorDetails
}

/** Everything that happens in a run. Reporters are pure listeners to these. */
export type RunEvents =
  | RunEvent
  | FactsEvent
  | AddedEvent
  | PlayEvent
  | BatchEvent
  | RunningEvent
  | TaskEvent
  | RetryEvent
  | RescuedEvent
  | StoppedEvent
  | WarningEvent
  | RecapEvent
export type { RunEvents as Event }
export type Emit = (event: RunEvents) => void
