import { Refusal } from '../dsl/definition.ts'
import { defineQuery } from '../dsl/module.ts'
import { instanceOf, oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { probe } from '../resources/probe.ts'
import { extendedRegex, RegexError } from '../util/extended-regex.ts'
import type { Script } from '../util/sh.ts'
import { fieldsOf } from './result-fields.ts'
import { absolutePath } from './shared-params.ts'
import {
  bytesOf,
  connectionStates,
  fileMatches,
  type Pattern,
  pathIsThere,
  portAnswers,
  portIsBusy,
  portSays,
  waitUntil,
} from './wait-script.ts'

const regExp = instanceOf('RegExp', RegExp)
const stateNames = Object.keys(connectionStates) as (keyof typeof connectionStates)[]

const params = parameters({
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: 'a TCP port to wait for' })),
  host: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9:._%-]+$',
      description:
        'the address of the port, as seen from the host the task runs on; default 127.0.0.1, and for drained every address of the host',
    }),
  ),
  path: Type.Optional(absolutePath('a file or directory to wait for')),
  searchRegex: Type.Optional(
    Type.Unsafe<string | RegExp>({
      anyOf: [{ type: 'string', minLength: 1 }, regExp],
      description: 'a line that the file must hold, or that the port must say of itself; lookaround and backreferences are refused',
    }),
  ),
  state: Type.Optional(
    oneOf(['started', 'stopped', 'present', 'absent', 'drained'], {
      description:
        'started or present (default): the port answers, the path is there, the line is found; stopped or absent: no longer; drained: the port of this host has no connections',
    }),
  ),
  timeout: Type.Optional(Type.Number({ minimum: 0, description: 'seconds until the task fails; default 300' })),
  connectTimeout: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: 'seconds for one attempt to connect, and to listen to what a port says; default 5' }),
  ),
  delay: Type.Optional(Type.Number({ minimum: 0, description: 'seconds before the first look' })),
  sleep: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'seconds between two looks; default 1' })),
  excludeHosts: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { description: 'for drained: addresses whose connections do not count' }),
  ),
  activeConnectionStates: Type.Optional(
    Type.Array(oneOf(stateNames), { minItems: 1, description: 'for drained: states in which a connection counts; default all of them' }),
  ),
  msg: Type.Optional(Type.String({ minLength: 1, description: 'what to say when it does not come' })),
})
type WaitParams = Params<typeof params>

/** What is left of waiting. */
export interface WaitResult {
  /** Seconds waited. */
  readonly elapsed: number
  readonly state: 'started' | 'stopped' | 'present' | 'absent' | 'drained'
  readonly port?: number
  readonly path?: string
  readonly searchRegex?: string
  /** What the groups of searchRegex hold in the line found; empty for a group that took no part. */
  readonly matchGroups: readonly string[]
  readonly matchGroupdict: { readonly [name: string]: string }
}

const isGone = (state: WaitParams['state']) => state === 'stopped' || state === 'absent' || state === 'drained'

function patternOf(searchRegex: string | RegExp): Pattern {
  const { source, flags } = new RegExp(searchRegex)
  const odd = flags.replace(/[im]/g, '')
  if (odd !== '') throw new Refusal(`searchRegex has the flag ${odd}, and only i can be asked of the host`)
  try {
    return { extended: extendedRegex(source), ignoreCase: flags.includes('i') }
  } catch (error) {
    if (error instanceof RegexError)
      throw new Refusal(`searchRegex cannot be looked for on a host: ${error.message}`, 'It is looked for there by grep -E, line by line.')
    throw error
  }
}

function look(asked: WaitParams): Script {
  const { port, host = '127.0.0.1', path, searchRegex, state, connectTimeout = 5 } = asked
  if ((port === undefined) === (path === undefined)) throw new Refusal('waitFor takes either port or path', 'Give exactly one of the two.')
  if (state !== 'drained' && (asked.excludeHosts || asked.activeConnectionStates))
    throw new Refusal(
      'excludeHosts and activeConnectionStates say which connections count, and only drained counts any',
      "Set state: 'drained'.",
    )
  if (path !== undefined) {
    if (state === 'drained' || asked.host !== undefined || asked.connectTimeout !== undefined)
      throw new Refusal('drained, host and connectTimeout are of a port, and a path was given', 'Give a port, or leave them out.')
    return searchRegex === undefined ? pathIsThere(path) : fileMatches(path, patternOf(searchRegex))
  }
  if (searchRegex !== undefined) {
    if (isGone(state))
      throw new Refusal(`searchRegex is what a port says, and state '${state}' waits for it to be silent`, 'Leave one out.')
    return portSays(host, port!, connectTimeout, patternOf(searchRegex))
  }
  if (state !== 'drained') return portAnswers(host, port!, connectTimeout)
  const excludeHosts = asked.excludeHosts ?? []
  for (const address of [...excludeHosts, ...(asked.host === undefined ? [] : [asked.host])])
    if (bytesOf(address) === undefined)
      throw new Refusal(`'${address}' is no address of numbers, and connections are known by these`, 'Give the address, as in 203.0.113.7.')
  return portIsBusy({ port: port!, states: asked.activeConnectionStates ?? stateNames, host: asked.host, excludeHosts })
}

function whatIsMissing({ port, host = '127.0.0.1', path, searchRegex, state }: WaitParams): string {
  const what = path ?? `port ${port} of ${host}`
  if (state === 'drained') return `port ${port} still has connections`
  if (searchRegex !== undefined) {
    const regex = new RegExp(searchRegex)
    return isGone(state)
      ? `${what} still holds ${regex}`
      : path === undefined
        ? `${what} does not say ${regex}`
        : `${what} does not hold ${regex}`
  }
  return `${what} is ${isGone(state) ? 'still' : 'not'} there`
}

/** Waits on the host until a port or a path is as wanted. Check mode looks once. */
export const waitFor = defineQuery({
  name: 'waitFor',
  summary: 'Wait until a port answers, falls silent or is drained, or a path is there, gone or holds a line',
  params,
  reads: (asked, { check }) => {
    const { timeout = 300, delay = 0, sleep = 1 } = asked
    const times = check ? { timeout: 0, delay: 0, sleep } : { timeout, delay, sleep }
    return { probe: probe(waitUntil(look(asked), !isGone(asked.state), times)) }
  },
  result: (asked, { probe: { rc, stdout, stderr } }, { check }): WaitResult => {
    const { port, path, searchRegex, state = 'started', timeout = 300, msg } = asked
    const [seconds = '', line = ''] = stdout.split('\n')
    const match = searchRegex === undefined ? null : new RegExp(searchRegex).exec(line)
    const result: WaitResult = {
      elapsed: Number(seconds),
      state,
      ...(port !== undefined && { port }),
      ...(path !== undefined && { path }),
      ...(searchRegex !== undefined && { searchRegex: new RegExp(searchRegex).source }),
      matchGroups: match ? match.slice(1).map((group: string | undefined) => group ?? '') : [],
      matchGroupdict: Object.fromEntries(Object.entries(match?.groups ?? {}).map(([name, group]) => [name, group ?? ''])),
    }
    if (rc === 2) throw new Refusal(`${path ?? `port ${port}`} cannot be looked at: ${stderr.trim()}`, undefined, result)
    if (rc !== 0)
      throw new Refusal(
        msg ?? `${whatIsMissing(asked)} ${check ? 'now' : `after ${timeout} s`}`,
        check ? 'Check mode looks once and does not wait.' : 'Look at the log of the service it belongs to, or raise timeout.',
        result,
      )
    return result
  },
  resultFields: fieldsOf<WaitResult>({
    elapsed: 'seconds waited',
    state: 'what was waited for',
    port: 'the port, where one was waited for',
    path: 'the path, where one was waited for',
    searchRegex: 'the pattern, where one was given',
    matchGroups: 'what the groups of searchRegex hold in the line found',
    matchGroupdict: 'the same by the names of groups',
  }),
})
