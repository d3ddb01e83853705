import { isDeepStrictEqual } from 'node:util'
import { redact, redactDeep } from '../util/redact.ts'
import type { Event } from './event.ts'

/**
 * An event without any registered secret in it, whoever said it: the last line of defence. Words of the engine's own
 * (outcomes, names of hosts and modules) stay, for programs tell events apart by them.
 */
export function redactEvent(event: Event): Event {
  switch (event.event) {
    case 'run':
      return {
        ...event,
        queries: redactDeep(event.queries),
        ...(event.sources && { sources: redactDeep(event.sources) }),
        ...(event.inputs && { inputs: redactDeep(event.inputs) }),
      }
    case 'facts':
      return {
        ...event,
        hosts: event.hosts.map((host) => (host.reason === undefined ? host : { ...host, reason: redact(host.reason) })),
      }
    case 'added': {
      const { play, queries, hosts, facts, unknown } = event
      return {
        ...event,
        ...redactDeep({ play, queries, unknown }),
        hosts: hosts.map((host) => ({
          ...host,
          task: redact(host.task),
          ...(host.address !== undefined && { address: redact(host.address) }),
        })),
        facts: facts.map((host) => (host.reason === undefined ? host : { ...host, reason: redact(host.reason) })),
      }
    }
    case 'play':
    case 'batch':
      return { ...event, play: redact(event.play) }
    case 'retry':
    case 'rescued':
    case 'stopped': {
      const { event: kind, ...said } = event
      return { event: kind, ...redactDeep(said) } as typeof event
    }
    case 'warning':
      return { ...event, message: redact(event.message), ...(event.fix !== undefined && { fix: redact(event.fix) }) }
    case 'task': {
      const { event: kind, host, module, handler, outcome, confidence, durationMs, templates, ...said } = event
      const own = { event: kind, host, module, handler, outcome, confidence, durationMs, ...(templates && { templates }) }
      const shown = redactDeep(said)
      const masked = said.action === true && !isDeepStrictEqual(shown.result, said.result)
      return { ...shown, ...own, ...(masked && { masked }) }
    }
    case 'running':
      return { ...event, tasks: event.tasks.map((one) => ({ ...one, task: redact(one.task), output: redactDeep(one.output) })) }
    case 'recap':
      return event.error === undefined ? event : { ...event, error: redactDeep(event.error) }
    default:
      return event satisfies never
  }
}
