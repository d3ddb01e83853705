import { Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import type { Read, Wanted } from '../dsl/resource.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { run, type Step } from '../dsl/step.ts'
import { type FileState, file as fileAt } from '../resources/file.ts'
import { type LinkState, link as linkAt } from '../resources/link.ts'
import { canonicalPath, parentOf } from '../resources/path.ts'
import { sh } from '../util/sh.ts'
import { attributeSteps, wantedAttributes } from './attributes.ts'
import { linkSteps, makeDirectories, removeSteps } from './file-steps.ts'
import { absolutePath, group, mode, owner } from './shared-params.ts'

const params = parameters({
  path: absolutePath('the file, directory or link'),
  state: Type.Optional(
    oneOf(['file', 'directory', 'link', 'touch', 'absent'], {
      description:
        'file (default): it must be there, only its owner and mode are set; touch: an empty file unless it is there; link: a symbolic link to src; absent: removed, a directory with all in it',
    }),
  ),
  src: Type.Optional(
    Type.String({ minLength: 1, description: 'for a link: where it leads; a relative path starts at the directory of the link' }),
  ),
  force: Type.Optional(
    Type.Boolean({ description: 'for a link: make it even if src is not there, and replace a file that stands in its place' }),
  ),
  mode: Type.Optional(mode),
  owner: Type.Optional(owner),
  group: Type.Optional(group),
  recurse: Type.Optional(
    Type.Boolean({ description: 'refused: owners and modes of a whole tree are not read, so they cannot be planned' }),
  ),
})
type FileParams = Params<typeof params>

function refuse({ path, state = 'file', src, recurse, mode, owner, group }: FileParams): void {
  if (recurse)
    throw new Refusal(
      'file does not set owners and modes of a whole tree',
      'Set them on the directories and files that matter, one task each.',
    )
  if (state === 'link' && src === undefined) throw new Refusal(`the link ${path} needs src: where it shall lead`)
  if (state !== 'link' && src !== undefined)
    throw new Refusal(`src is for state 'link' only, and ${path} shall be '${state}'`, 'To write a file from another use copy.')
  if (state === 'link' && (mode ?? owner ?? group) !== undefined)
    throw new Refusal(
      `the link ${path} has no mode or owner of its own that matters`,
      'Set them on the file it leads to, by a task of its own.',
    )
  if (canonicalPath(path) === '/' && state !== 'directory') throw new Refusal(`'/' cannot be made '${state}'`)
}

function endOf({ path, src = '' }: FileParams): string {
  return src.startsWith('/') ? src : `${parentOf(canonicalPath(path))}/${src}`
}

type FileReads = {
  /** What stands at the path itself: for links and for removing. */
  readonly link: Read<LinkState>
  readonly file: Read<FileState>
}

function readsOf(params: FileParams): FileReads {
  refuse(params)
  const both = { link: linkAt(params.path), file: fileAt(params.path) }
  // Relative ends may hold `..`, which keys do not; whether such an end is there is left to the user.
  const looksAtEnd = params.state === 'link' && !params.force && !endOf(params).split('/').includes('..')
  return { ...both, ...(looksAtEnd && { end: fileAt(endOf(params)) }) }
}

type Found = { readonly link: LinkState; readonly file: FileState; readonly end?: FileState }

function planOf(params: FileParams, { link, file, end }: Found): Wanted<FileReads> {
  const { path, state = 'file' } = params
  const attributes = wantedAttributes(params)
  switch (state) {
    case 'absent':
      // Of a link only the link goes, not the file it leads to, whose state this is.
      return { link: { exists: false }, ...(file.exists && link.exists && link.type !== 'link' && { file: { exists: false } }) }
    case 'link':
      if (end?.exists === false)
        throw new Refusal(`${params.src} is not there, so the link ${path} would lead nowhere`, 'Make it first, or set force: true.')
      if (link.exists && link.type === 'directory')
        throw new Refusal(`${path} is a directory on this host, a link will not replace it`, 'Remove it first, by a task of its own.')
      if (link.exists && link.type !== 'link' && !params.force)
        throw new Refusal(`${path} is already there and is no link`, 'To replace it set force: true.')
      return { link: { ...(!link.exists && { exists: true }), type: 'link', target: params.src! } }
    case 'file':
      if (!file.exists)
        throw new Refusal(`${path} is not there, and state 'file' makes none`, "Use copy or template, or state: 'touch' for an empty file.")
      return { file: attributes }
    case 'touch':
      return { file: file.exists ? attributes : { exists: true, type: 'file', mode: '0644', ...attributes } }
    case 'directory':
      if (file.exists && file.type !== 'directory')
        throw new Refusal(`${path} is there and is no directory`, 'Remove it first, by a task of its own.')
      if (!file.exists && link.exists)
        throw new Refusal(`${path} is a symbolic link that leads nowhere`, 'Remove it first, by a task of its own.')
      return { file: file.exists ? attributes : { exists: true, type: 'directory', mode: '0755', ...attributes } }
  }
}

function stepsOf(params: FileParams, { link, file }: Found): readonly Step[] {
  const { state = 'file', src } = params
  const path = canonicalPath(params.path)
  if (state === 'absent') return removeSteps(path)
  if (state === 'link') return linkSteps(path, src!, link)
  if (file.exists) return attributeSteps(file.realPath, file, params)
  if (state === 'directory') return makeDirectories(path, params)
  return [run(sh`umask 022; : >> ${path}`), ...attributeSteps(path, file, { mode: '0644', ...given(params) })]
}

function given({ mode, owner, group }: FileParams) {
  return { ...(mode !== undefined && { mode }), ...(owner !== undefined && { owner }), ...(group !== undefined && { group }) }
}

/** Files, directories and links: their being there, owner and mode. What is in a file is copy's and template's. */
export const file = defineModule({
  name: 'file',
  summary: 'A file, directory or symbolic link: there or not, its owner and mode',
  params,
  reads: readsOf,
  plan: planOf,
  steps: (given, { found }) => stepsOf(given, found),
  touches: ({ path, state }) => (state === 'link' || state === 'absent' ? [`file:${path}`, `file:${path}/*`] : []),
})
