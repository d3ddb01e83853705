import { Refusal } from '../dsl/definition.ts'
import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { textOfBytes } from '../util/lossless-text.ts'
import { inLines, sh } from '../util/sh.ts'
import { type FindRequest, findScript } from './find-script.ts'
import { type StatFields, statFields } from './inode.ts'
import { type OutputReader, outputReader } from './output-reader.ts'

export interface FindEntry extends StatFields {
  /** Below the directory that was walked: `a/b`; bytes as `textOfBytes` makes them text. */
  readonly path: string
  /** Only where it was asked: whether its content matches, and its hash. */
  readonly contains?: boolean
  readonly checksum?: string
}
export interface Walked {
  readonly path: string
  /** Why it was not walked. */
  readonly skipped?: string
  /** False where parts could not be looked at. */
  readonly complete: boolean
  readonly examined: number
  readonly entries: readonly FindEntry[]
}
export interface FindState {
  /** The host's own time, in seconds since 1970. */
  readonly now: number
  readonly walked: readonly Walked[]
}

const reasons: { readonly [answer: string]: string } = {
  absent: 'it is not there',
  'no directory': 'it is no directory',
  denied: 'permission denied',
}

function entryOf(record: string): FindEntry {
  const [, stat, path] = /^((?:[^:]*:){11}[^:]*):\.\/(.*)\n$/s.exec(record) ?? []
  const fields = stat === undefined ? undefined : statFields(stat)
  if (!fields) throw new Error(`an entry of the tree makes no sense: ${JSON.stringify(record)}`)
  return { ...fields, path: path! }
}

/** Names in records, up to an empty one. */
function names(output: OutputReader): string[] {
  const all: string[] = []
  for (let name = textOfBytes(output.until('\0')); name !== ''; name = textOfBytes(output.until('\0'))) all.push(name)
  return all
}

/** Hashes by path. GNU escapes what it prints of a name with a backslash, and says so by one before the hash. */
function sums(output: OutputReader): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of textOfBytes(output.until('\0')).split('\n')) {
    const [, escaped, sum, name] = /^(\\?)([0-9a-f]+) [ *](.*)$/s.exec(line) ?? []
    if (sum !== undefined) found.set(escaped ? name!.replaceAll('\\\\', '\\') : name!, sum)
  }
  const rest = names(output)
  for (let index = 0; index + 1 < rest.length; index += 2) found.set(rest[index]!, rest[index + 1]!)
  return found
}

function walkedFrom(output: OutputReader, path: string, request: FindRequest): Walked {
  const answer = output.record()
  if (answer !== 'walked') return { path, skipped: reasons[answer] ?? answer, complete: false, examined: 0, entries: [] }
  const examined = output
    .record()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0)
  const entries = textOfBytes(output.until('\0')).split('//').slice(1).map(entryOf)
  const complete = output.record() === '0'
  const matching = new Set(names(output))
  const hashes = request.checksum === undefined ? new Map<string, string>() : sums(output)
  return {
    path,
    complete,
    examined,
    entries: entries.map((entry) => {
      const checksum = hashes.get(`./${entry.path}`)
      return {
        ...entry,
        ...(request.contains !== undefined && { contains: matching.has(`./${entry.path}`) }),
        ...(checksum !== undefined && { checksum }),
      }
    }),
  }
}

/** What lies below directories. Live: anything may come and go there. */
export const findKind: ResourceKind<FindState> = {
  name: 'find',
  needs: ['walk'],
  freshness: 'live',
  script: (requests) => sh`${inLines(requests.map(({ id }) => findScript(JSON.parse(id) as FindRequest)))}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    return requests.map(({ id }) => {
      const request = JSON.parse(id) as FindRequest
      const now = Number(output.record())
      const wrong = output.record()
      if (wrong === 'grep')
        throw new Refusal(`contains '${request.contains}' is no POSIX extended regular expression`, 'It is given to grep -E of the host.')
      if (wrong === 'sum')
        throw new Refusal(`this host has no ${request.checksum}sum, so it cannot make that checksum`, "Set checksumAlgorithm: 'sha256'.")
      return { now, walked: request.paths.map((path) => walkedFrom(output, path, request)) }
    })
  },
  describe: ({ walked }) => ({ fields: { entries: String(walked.flatMap(({ entries }) => entries).length) } }),
  absent: () => false,
}

/** Walks directories of the host. */
export function walked(request: FindRequest): Read<FindState> {
  return readOf(findKind, JSON.stringify(request))
}
