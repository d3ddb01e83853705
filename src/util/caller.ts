import { fileURLToPath } from 'node:url'

const here = import.meta.url
const root = here.slice(0, here.lastIndexOf(here.includes('/dist/') ? '/dist/' : '/src/'))
const rootPath = root.startsWith('file:') ? fileURLToPath(root) : root
/** Both: where source maps are in use, the code of a build says that it stands in `src`. */
const own = [`${rootPath}/dist/`, `${rootPath}/src/`]

/** A place in a user's file. */
export interface CallerLine {
  readonly file: string
  readonly line: number
  readonly column: number
}

const frame = /(?:\(|at )((?:file:\/\/|\/)[^()]*?):(\d+):(\d+)\)?$/

/** The innermost frame of a stack that stands in a user's file: not Rollcall's, not a dependency's, not Node's. */
export function userFrame(stack: string | undefined): CallerLine | undefined {
  for (const text of (stack ?? '').split('\n')) {
    const match = frame.exec(text.trim())
    if (!match) continue
    const url = match[1]!
    const file = (url.startsWith('file:') ? fileURLToPath(url) : url).replace(/\?.*$/, '')
    if (own.some((folder) => file.startsWith(folder)) || file.includes('/node_modules/')) continue
    return { file, line: Number(match[2]), column: Number(match[3]) }
  }
  return undefined
}

/** The place in a user's file from which Rollcall was called: where a task, a module call or a template stands. */
export function callerLine(): CallerLine | undefined {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const stack = new Error().stack
  Error.stackTraceLimit = limit
  return userFrame(stack)
}
