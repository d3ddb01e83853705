import { type ControllerEntry, type FoundSoFar, Refusal, type ResolvedInput } from '../dsl/definition.ts'
import type { Read, WantedState } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import { type FileState, file } from '../resources/file.ts'
import { exactMode, wantedAttributes } from './attributes.ts'
import type { CopyParams } from './copy.ts'
import { targetOfDirectory, withMode } from './copy-source.ts'
import { leftOfDirectory, makeDirectories } from './file-steps.ts'
import { planWholeFile, readWholeFile, wholeFileSteps } from './whole-file.ts'

type Reads = { readonly [path: string]: Read<FileState> }
type States = { readonly [path: string]: FileState }
type WantedStates = { readonly [path: string]: WantedState<FileState> }

/** The directory itself goes by `.`, what is in it by its path from there. */
const allOf = ({ entries = [], mode }: ResolvedInput): readonly ControllerEntry[] => [
  { path: '.', type: 'directory', content: { bytes: new Uint8Array(), sha256: '', ...(mode !== undefined && { mode }) } },
  ...entries,
]

/** One read for each file and directory; all of them cost one `stat` and one `sha256sum`. */
export function readTree(params: CopyParams, found: FoundSoFar, input: ResolvedInput): Reads {
  const base = targetOfDirectory(params)
  return Object.fromEntries(
    allOf(input).map(({ path, type, content }) => [
      path,
      type === 'directory' ? file(`${base}/${path}`) : readWholeFile(`${base}/${path}`, found, content),
    ]),
  )
}

function directoryAttributes({ owner, group, directoryMode }: CopyParams, source: ResolvedInput) {
  return withMode({ owner, group, mode: directoryMode ?? '0755' }, source)
}

/** New directories get directoryMode and owners; those that are there are left as they are, files are not. */
export function planTree(params: CopyParams, found: States, input: ResolvedInput): WantedStates {
  const base = targetOfDirectory(params)
  return Object.fromEntries(
    allOf(input).map(({ path, type, content }) => {
      const state = found[path]!
      const at = path === '.' ? base : `${base}/${path}`
      if (type === 'file') return [path, planWholeFile(at, withMode(params, content), state, content)]
      if (state.exists && state.type !== 'directory')
        throw new Refusal(`${at} is there and is no directory`, 'Remove it first, by a task of its own.')
      const attributes = wantedAttributes(exactMode(directoryAttributes(params, content), state, 'directory'))
      return [path, state.exists ? {} : { exists: true, type: 'directory', ...attributes }]
    }),
  )
}

/** Directories first, then only the files that differ. */
export function treeSteps(params: CopyParams, found: States, wanted: WantedStates, input: ResolvedInput): readonly Step[] {
  const base = targetOfDirectory(params)
  const all = allOf(input)
  const missing = all.filter(({ path, type }) => type === 'directory' && !found[path]!.exists)
  return [
    ...newDirectories(params, base, missing),
    ...all.flatMap(({ path, type, content }) =>
      type === 'file' ? wholeFileSteps(withMode(params, content), found[path]!, wanted[path] ?? {}, content) : [],
    ),
  ]
}

/** What is left of a plan for a tree: directories whose mode was not asked for may inherit a bit. */
export function leftOfTree({ directoryMode }: CopyParams, wanted: WantedStates, after: States): WantedStates {
  return Object.fromEntries(Object.entries(wanted).map(([path, state]) => [path, leftOfDirectory(state, after[path], directoryMode) ?? {}]))
}

/** One step for all, unless each keeps a mode of its own. */
function newDirectories(params: CopyParams, base: string, missing: readonly ControllerEntry[]): readonly Step[] {
  const at = ({ path }: ControllerEntry) => (path === '.' ? base : `${base}/${path}`)
  const [first] = missing
  if (!first) return []
  if (params.directoryMode === 'preserve')
    return missing.flatMap((entry) => makeDirectories(at(entry), directoryAttributes(params, entry.content)))
  const { owner, group, directoryMode: mode } = params
  return makeDirectories(at(first), { owner, group, mode }, missing.slice(1).map(at))
}
