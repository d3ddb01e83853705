import { refuseAsync } from './collecting.ts'
import { enterSection } from './record.ts'

/** How one use of a service module is told from another. */
export interface UseOptions {
  /** The instance's name in reports; default the service module's own. */
  readonly as?: string
  /** For each of its tasks, besides the tags it gives them itself. */
  readonly tags?: readonly string[]
}

/**
 * A reusable module for a service (Ansible's role): a function that adds tasks and handlers to a play. Its tasks are
 * named after it, so one service module can be used twice in a play.
 */
export function defineServiceModule<T, O, R>(
  name: string,
  body: (tools: T, options: O) => R,
): (tools: T, options: O, use?: UseOptions) => R {
  return (tools, options, use = {}) => {
    const enter = (tools as { [enterSection]?: (instance: string, tags: readonly string[]) => T })[enterSection]
    if (!enter) throw new TypeError(`service module '${name}' takes the tools of a play as its first argument`)
    const returned = body(enter(use.as ?? name, use.tags ?? []), options)
    refuseAsync(`service module '${name}'`, returned)
    return returned
  }
}
