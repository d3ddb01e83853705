import { Refusal } from '../dsl/definition.ts'
import { defineQuery } from '../dsl/module.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { probe } from '../resources/probe.ts'
import type { Script } from '../util/sh.ts'
import { absolutePath } from './shared-params.ts'
import { pathIsThere, portAnswers, waitUntil } from './wait-script.ts'

const params = parameters({
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: 'a TCP port to wait for' })),
  host: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9:._%-]+$',
      description: 'the address of the port, as seen from the host the task runs on; default 127.0.0.1',
    }),
  ),
  path: Type.Optional(absolutePath('a file or directory to wait for')),
  state: Type.Optional(
    oneOf(['started', 'stopped', 'present', 'absent'], {
      description: 'started or present (default): the port answers, the path is there; stopped or absent: no longer',
    }),
  ),
  timeout: Type.Optional(Type.Number({ minimum: 0, description: 'seconds until the task fails; default 300' })),
  delay: Type.Optional(Type.Number({ minimum: 0, description: 'seconds before the first look' })),
  sleep: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'seconds between two looks; default 1' })),
})

function look({ port, host = '127.0.0.1', path }: Params<typeof params>): Script {
  if ((port === undefined) === (path === undefined)) throw new Refusal('waitFor takes either port or path', 'Give exactly one of the two.')
  return path === undefined ? portAnswers(host, port!) : pathIsThere(path)
}

/** Waits on the host until a port answers or a path is there, or no longer. Check mode looks once. */
export const waitFor = defineQuery({
  name: 'waitFor',
  summary: 'Wait until a port answers or a path is there',
  params,
  reads: (params, { check }) => {
    const { state = 'started', timeout = 300, delay = 0, sleep = 1 } = params
    return {
      probe: probe(
        waitUntil(
          look(params),
          state === 'started' || state === 'present',
          check ? { timeout: 0, delay: 0, sleep } : { timeout, delay, sleep },
        ),
      ),
    }
  },
  result: ({ port, host = '127.0.0.1', path, state = 'started', timeout = 300 }, { probe: { rc, stdout, stderr } }, { check }) => {
    const what = path ?? `port ${port} of ${host}`
    if (rc === 2) throw new Refusal(`${what} cannot be looked at: ${stderr.trim()}`)
    const long = check ? 'now' : `after ${timeout} s`
    if (rc !== 0)
      throw new Refusal(
        `${what} is ${state === 'stopped' || state === 'absent' ? 'still' : 'not'} there ${long}`,
        check ? 'Check mode looks once and does not wait.' : 'Look at the log of the service it belongs to, or raise timeout.',
      )
    return { waited: Number(stdout.trim()) }
  },
})
