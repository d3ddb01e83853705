import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'

/** apt's package lists: whether they were refreshed within the seconds that the id says. */
export interface AptListsState {
  readonly fresh: boolean
  /** Seconds since 1970 of the last refresh; 0 where there are no lists. */
  readonly updatedAt: number
}

// Images are often shipped with the directory emptied a moment ago: no lists are never fresh.
const age = new Script(`set -- /var/lib/apt/lists/*_*
if [ -e "$1" ]; then
  now=$(date +%s)
  then=$(stat -c %Y /var/lib/apt/lists)
  stamp=$(stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null || echo 0)
  [ "$stamp" -le "$then" ] || then=$stamp
  echo $((now - then)) "$then"
else
  echo none
fi`)

export const aptListsKind: ResourceKind<AptListsState> = {
  name: 'aptLists',
  needs: ['age'],
  freshness: 'own',
  sharesShell: true,
  script: () => sh`${age}
exit 0`,
  parse: (stdout, requests) => {
    const text = Buffer.from(stdout).toString('utf8').trim()
    if (!/^(none|-?\d+ \d+)$/.test(text)) throw new Error(`the age of apt's package lists could not be read: ${text}`)
    const [age = 0, updatedAt = 0] = text === 'none' ? [] : text.split(' ').map(Number)
    return requests.map(({ id }) => ({ fresh: text !== 'none' && age < Number(id), updatedAt }))
  },
  describe: ({ fresh }) => ({ fields: { lists: fresh ? 'fresh' : 'stale' } }),
  absent: () => false,
  overlaps: () => true,
}

/** Reads whether apt's package lists are younger than so many seconds. */
export function aptLists(seconds: number): Read<AptListsState> {
  return readOf(aptListsKind, String(seconds))
}
