import { type Becoming, becomeInside } from '../model/become.ts'
import type { SourceLine } from '../model/errors.ts'
import { callerLine } from '../util/caller.ts'
import { redact } from '../util/redact.ts'
import { checkedBecome } from './become.ts'
import type { BlockRecord, Within } from './block.ts'
import { boundOf, fail, parallelOf, retriesOf, timeoutOf } from './bounds.ts'
import { type Environment, environmentsOf } from './environment.ts'
import type { BlockOptions, Calls, HandlerOptions, PlayTools, TaskOptions } from './play-tools.ts'
import type { Topic } from './topic.ts'

/** A task or handler as collected: for the engine. It is also the value users hold. */
export interface TaskRecord {
  /** `flush`: no task of the user's, but the place where handlers notified so far run. */
  readonly kind: 'task' | 'handler' | 'flush'
  /** As reports show it: `haproxy : install haproxy` inside a service module. */
  readonly name: string
  /** Play / service-module instance / task: stable over runs. */
  readonly id: string
  readonly action: Calls | ((scope: any) => Calls)
  readonly when: ((scope: any) => boolean) | undefined
  readonly changedWhen: ((scope: any) => boolean) | undefined
  readonly failedWhen: ((scope: any) => boolean) | undefined
  readonly until: ((scope: any) => boolean) | undefined
  readonly retries: number
  /** Seconds between two attempts. */
  readonly delay: number
  readonly ignoreErrors: boolean
  readonly ignoreUnreachable: boolean
  readonly anyErrorsFatal: boolean
  readonly runOnce: boolean
  readonly throttle: number | undefined
  /** How many items of its list may run at once on one host. */
  readonly parallel: number
  /** Seconds that each attempt may take. */
  readonly timeout: number | undefined
  readonly delegateTo: string | ((scope: any) => unknown) | undefined
  readonly notify: readonly TaskRecord[]
  readonly tags: readonly string[]
  /** What it says itself; its play says the rest. */
  readonly become: Becoming
  /** What it says itself, from the outside in; its play's stands before. */
  readonly environment: readonly Environment[]
  /** The blocks it stands in, from the outermost. */
  readonly within: readonly Within[]
  readonly at: SourceLine | undefined
}

/** What a task has that says nothing of it. */
export const plainTask = {
  when: undefined,
  changedWhen: undefined,
  failedWhen: undefined,
  until: undefined,
  retries: 0,
  delay: 5,
  ignoreErrors: false,
  ignoreUnreachable: false,
  anyErrorsFatal: false,
  runOnce: false,
  throttle: undefined,
  parallel: 1,
  timeout: undefined,
  delegateTo: undefined,
  notify: [],
  tags: [],
  become: {},
  environment: [],
  within: [],
} as const satisfies Partial<TaskRecord>

/** Lets a service module open its own section of names; hidden from users. */
export const enterSection: unique symbol = Symbol('rollcall.enterSection')

interface SectionTools extends PlayTools<any> {
  readonly [enterSection]: (instance: string, tags: readonly string[]) => PlayTools<any>
}

/** What is being collected. */
interface Recorded {
  readonly tools: PlayTools<any>
  readonly tasks: TaskRecord[]
  readonly handlers: TaskRecord[]
  /** Ends the collecting: only now all handlers that listen are known. */
  readonly finish: () => void
}

type Options = TaskOptions<any, any> & HandlerOptions<any, any>
type Defaults = { readonly [K in keyof BlockOptions<any>]?: BlockOptions<any>[K] | undefined }
type BlockDefaults = Omit<Defaults, 'become' | 'environment'> & Partial<Pick<Inherited, 'become' | 'environment'>>
/** What a play hands to each of its tasks. */
type PlayDefaults = Pick<Defaults, 'anyErrorsFatal' | 'ignoreErrors' | 'ignoreUnreachable' | 'throttle' | 'timeout'>
/** What the blocks around a task hand to it. */
type Inherited = Pick<BlockOptions<any>, 'when' | 'delegateTo' | 'anyErrorsFatal' | 'ignoreErrors' | 'ignoreUnreachable' | 'timeout'> & {
  readonly become: Becoming
  readonly environment: readonly Environment[]
  readonly tags: readonly string[]
  readonly within: readonly Within[]
}

const nothing: Inherited = { become: {}, environment: [], tags: [], within: [] }

/** Tools that collect into two lists. Names must differ within a section: they identify tasks in reports. */
export function recordTools(play: string, options: PlayDefaults = {}): Recorded {
  const tasks: TaskRecord[] = []
  const handlers: TaskRecord[] = []
  const sections = new Set<string>()
  const notified: { readonly topic: Topic; readonly by: TaskRecord; readonly notify: TaskRecord[] }[] = []
  const listening = new Map<Topic, TaskRecord[]>()
  const { anyErrorsFatal, ignoreErrors, ignoreUnreachable, throttle, timeout } = options
  timeoutOf(timeout, `play '${play}'`, callerLine())
  const outermost = inherit(nothing, { anyErrorsFatal, ignoreErrors, ignoreUnreachable, timeout })
  let around = outermost

  const section = (path: readonly string[], inherited: readonly string[]): SectionTools => {
    const add = (kind: 'task' | 'handler', given: string, action: TaskRecord['action'], options: Options = {}): TaskRecord => {
      const at = callerLine()
      const name = redact(given) // It is reported, and kept on the host for handlers.
      const id = [play, ...path, name].join(' / ')
      const list = kind === 'task' ? tasks : handlers
      if (list.some((other) => other.id === id))
        fail(
          at,
          `Two ${kind}s have one name`,
          `'${name}' in ${[`play '${play}'`, ...path].join(' / ')}`,
          'Rename one: names identify tasks in reports and results.',
        )
      const asked = [options.notify ?? []].flat() as unknown as (TaskRecord | Topic)[]
      const notify: TaskRecord[] = []
      const own = kind === 'task' ? around : outermost // A handler runs outside of the block that it is written in.
      const record: TaskRecord = {
        ...plainTask,
        kind,
        name: [...path, name].join(' : '),
        id,
        action,
        when: both(own.when, options.when),
        changedWhen: options.changedWhen,
        failedWhen: options.failedWhen,
        until: options.until,
        ...retriesOf(options, `${kind} '${name}'`, at),
        ignoreErrors: options.ignoreErrors ?? own.ignoreErrors ?? false,
        ignoreUnreachable: options.ignoreUnreachable ?? own.ignoreUnreachable ?? false,
        anyErrorsFatal: options.anyErrorsFatal ?? own.anyErrorsFatal ?? false,
        runOnce: options.runOnce ?? false,
        throttle: boundOf(options.throttle ?? throttle, `${kind} '${name}'`, at),
        parallel: parallelOf(options.parallel, `${kind} '${name}'`, at),
        timeout: timeoutOf(options.timeout, `${kind} '${name}'`, at) ?? own.timeout,
        delegateTo: options.delegateTo ?? own.delegateTo,
        notify,
        tags: [...new Set([...own.tags, ...inherited, ...(options.tags ?? [])])],
        become: becomeInside(own.become, checkedBecome(options.become, `${kind} '${name}'`, at)),
        environment: [...own.environment, ...environmentsOf(options.environment, `${kind} '${name}'`, at)],
        within: own.within,
        at,
      }
      for (const one of asked) {
        if (one?.kind === 'topic') notified.push({ topic: one, by: record, notify })
        else if (handlers.includes(one)) notify.push(one)
        else
          fail(
            at,
            'A task notifies a handler of another play',
            `task '${name}' notifies '${one?.name}'`,
            `Define the handler in play '${play}' with handler(…).`,
          )
      }
      for (const topic of [options.listen ?? []].flat()) listening.set(topic, [...(listening.get(topic) ?? []), record])
      list.push(record)
      return record
    }
    const tools: SectionTools = {
      task: ((name: string, action: TaskRecord['action'], options?: TaskOptions<any, any>) =>
        add('task', name, action, options)) as unknown as SectionTools['task'],
      handler: ((name: string, action: TaskRecord['action'], options?: HandlerOptions<any, any>) =>
        add('handler', name, action, options)) as unknown as SectionTools['handler'],
      block: <R>(name: string, body: (tools: PlayTools<any>) => R, options: BlockOptions<any> = {}): R => {
        const at = callerLine()
        const what = `block '${name}'`
        const said = { become: checkedBecome(options.become, what, at), environment: environmentsOf(options.environment, what, at) }
        const block: BlockRecord = {
          name: [...path, redact(name)].join(' : '),
          rescues: options.rescue !== undefined,
          ...retriesOf(options, what, at),
          throttle: boundOf(options.throttle, what, at),
          at,
        }
        timeoutOf(options.timeout, what, at)
        const outer = around
        const inside = <T>(part: Within['part'], collect: (tools: PlayTools<any>) => T): T => {
          around = inherit(outer, { ...options, ...said }, { block, part })
          try {
            return collect(tools)
          } finally {
            around = outer
          }
        }
        const given = inside('body', body)
        if (options.rescue) inside('rescue', options.rescue)
        if (options.always) inside('always', options.always)
        return given
      },
      flushHandlers: () => {
        const name = `flush handlers ${tasks.length}`
        const id = [play, ...path, name].join(' / ')
        tasks.push({ ...plainTask, kind: 'flush', name, id, action: [], tags: ['always'], within: around.within, at: callerLine() })
      },
      [enterSection]: (instance, more) => {
        const inner = [...path, instance]
        const key = inner.join(' / ')
        if (sections.has(key))
          fail(
            callerLine(),
            'A service module is used twice under one name',
            `'${instance}' in play '${play}'`,
            `Give one use a name of its own: ${instance}(tools, options, { as: '…' }).`,
          )
        sections.add(key)
        return section(inner, [...inherited, ...more])
      },
    }
    return tools
  }
  const finish = () => {
    for (const { topic, by, notify } of notified) {
      const listeners = listening.get(topic)
      if (!listeners)
        fail(
          by.at,
          'A task notifies a topic that no handler listens to',
          `task '${by.name}' notifies topic '${topic.name}' in play '${play}'`,
          `Let a handler of this play listen to it: handler(…, …, { listen: … }).`,
        )
      notify.push(...listeners.filter((handler) => !notify.includes(handler)))
    }
  }
  return { tools: section([], []), tasks, handlers, finish }
}

/** What a block hands on to the tasks in one of its parts: the inner word counts, tags add up, conditions must all hold. */
function inherit(outer: Inherited, options: BlockDefaults, within?: Within): Inherited {
  const { when, become = {}, environment = [], delegateTo, anyErrorsFatal, ignoreErrors, ignoreUnreachable, timeout, tags = [] } = options
  return {
    ...outer,
    become: becomeInside(outer.become, become),
    environment: [...outer.environment, ...environment],
    ...(delegateTo !== undefined && { delegateTo }),
    ...(anyErrorsFatal !== undefined && { anyErrorsFatal }),
    ...(ignoreErrors !== undefined && { ignoreErrors }),
    ...(ignoreUnreachable !== undefined && { ignoreUnreachable }),
    ...(timeout !== undefined && { timeout }),
    ...(when && { when: both(outer.when, when)! }),
    tags: [...outer.tags, ...tags],
    within: within ? [...outer.within, within] : outer.within,
  }
}

type Condition = (scope: any) => boolean

/** What an outer condition gives that is no `true` is what they give together: evaluation looks at its type. */
function both(outer: Condition | undefined, inner: Condition | undefined): Condition | undefined {
  if (!outer || !inner) return inner ?? outer
  return (scope) => {
    const first = outer(scope)
    return first === true ? inner(scope) : first
  }
}
