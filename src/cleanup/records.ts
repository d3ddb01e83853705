import { parseLost } from '../engine/lost-steps.ts'
import { parsePending } from '../engine/pending.ts'

/** What is said of the record of an archive: which one cannot be told from it. */
export const unpackedAbout = 'a record of an unpacked archive; without it the next run unpacks the archive again'

/** What is said of the record of a step whose link was lost. */
export function lostAbout(record: string): string {
  const [known] = parseLost(record)
  return known === undefined
    ? 'a record of a step that cannot be read'
    : `the end of a step whose link was lost: ${known.about}, exit code ${known.code}; the next run tells it`
}

/** What is said of the record of a handler. */
export function pendingAbout(record: string): string {
  const [known] = parsePending({ stdout: Buffer.from(record) })
  if (known === undefined) return 'a record of a handler that cannot be read'
  // Of a play on the controller the record names the host that it was worked for.
  const [, handler = known.handler, host] = /^(.*) @ (\S+)$/s.exec(known.handler) ?? []
  return `handler '${handler}' of playbook ${known.playbook}, owed ${host === undefined ? '' : `to ${host} `}since ${known.since}`
}
