import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { fieldsOf } from './file-describe.ts'
import { outputReader } from './output-reader.ts'
import { canonicalPath, follow } from './path.ts'

/** When a file was changed and read. */
export interface TimesState {
  readonly exists: boolean
  /** The path without any symbolic link in it. */
  readonly realPath?: string
  /** Seconds since 1970. */
  readonly mtime?: number
  readonly atime?: number
  /** Whether that is less than a minute ago, by the host's own clock. */
  readonly changedNow?: boolean
  readonly readNow?: boolean
}

const each = new Script(`for p do
  if [ -e "$p" ]; then stat -L -c '%Y %X' -- "$p" 2>&1; fi
  follow "$p" || r=$p
  printf '\\0%s\\0' "$r"
done
cd /`)

/** Times of files, as seen through symbolic links. Apart from files: only who sets them asks for them. */
export const timesKind: ResourceKind<TimesState> = {
  name: 'times',
  needs: ['times'],
  freshness: 'own',
  sharesShell: true,
  script: (requests) => sh`LC_ALL=C; export LC_ALL
${follow}
date +%s
printf '\0'
set -- ${requests.map(({ id }) => id)}
${each}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    const now = Number(output.record())
    return requests.map(({ id }) => {
      const line = output.record().trim()
      const realPath = output.record()
      if (line === '') return { exists: false, realPath }
      const match = /^(-?\d+) (-?\d+)$/.exec(line)
      if (!match) throw new Error(`the times of ${id} could not be read: ${line}`)
      const [mtime, atime] = [Number(match[1]), Number(match[2])]
      const isNow = (time: number) => time > now - 60 && time < now + 60
      return { exists: true, realPath, mtime, atime, changedNow: isNow(mtime), readNow: isNow(atime) }
    })
  },
  describe: ({ mtime, atime }) => ({ fields: fieldsOf({ modified: shown(mtime), accessed: shown(atime) }) }),
  canonical: ({ realPath }, id) => realPath ?? id,
  absent: (state) => !state.exists,
  liesAt: (id) => [id],
  affectedBy: (id, kind, changed) => kind === 'file' && changed === id,
}

function shown(time: unknown): unknown {
  return typeof time === 'number' ? new Date(time * 1000).toISOString().replace('.000', '') : time
}

/** Reads the times of what a path leads to. */
export function times(path: string): Read<TimesState> {
  return readOf(timesKind, canonicalPath(path))
}
