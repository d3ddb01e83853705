import { createHash } from 'node:crypto'
import { Refusal } from '../dsl/definition.ts'
import type { ReadRequest } from '../dsl/resource.ts'
import type { FilePresent, FileState } from './file.ts'
import { divide, largestContent } from './file-script.ts'
import { outputReader } from './output-reader.ts'
import { denied } from './path.ts'

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** The files' states. A file that may not be read, or that came or went meanwhile, is an error that names it. */
export function parseFiles(stdout: Uint8Array, requests: readonly ReadRequest[]): FileState[] {
  const output = outputReader(stdout)
  const looks = requests.map(() => output.record())
  const stats = lines(output.record())
  const hashes = inTurn(lines(output.record()))
  const mark = output.record()
  const states = requests.map(({ id }, index) => stateOf(id, looks[index]!, stats))
  if (stats.length > 0) throw changedMeanwhile(stats[0]!)

  const regular = new Set(requests.filter((_, index) => isRegular(states[index]!)).map(({ id }) => id))
  const { hashed, hashedAlone, together, alone } = divide(requests)
  const sha256 = new Map(
    [...hashed, ...hashedAlone].filter((path) => regular.has(path)).map((path) => [path, hashOf(path, hashes.shift())]),
  )
  const size = new Map(requests.map(({ id }, index) => [id, sizeOf(states[index]!)]))
  const content = new Map<string, Uint8Array>()
  const copies = output.until(mark)
  let from = 0
  for (const path of together) {
    const length = regular.has(path) ? Math.min(size.get(path)!, largestContent + 1) : 0
    if (length === 0) continue
    content.set(path, Uint8Array.from(copies.subarray(from, from + length)))
    from += length
  }
  if (from !== copies.length) throw changedMeanwhile(`${copies.length} bytes came, and ${from} were announced`)
  for (const path of [...together.filter((path) => size.get(path) === 0), ...alone]) content.set(path, Uint8Array.from(output.until(mark)))
  return requests.map(({ id }, index) => {
    const state = states[index]!
    if (!state.exists || !regular.has(id)) return state
    const bytes = content.get(id)
    if (bytes && bytes.length > largestContent)
      throw new Refusal(
        `${id} is larger than ${largestContent / 1024 / 1024} MiB, so its content is not read`,
        'Edit a file of that size by a command on the host.',
      )
    const hash = sha256.get(id)
    if (bytes) {
      const own = createHash('sha256').update(bytes).digest('hex')
      if (hash !== undefined && hash !== own) throw changedMeanwhile(id)
      return { ...state, size: bytes.length, sha256: own, content: bytes }
    }
    return hash === undefined ? state : { ...state, sha256: hash }
  })
}

/** Hashes of large files come first and say which file is theirs; the others come in turn. */
function inTurn(said: readonly string[]): string[] {
  const placed = said.flatMap((line) => {
    const [, nth, hash] = /^=(\d+) (.*)$/.exec(line) ?? []
    return nth === undefined ? [] : [{ at: Number(nth) - 1, line: `${hash} ` }]
  })
  const all = said.filter((line) => !line.startsWith('='))
  // Each in ascending order, so that all before it stand in their places already.
  for (const { at, line } of placed.toSorted((one, other) => one.at - other.at)) all.splice(at, 0, line)
  return all
}

function stateOf(path: string, look: string, stats: string[]): FileState {
  const realPath = look.slice(1)
  switch (look[0]) {
    case 'a':
      return { exists: false, realPath }
    case 'd':
      throw denied(path, realPath)
    case 'u':
      throw new Refusal(`${path} cannot be read: permission denied`, 'Run the task with become, or as a user who may read it.')
    case 'f':
      return { exists: true, ...parseStat(stats.shift()), realPath }
    default:
      throw new Error(`the answer about ${path} makes no sense: ${JSON.stringify(look)}`)
  }
}

function parseStat(line = '(nothing)'): Omit<FilePresent, 'exists' | 'realPath'> {
  const match = /^([0-9a-f]+):(\d+):(\d+):(\d+):([^:]*):([^:]*)$/.exec(line)
  if (!match) throw changedMeanwhile(line)
  const [, bits, uid, gid, size, owner, group] = match as unknown as readonly [string, string, string, string, string, string, string]
  const raw = Number.parseInt(bits, 16)
  return {
    type: typeOf(raw & 0o170000),
    mode: (raw & 0o7777).toString(8).padStart(4, '0'),
    owner: owner === 'UNKNOWN' ? uid : owner,
    group: group === 'UNKNOWN' ? gid : group,
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
  }
}

function typeOf(bits: number): FilePresent['type'] {
  return bits === 0o100000 ? 'file' : bits === 0o040000 ? 'directory' : 'other'
}

function isRegular(state: FileState): boolean {
  return state.exists && state.type === 'file'
}

/** 0 also of what is not there: no byte of it is among the others. */
function sizeOf(state: FileState): number {
  return state.exists ? state.size : 0
}

function hashOf(path: string, line = '(nothing)'): string {
  // GNU puts a backslash before the hash of a name that it had to escape.
  const match = /^\\?([0-9a-f]{64}) /.exec(line)
  if (!match) throw new Error(`${path} could not be hashed: ${line}`)
  return match[1]!
}

function changedMeanwhile(line: string): Error {
  return new Error(`files changed while they were read, or stat failed: ${line}`)
}
