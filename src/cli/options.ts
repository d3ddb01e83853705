import { RollcallError } from '../model/errors.ts'
import type { Emit } from '../model/event.ts'
import { formats } from '../report/index.ts'

/** Options that several commands share, word for word. */
export const shared = {
  inventory: { alias: 'i', type: 'string', requiresArg: true, describe: "inventory to use, by name or path; default is the project's" },
  limit: {
    alias: 'l',
    type: 'string',
    requiresArg: true,
    describe: 'hosts this run may change, e.g. web:!edge; templates still know every host',
  },
  check: { alias: 'C', type: 'boolean', describe: 'only say what would change' },
  diff: { alias: 'D', type: 'boolean', describe: 'show changes line by line' },
  'detailed-exit-code': { type: 'boolean', describe: 'exit with 3 where something changed, or would' },
  format: { choices: formats, default: 'human', requiresArg: true, describe: 'output for people, or for machines' },
  timing: { type: 'boolean', describe: 'tell of each host what was sent and where the time went' },
  forks: { alias: 'f', type: 'string', default: '50', defaultDescription: '50', requiresArg: true, describe: 'how many hosts at once' },
  'wait-for-lock': {
    type: 'string',
    requiresArg: true,
    describe: 'seconds to wait for a host that another run is changing; default: fail there',
  },
  timeout: { type: 'string', requiresArg: true, describe: 'seconds after which what runs on hosts is ended, and the run has failed' },
} as const

export const playbook = {
  playbook: { type: 'string', demandOption: true, describe: 'name of a playbook in playbooks/, or a path' },
} as const

/** Exit code of `--detailed-exit-code` for a run that succeeded and changed something, or would. */
export const changesMade = 3

/** A listener that also remembers whether anything changed. */
export function noteChanges(report: Emit): { readonly emit: Emit; readonly made: () => boolean } {
  let changed = false
  return {
    emit: (event) => {
      if (event.event === 'recap') changed = Object.values(event.hosts).some((host) => host.changed > 0)
      report(event)
    },
    made: () => changed,
  }
}

/** The words of an option that may be repeated and hold several joined by commas. */
export function words(values: readonly string[] | undefined): readonly string[] {
  return (values ?? [])
    .flatMap((value) => value.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

/** Seconds of an option that need not be given. @throws RollcallError unless the text is a whole number from 1. */
export function secondsOf(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : positiveInteger(text, option)
}

/** @throws RollcallError unless the text is a whole number from 1. */
export function positiveInteger(text: string, option: string): number {
  if (/^[0-9]{1,6}$/.test(text) && Number(text) >= 1) return Number(text)
  throw new RollcallError({ summary: `${option} needs a whole number from 1`, detail: `'${text}'`, fix: `${option} 50` })
}
