import type { Becoming } from '../model/become.ts'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import { callerLine } from '../util/caller.ts'
import { redact } from '../util/redact.ts'
import { checkedBecome } from './become.ts'
import { type Environment, environmentsOf } from './environment.ts'
import type { Calls, HandlerOptions, PlayTools, TaskOptions } from './play-tools.ts'

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
  readonly ignoreErrors: boolean
  readonly notify: readonly TaskRecord[]
  readonly tags: readonly string[]
  /** What it says itself; its play says the rest. */
  readonly become: Becoming
  /** What it says itself, from the outside in; its play's stands before. */
  readonly environment: readonly Environment[]
  readonly at: SourceLine | undefined
}

/** Lets a service module open its own section of names; hidden from users. */
export const enterSection: unique symbol = Symbol('rollcall.enterSection')

interface SectionTools extends PlayTools<any> {
  readonly [enterSection]: (instance: string) => PlayTools<any>
}

/** Tools that collect into two lists. Names must differ within a section: they identify tasks in reports. */
export function recordTools(play: string): { tools: PlayTools<any>; tasks: TaskRecord[]; handlers: TaskRecord[] } {
  const tasks: TaskRecord[] = []
  const handlers: TaskRecord[] = []
  const sections = new Set<string>()
  const section = (path: readonly string[]): SectionTools => {
    const add = (
      kind: 'task' | 'handler',
      given: string,
      action: TaskRecord['action'],
      options: TaskOptions<any, any> & HandlerOptions<any, any> = {},
    ): TaskRecord => {
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
      const notify = [options.notify ?? []].flat() as unknown as TaskRecord[]
      for (const handler of notify)
        if (!handlers.includes(handler))
          fail(
            at,
            'A task notifies a handler of another play',
            `task '${name}' notifies '${handler?.name}'`,
            `Define the handler in play '${play}' with handler(…).`,
          )
      const record: TaskRecord = {
        kind,
        name: [...path, name].join(' : '),
        id,
        action,
        when: options.when,
        changedWhen: options.changedWhen,
        failedWhen: options.failedWhen,
        ignoreErrors: options.ignoreErrors ?? false,
        notify,
        tags: options.tags ?? [],
        become: checkedBecome(options.become, `${kind} '${name}'`, at),
        environment: environmentsOf(options.environment, `${kind} '${name}'`, at),
        at,
      }
      list.push(record)
      return record
    }
    return {
      task: ((name: string, action: TaskRecord['action'], options?: TaskOptions<any, any>) =>
        add('task', name, action, options)) as unknown as SectionTools['task'],
      handler: ((name: string, action: TaskRecord['action'], options?: HandlerOptions<any, any>) =>
        add('handler', name, action, options)) as unknown as SectionTools['handler'],
      flushHandlers: () => {
        const name = `flush handlers ${tasks.length}`
        tasks.push({
          kind: 'flush',
          name,
          id: [play, ...path, name].join(' / '),
          action: [],
          when: undefined,
          changedWhen: undefined,
          failedWhen: undefined,
          ignoreErrors: false,
          notify: [],
          tags: ['always'],
          become: {},
          environment: [],
          at: callerLine(),
        })
      },
      [enterSection]: (instance) => {
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
        return section(inner)
      },
    }
  }
  return { tools: section([]), tasks, handlers }
}

function fail(at: SourceLine | undefined, summary: string, detail: string, fix: string): never {
  throw new RollcallError({ summary, detail, fix, ...(at && { at }) })
}
