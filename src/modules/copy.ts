import type { FoundSoFar, ResolvedInput } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import type { Read, ReadSet } from '../dsl/resource.ts'
import { instanceOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { type FileState, file } from '../resources/file.ts'
import { canonicalPath } from '../resources/path.ts'
import { type TreeCopyState, treeCopy } from '../resources/tree-copy.ts'
import { Secret } from '../util/secret.ts'
import { exactMode, wantedAttributes } from './attributes.ts'
import { copyTreeSteps, refuseForTree, refuseSource } from './copy-on-host.ts'
import { atDest, checkSum, sourceOf, targetOfDirectory, targetOfFile, withMode } from './copy-source.ts'
import { leftOfTree, planTree, readTree, treeSteps } from './copy-tree.ts'
import { type FileResult, fileResult } from './file-result.ts'
import { makeDirectories } from './file-steps.ts'
import { fieldsOf, fileFields } from './result-fields.ts'
import { absolutePath, fileParams, modeDescription, modePattern } from './shared-params.ts'
import { planWholeFile, readWholeFile, rewriteSteps, type WholeContent, wholeFileSteps } from './whole-file.ts'

const bytes = instanceOf('Uint8Array', Uint8Array)
const secret = instanceOf('Secret', Secret)
const url = instanceOf('URL', URL)
const orPreserve = (description: string) =>
  Type.Unsafe<string>({ anyOf: [{ const: 'preserve' }, { type: 'string', pattern: modePattern }], description })

const params = parameters({
  dest: absolutePath('where it goes on the host; a file goes into what is a directory there, or is written with / at its end'),
  src: Type.Optional(
    Type.Unsafe<string | URL>({
      anyOf: [{ type: 'string', minLength: 1 }, url],
      description:
        "a file or directory of the controller: a path from the project's root, or new URL('./x', import.meta.url) for one beside the module. Of a directory whose path ends in / what is in it is copied, else the directory itself",
    }),
  ),
  content: Type.Optional(
    Type.Unsafe<string | Uint8Array | Secret>({
      anyOf: [{ type: 'string' }, bytes, secret],
      description: 'the content itself: text, bytes, or a secret (put text around secrets with the sealed tag)',
    }),
  ),
  remoteSrc: Type.Optional(Type.Boolean({ description: 'src is a file or directory of the host itself, by its whole path' })),
  force: Type.Optional(Type.Boolean({ description: 'false: a file that is there is left alone, whatever it holds; default true' })),
  checksum: Type.Optional(
    Type.String({
      pattern: '^[0-9a-fA-F]{64}$',
      description: 'the SHA-256 that the file to copy must have; with another, nothing is copied',
    }),
  ),
  directoryMode: Type.Optional(orPreserve("the mode of directories that are made; default '0755'; 'preserve': as at the source")),
  ...fileParams,
  mode: Type.Optional(orPreserve(`${modeDescription}; or 'preserve': as at the source`)),
})
export type CopyParams = Params<typeof params>

type Found = { readonly [name: string]: any }
/** Of a file all that is known of it; of a directory the states by the paths in it. */
export interface CopyResult extends Omit<FileResult, 'before' | 'after'> {
  /** Where it went: in a directory, if that was there. */
  readonly dest: string
  readonly src?: string
  readonly before: Found
  readonly after: Found
}

type Inputs = { readonly content: ResolvedInput | undefined }

function readsOf(params: CopyParams, found: FoundSoFar, { content }: Inputs): ReadSet {
  if (content?.entries) return readTree(params, found, content)
  const at: Read<FileState> = file(params.dest, 'sha256')
  const target = targetOfFile(params, atDest(params, found))
  if (content) {
    checkSum(params, content.sha256)
    return { at, file: readWholeFile(target, found, content) }
  }
  const src = params.src as string
  const source = file(src, 'sha256')
  const state = found.get(source)
  const common = { source, at, file: file(target, 'sha256') }
  if (!state?.exists || state.type !== 'directory') return common
  const to = targetOfDirectory(params)
  return { source, file: file(to), tree: treeCopy(state.realPath, to, params.force === false) }
}

/** What a file of the host is to be like. */
const contentOf = (source: FileState & { readonly exists: true }): WholeContent & { readonly mode: string } => ({
  sha256: source.sha256!,
  from: source.realPath,
  mode: source.mode,
})

function planOf(params: CopyParams, found: Found, { content }: Inputs): { readonly [name: string]: object } {
  if (content?.entries) {
    checkSum(params, undefined)
    return planTree(params, found, content)
  }
  const state = found.file as FileState
  const source = found.source as FileState | undefined
  if (source) refuseSource(params.src as string, source)
  if (source?.exists && source.type === 'directory') {
    refuseForTree(params, source, state)
    checkSum(params, undefined)
    return { file: state.exists ? { type: 'directory' } : { exists: true, type: 'directory' }, tree: { differing: [] } }
  }
  const wanted = content ?? contentOf(source as FileState & { readonly exists: true })
  if (source) checkSum(params, wanted.sha256)
  const at = found.at as FileState
  const target = targetOfFile(params, at)
  return {
    file: planWholeFile(target, withMode(params, wanted), state, wanted),
    // Written with a slash at its end, dest is a directory, which is made.
    ...(makesDirectory(params, at) && { at: { exists: true, type: 'directory', ...wantedAttributes(newDirectory(params)) } }),
  }
}

const makesDirectory = ({ dest, src }: CopyParams, at: FileState) => src !== undefined && dest.endsWith('/') && !at.exists
/** Of a directory that is made for a file there is no source whose mode could be preserved. */
const newDirectory = ({ owner, group, directoryMode }: CopyParams) =>
  exactMode(
    { owner, group, mode: directoryMode === 'preserve' ? '0755' : (directoryMode ?? '0755') },
    { exists: false, realPath: '' },
    'directory',
  )

/** The mode asked for new directories; without one they inherit what directories inherit. */
const askedMode = ({ directoryMode }: CopyParams) => (directoryMode === 'preserve' ? undefined : directoryMode)

/** A file or directory with given content, or like one of the controller or of the host itself. */
export const copy = defineModule({
  name: 'copy',
  summary: 'A file or directory on the host: from the controller, from the host itself, or from content given here',
  params,
  inputs: (given) => ({ content: sourceOf(given) }),
  reads: (given, found, inputs): ReadSet => readsOf(given, found, inputs as Inputs),
  plan: (given, found, inputs) => planOf(given, found, inputs as Inputs),
  steps: (given, { found, wanted, inputs }) => {
    const { content } = inputs as Inputs
    if (content?.entries) return treeSteps(given, found, wanted as Found, content)
    const state = found.file as FileState
    const source = found.source as FileState | undefined
    if (found.tree)
      return copyTreeSteps((source as { realPath: string }).realPath, targetOfDirectory(given), state.exists, found.tree as TreeCopyState)
    const from = content ?? contentOf(source as FileState & { readonly exists: true })
    const makes = makesDirectory(given, found.at as FileState)
    return [
      ...(makes ? makeDirectories(canonicalPath(given.dest), { ...newDirectory(given), mode: askedMode(given) }) : []),
      ...wholeFileSteps(withMode(given, from), state, (wanted as Found).file ?? {}, from),
    ]
  },
  again: (given, { found, inputs }) => {
    const { content } = inputs as Inputs
    if (content?.entries || found.tree) return [] // Of a directory's files each would have to be named.
    const from = content ?? contentOf(found.source as FileState & { readonly exists: true })
    return rewriteSteps(withMode(given, from), found.file as FileState, from)
  },
  leaves: (given, { wanted, after }) => leftOfTree({ ...given, directoryMode: askedMode(given) }, wanted as Found, after as Found),
  touches: ({ remoteSrc, dest }) => (remoteSrc ? ['file', 'link'].map((kind) => `${kind}:${canonicalPath(dest)}/*`) : []),
  result: (given, { before, after, outcomes }): CopyResult => {
    const src = given.src === undefined ? {} : { src: String(given.src) }
    if (!after.file || after.tree) return { dest: targetOfDirectory(given), ...src, before, after } as CopyResult
    const file = fileResult({ before: { file: before.file }, after: { file: after.file }, ...(outcomes && { outcomes }) })
    return { dest: targetOfFile(given, before.at as FileState), ...src, ...file }
  },
  resultFields: fieldsOf<CopyResult>({
    ...fileFields,
    dest: 'where it went: in the directory, if there is one at dest',
    src: 'src as it was given',
    state: `${fileFields.state}; of a directory that was copied this and the other attributes are absent`,
  }),
})
