import { Refusal } from '../dsl/definition.ts'
import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { fieldsOf } from './file-describe.ts'
import { type InodeRequest, inodeGroups, inodeScript } from './inode-script.ts'
import { outputReader } from './output-reader.ts'
import { canonicalPath, denied } from './path.ts'

export const checksumAlgorithms = ['md5', 'sha1', 'sha256', 'sha512'] as const
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/** All that `stat` tells of a path: of a symbolic link itself, or of where it leads. */
export type InodeState =
  | { readonly exists: false }
  | ({
      readonly exists: true
      /** Of a link that was not followed: as it stands in it, and where that leads in the end. */
      readonly target?: string
      readonly source?: string
      readonly readable: boolean
      readonly writable: boolean
      readonly executable: boolean
      /** Of a regular file that may be read. */
      readonly checksum?: string
    } & StatFields)

/** What one line of `stat` holds. Times are seconds since 1970. */
export interface StatFields {
  readonly type: 'file' | 'directory' | 'link' | 'block' | 'character' | 'fifo' | 'socket'
  readonly mode: string
  readonly uid: number
  readonly gid: number
  readonly owner: string
  readonly group: string
  readonly size: number
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
  readonly inode: number
  readonly dev: number
  readonly nlink: number
}

// A map: numbers written in octal do not survive as keys of an object in every tool.
const types = new Map<number, StatFields['type']>([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'link'],
  [0o060000, 'block'],
  [0o020000, 'character'],
  [0o010000, 'fifo'],
  [0o140000, 'socket'],
])

/** Takes what `stat -c` made of `statFormat`; undefined when it is something else, such as an error. */
export function statFields(line: string): StatFields | undefined {
  const match = /^([0-9a-f]+):(\d+):(\d+):(\d+):(-?\d+):(-?\d+):(-?\d+):(\d+):(\d+):(\d+):([^:]*):([^:]*)$/.exec(line)
  if (!match) return undefined
  const [, bits, owner, group] = [match[0], Number.parseInt(match[1]!, 16), match[11]!, match[12]!] as const
  const [uid, gid, size, atime, mtime, ctime, inode, dev, nlink] = match.slice(2, 11).map(Number) as unknown as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    type: types.get(bits & 0o170000) ?? 'file',
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    uid,
    gid,
    owner: owner === 'UNKNOWN' ? String(uid) : owner,
    group: group === 'UNKNOWN' ? String(gid) : group,
    size,
    atime,
    mtime,
    ctime,
    inode,
    dev,
    nlink,
  }
}

function requestOf({ id }: ReadRequest): InodeRequest {
  const [follow, algorithm] = id.split(':', 2) as [string, string]
  return { follow: follow === 'follow', algorithm, path: id.slice(follow.length + algorithm.length + 2) }
}

function parse(stdout: Uint8Array, requests: readonly InodeRequest[]): InodeState[] {
  const output = outputReader(stdout)
  const looks = requests.map(() => ({ look: output.record(), target: output.record(), source: output.record() }))
  for (const [index, { look }] of looks.entries()) if (look[0] === 'd') throw denied(requests[index]!.path, look.slice(1))
  const { itself, followed, sums } = inodeGroups(requests)
  const stats = new Map<InodeRequest, StatFields>()
  for (const group of [itself, followed]) {
    const lines = output
      .record()
      .split('\n')
      .filter((line) => line !== '')
    for (const request of group.filter((one) => looks[requests.indexOf(one)]!.look[0] === 'f')) {
      const line = lines.shift() ?? '(nothing)'
      const fields = statFields(line)
      if (!fields) throw new Error(`${request.path} changed while it was read, or stat failed: ${line}`)
      stats.set(request, fields)
    }
  }
  const checksums = new Map<InodeRequest, string>()
  for (const { algorithm, requests: of } of sums) {
    const answer = output.record()
    if (answer === 'none')
      throw new Refusal(
        `this host has no ${algorithm}sum, so it cannot make that checksum`,
        "Set checksumAlgorithm: 'sha256', or getChecksum: false.",
      )
    const lines = answer.split('\n').filter((line) => line !== '')
    for (const request of of) {
      const { look } = looks[requests.indexOf(request)]!
      if (stats.get(request)?.type !== 'file' || !look.includes('r')) continue
      const line = lines.shift() ?? '(nothing)'
      const sum = /^\\?([0-9a-f]{32,128}) /.exec(line)
      if (!sum) throw new Error(`${request.path} changed while it was read, or could not be hashed: ${line}`)
      checksums.set(request, sum[1]!)
    }
  }
  return requests.map((request, index) => {
    const fields = stats.get(request)
    if (!fields) return { exists: false }
    const { look, target, source } = looks[index]!
    const checksum = checksums.get(request)
    return {
      exists: true,
      ...fields,
      ...(fields.type === 'link' && { target, source }),
      readable: look.includes('r'),
      writable: look.includes('w'),
      executable: look.includes('x'),
      ...(checksum !== undefined && { checksum }),
    }
  })
}

/** Inodes: times, links and all else that no module plans. */
export const inodeKind: ResourceKind<InodeState> = {
  name: 'inode',
  needs: ['all'],
  freshness: 'own',
  sharesShell: true,
  script: (requests) => inodeScript(requests.map(requestOf)),
  parse: (stdout, requests) => parse(stdout, requests.map(requestOf)),
  describe: (state) => ({
    fields: fieldsOf(state.exists ? { state: state.type, mtime: state.mtime, inode: state.inode } : { state: 'absent' }),
  }),
  absent: (state) => !state.exists,
}

/** Reads what `stat` knows of a path, at the end of symbolic links or of the link itself. */
export function inode(path: string, how: { readonly follow?: boolean; readonly checksum?: ChecksumAlgorithm } = {}): Read<InodeState> {
  return readOf(inodeKind, `${how.follow ? 'follow' : 'itself'}:${how.checksum ?? ''}:${canonicalPath(path)}`)
}
