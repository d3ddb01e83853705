import type { Event } from '../../src/model/event.ts'
import { formats } from '../../src/report/reporter.ts'
import { reporterContract, type Told } from './reporter.ts'

/** A format that is missing here does not compile. */
const told: { readonly [F in (typeof formats)[number]]: Told } = {
  human: (event: Event) => {
    if (event.event === 'warning') return [event.message.split('\n')[0]!]
    if (event.event === 'task' && ['changed', 'failed', 'unreachable'].includes(event.outcome)) return [event.task, event.host]
    if (event.event === 'play') return [event.play]
    return []
  },
  json: (event) => [`${JSON.stringify(event)}\n`],
}

for (const format of formats) reporterContract(format, told[format])
