import { type ControllerFile, type FoundSoFar, Refusal, type ResolvedInput } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { type Read, unknown, type WantedState } from '../dsl/resource.ts'
import { instanceOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { run } from '../dsl/step.ts'
import { type FileState, file } from '../resources/file.ts'
import { type GlobState, whatIsThere } from '../resources/glob.ts'
import { canonicalPath } from '../resources/path.ts'
import { type UnpackedState, unpacked } from '../resources/unpacked.ts'
import { sha256 } from '../util/sha256.ts'
import { octalMode } from './request-params.ts'
import { fieldsOf } from './result-fields.ts'
import { absolutePath, group, owner } from './shared-params.ts'
import { unarchiveScript } from './unarchive-steps.ts'

const url = instanceOf('URL', URL)
const names = (description: string) => Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description }))

const params = parameters({
  src: Type.Unsafe<string | URL>({
    anyOf: [{ type: 'string', minLength: 1 }, url],
    description:
      "the archive: tar, also packed by gzip, bzip2, xz or zstd, or zip. A file of the controller: a path from the project's root, or new URL('./x', import.meta.url); with remoteSrc a path of the host",
  }),
  dest: absolutePath('the directory on the host to unpack in, which must be there'),
  remoteSrc: Type.Optional(Type.Boolean({ description: 'true: src lies on the host already; default false' })),
  creates: Type.Optional(absolutePath('nothing is unpacked when this is there; may be a pattern')),
  include: names('only these members, and what lies below them'),
  exclude: names('none of the members that fit these patterns'),
  keepNewer: Type.Optional(Type.Boolean({ description: 'leave files that are newer than those in the archive' })),
  owner: Type.Optional(owner),
  group: Type.Optional(group),
  mode: Type.Optional(octalMode),
  listFiles: Type.Optional(Type.Boolean({ description: 'the result names what was unpacked, in files' })),
  extraOpts: names("more options of tar, one word each: ['--strip-components=1']"),
})
export type UnarchiveParams = Params<typeof params>

/** What `result(task)` gives of an archive. */
export interface Unarchived {
  readonly src: string
  readonly dest: string
  /** sha256 of the archive. */
  readonly checksum?: string
  /** Members, with listFiles; absent in check mode where nothing was unpacked yet. */
  readonly files?: readonly string[]
}

interface Found {
  readonly dest: FileState
  readonly unpacked?: UnpackedState
  readonly archive?: FileState
  readonly creates?: GlobState
}

/** One record for each archive in a directory, and for each way to unpack it. */
function recordOf({ src, remoteSrc, include, exclude, keepNewer, owner, group, mode, extraOpts, dest }: UnarchiveParams): string {
  const what = [String(src), remoteSrc, include, exclude, keepNewer, owner, group, mode, extraOpts, canonicalPath(dest)]
  return sha256(JSON.stringify(what)).slice(0, 24)
}

function sourceOf({ src, remoteSrc }: UnarchiveParams): ControllerFile | undefined {
  if (src instanceof URL ? src.protocol !== 'file:' : /^[a-z][a-z0-9+.-]*:\/\//i.test(src))
    throw new Refusal(`src is a URL: ${String(src)}`, 'Let the host download it by getUrl, and unpack the file with remoteSrc: true.')
  if (!remoteSrc) return { kind: 'controllerFile', path: src }
  if (src instanceof URL || !src.startsWith('/')) throw new Refusal('with remoteSrc, src is a path of the host from / on')
  return undefined
}

function readsOf(params: UnarchiveParams, found: FoundSoFar): { readonly [name: string]: Read<any> } {
  const { src, dest, remoteSrc, creates, listFiles } = params
  const made = creates === undefined ? undefined : whatIsThere(creates)
  const isDone = made !== undefined && found.get(made)?.exists === true
  return {
    dest: file(dest),
    ...(made && { creates: made }),
    ...(!isDone && { unpacked: unpacked(recordOf(params), dest, listFiles ? 'files' : 'state') }),
    ...(!isDone && remoteSrc && { archive: file(String(src), 'sha256') }),
  }
}

/** sha256 of the archive. @throws Refusal where the host has none. */
function sumOf({ src }: UnarchiveParams, { archive }: Found, input: ResolvedInput | undefined): string {
  if (input) return input.sha256
  if (!archive?.exists)
    throw new Refusal(`${String(src)} is not there on this host`, 'Let a task before this one bring it: getUrl or copy.')
  if (archive.type !== 'file') throw new Refusal(`${String(src)} is no file on this host`)
  return archive.sha256!
}

function planOf(params: UnarchiveParams, found: Found, input: ResolvedInput | undefined): { readonly [name: string]: WantedState<any> } {
  const { dest, creates } = found
  if (creates?.exists) return {}
  if (!dest.exists)
    throw new Refusal(`${params.dest} is not there`, "Make it by a task before this one: file({ path, state: 'directory' }).")
  if (dest.type !== 'directory') throw new Refusal(`${params.dest} is no directory`)
  const archive = sumOf(params, found, input)
  const differs = found.unpacked!.archive !== archive || found.unpacked!.altered.length > 0
  return { unpacked: { archive, altered: [], ...(params.listFiles && differs && { files: unknown }) } }
}

/** The content of an archive, in a directory. */
export const unarchive = defineModule({
  name: 'unarchive',
  summary: 'An archive, unpacked in a directory of the host',
  params,
  inputs: (params) => ({ archive: sourceOf(params) }),
  reads: readsOf,
  plan: (params, found, { archive }) => planOf(params, found as unknown as Found, archive),
  steps: (params, { found, inputs: { archive } }) => {
    const all = found as unknown as Found
    const real = all.dest.realPath
    const script = unarchiveScript(params, real, recordOf(params), sumOf(params, all, archive), archive?.bytes.length ?? 0)
    return [{ ...run(script, archive?.bytes), countsInput: true, title: `unpack ${String(params.src)} in ${real}` }]
  },
  touches: ({ dest }) => ['file', 'link'].map((kind) => `${kind}:${canonicalPath(dest)}/*`),
  result: ({ src, dest }, { after }): Unarchived => {
    const { unpacked } = after as unknown as Found
    const files = unpacked?.files as unknown
    return {
      src: String(src),
      dest,
      ...(unpacked && unpacked.archive !== '' && { checksum: unpacked.archive }),
      ...(Array.isArray(files) && { files }),
    }
  },
  resultFields: fieldsOf<Unarchived>({
    src: 'the archive as it was given',
    dest: 'the directory',
    checksum: 'sha256 of the archive; in check mode absent where it was not unpacked yet',
    files: 'with listFiles: what was unpacked; in check mode absent where nothing was yet',
  }),
})
