import { RollcallError } from '../model/errors.ts'
import { callerLine } from '../util/caller.ts'
import { enterSection } from './record.ts'

interface Collecting<T> {
  readonly tools: T
  /** Ends it: what comes later would be lost without a word. */
  readonly end: () => void
}

/** Tools that collect only while the body runs that they were made for. */
export function collecting<T extends object>(of: string, tools: T): Collecting<T> {
  let ended = false
  const guard = (key: PropertyKey, tool: unknown): unknown => {
    if (typeof tool !== 'function') return tool
    return (...words: unknown[]) => {
      if (ended)
        refuse(
          'Something is added to what is closed already',
          of,
          'Add it in the body itself: closures, timers and callbacks come too late.',
        )
      refuseNameless(of, words[0])
      const made: unknown = tool(...(key === 'block' ? inBlock(words) : words))
      return key === enterSection ? guarded(made as object) : made
    }
  }
  /** The bodies of a block are given the same tools, and are as synchronous. */
  const inBlock = ([name, body, options]: unknown[]): unknown[] => {
    const part = (what: string, fill: unknown): unknown =>
      typeof fill !== 'function'
        ? fill
        : (tools: object) => {
            const returned: unknown = fill(guarded(tools))
            refuseAsync(`${what} of block '${String(name)}'`, returned)
            return returned
          }
    const { rescue, always, ...rest } = (options ?? {}) as { readonly rescue?: unknown; readonly always?: unknown }
    const more = {
      ...(rescue !== undefined && { rescue: part('rescue', rescue) }),
      ...(always !== undefined && { always: part('always', always) }),
    }
    return [name, part('the body', body), { ...rest, ...more }]
  }
  const guarded = <G extends object>(given: G): G =>
    Object.fromEntries(Reflect.ownKeys(given).map((key) => [key, guard(key, given[key as keyof G])])) as G
  return {
    tools: guarded(tools),
    end: () => {
      ended = true
    },
  }
}

/** Names stand in reports and in records on hosts. */
function refuseNameless(of: string, name: unknown): void {
  if (typeof name === 'string' && name.trim() === '') refuse('A name is empty', of, 'Say in a few words what it does.')
}

/** A body that goes on after it has returned: what it adds then would never run. */
export function refuseAsync(of: string, returned: unknown): void {
  if (typeof (returned as { then?: unknown } | undefined | null)?.then !== 'function') return
  // Whatever becomes of it, this is the error to see.
  Promise.resolve(returned).catch(() => {})
  refuse(
    'A body that collects is async',
    `${of}: what stands behind its first await would never run`,
    'Await before, at the top of the file: const names = await …; or read the file with readFileSync.',
  )
}

function refuse(summary: string, detail: string, fix: string): never {
  const at = callerLine()
  throw new RollcallError({ summary, detail, fix, exitCode: 1, ...(at && { at }) })
}
