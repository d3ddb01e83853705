import { Refusal } from '../dsl/definition.ts'
import { type Found, type Read, unknown, type Wanted, type WantedState } from '../dsl/resource.ts'
import { type AttributeTreeState, attributeTree } from '../resources/attribute-tree.ts'
import { type FileState, file as fileAt } from '../resources/file.ts'
import { type InodeState, inode } from '../resources/inode.ts'
import { type LinkState, link as linkAt } from '../resources/link.ts'
import { canonicalPath, parentOf } from '../resources/path.ts'
import { type TimesState, times } from '../resources/times.ts'
import { exactMode, wantedAttributes } from './attributes.ts'
import type { FileParams } from './file.ts'

/** All that a call may read; all but the first two only where its parameters need them. */
export type FileReads = {
  /** What stands at the path itself: for links and for removing. */
  readonly link: Read<LinkState>
  readonly file: Read<FileState>
  /** What a link leads to, or a hard link is another name of. */
  readonly end: Read<FileState>
  /** The path and the end by their inodes: two names of one file have one. */
  readonly inode: Read<InodeState>
  readonly endInode: Read<InodeState>
  readonly below: Read<AttributeTreeState>
  readonly times: Read<TimesState>
}
export type FileFound = Pick<Found<FileReads>, 'link' | 'file'> & Partial<Found<FileReads>>

const isLink = (state: FileParams['state']) => state === 'link' || state === 'hard'
const asked = (time: string | undefined) => time !== undefined && time !== 'preserve'
/** Whether a link shall have an owner of its own. */
export const ownsLink = ({ state, owner, group, follow = true }: FileParams) =>
  state === 'link' && !follow && (owner ?? group) !== undefined

function refuse(params: FileParams): void {
  const { path, state = 'file', src, recurse, mode, owner, group, follow = true } = params
  if (recurse && state !== 'directory') throw new Refusal(`recurse is for state 'directory' only, and ${path} shall be '${state}'`)
  if (recurse && (mode ?? owner ?? group) === undefined) throw new Refusal('recurse needs mode, owner or group: what all below shall have')
  if (isLink(state) && src === undefined) throw new Refusal(`the link ${path} needs src: where it shall lead`)
  if (!isLink(state) && src !== undefined)
    throw new Refusal(`src is for links only, and ${path} shall be '${state}'`, 'To write a file from another use copy.')
  if (state === 'hard' && !src!.startsWith('/'))
    throw new Refusal(`src '${src}' of a hard link is not absolute`, 'Give the whole path, from / on.')
  if (state === 'link' && mode !== undefined)
    throw new Refusal(`the link ${path} has no mode of its own that matters`, 'Set it on the file it leads to, by a task of its own.')
  if (state === 'link' && follow && (owner ?? group) !== undefined)
    throw new Refusal(
      `the owner of the link ${path} is asked for, which is not that of what it leads to`,
      'Set that on the file it leads to, by a task of its own; for the link itself set follow: false.',
    )
  if ((asked(params.modificationTime) || asked(params.accessTime)) && (isLink(state) || state === 'absent'))
    throw new Refusal(`times are for files and directories, and ${path} shall be '${state}'`)
  for (const time of [params.modificationTime, params.accessTime]) if (asked(time) && time !== 'now') secondsOf(time!)
  if (canonicalPath(path) === '/' && state !== 'directory') throw new Refusal(`'/' cannot be made '${state}'`)
}

/** A time in seconds since 1970. */
export function secondsOf(time: string): number {
  const zoned = /T/.test(time) && !/(Z|[-+]\d\d:\d\d)$/.test(time) ? `${time}Z` : time
  const seconds = Date.parse(zoned) / 1000
  if (Number.isNaN(seconds)) throw new Refusal(`'${time}' is no time`, "Write it as '2026-01-31T12:00:00Z'.")
  return seconds
}

function endOf({ path, src = '' }: FileParams): string {
  return src.startsWith('/') ? src : `${parentOf(canonicalPath(path))}/${src}`
}

export function readsOf(params: FileParams): FileReads {
  refuse(params)
  const { path, state, force, recurse } = params
  // Relative ends may hold `..`, which keys do not; whether such an end is there is left to the user.
  const looksAtEnd = state === 'hard' || (state === 'link' && !force && !endOf(params).split('/').includes('..'))
  return {
    link: linkAt(path),
    file: fileAt(path),
    ...(looksAtEnd && { end: fileAt(endOf(params)) }),
    ...(state === 'hard' && { inode: inode(path), endInode: inode(endOf(params), { follow: true }) }),
    ...(ownsLink(params) && { inode: inode(path) }),
    ...(recurse && { below: attributeTree(path, given(params)) }),
    ...((asked(params.modificationTime) || asked(params.accessTime)) && { times: times(path) }),
  } as FileReads
}

/** Only what is given of mode and owners. */
export function given({ mode, owner, group }: FileParams) {
  return { ...(mode !== undefined && { mode }), ...(owner !== undefined && { owner }), ...(group !== undefined && { group }) }
}

export function planOf(params: FileParams, found: FileFound): Wanted<FileReads> {
  const { path, state = 'file', follow = true } = params
  const { link, file } = found
  if (!follow && (state === 'file' || state === 'directory' || state === 'touch') && link.exists && link.type === 'link')
    throw new Refusal(`${path} is a symbolic link on this host, and follow is false`, 'Name what it leads to, or remove it first.')
  switch (state) {
    case 'absent':
      // Of a link only the link goes, not the file it leads to, whose state this is.
      return { link: { exists: false }, ...(file.exists && link.exists && link.type !== 'link' && { file: { exists: false } }) }
    case 'link':
      return planLink(params, found)
    case 'hard':
      return planHard(params, found)
    case 'file':
      if (!file.exists)
        throw new Refusal(`${path} is not there, and state 'file' makes none`, "Use copy or template, or state: 'touch' for an empty file.")
      if (params.state === 'file' && file.type === 'directory')
        throw new Refusal(`${path} is a directory on this host, and state is 'file'`, "Set state: 'directory', or leave state out.")
      return { file: attributes(params, file), ...wantedTimes(params) }
    case 'touch':
      return {
        file: { ...(!file.exists && ({ exists: true, type: 'file', mode: '0644' } as const)), ...attributes(params, file) },
        ...wantedTimes(params),
      }
    case 'directory':
      if (file.exists && file.type !== 'directory')
        throw new Refusal(`${path} is there and is no directory`, 'Remove it first, by a task of its own.')
      if (!file.exists && link.exists)
        throw new Refusal(`${path} is a symbolic link that leads nowhere`, 'Remove it first, by a task of its own.')
      return {
        file: {
          ...(!file.exists && ({ exists: true, type: 'directory', mode: '0755' } as const)),
          ...attributes(params, file, 'directory'),
        },
        ...wantedTimes(params),
        ...(found.below && { below: { differing: [] } }),
      }
  }
}

function attributes(params: FileParams, file: FileState, type: 'file' | 'directory' = 'file') {
  return wantedAttributes(exactMode(params, file, type))
}

function wantedTimes({ modificationTime, accessTime }: FileParams): { readonly times?: WantedState<TimesState> } {
  if (!asked(modificationTime) && !asked(accessTime)) return {}
  return {
    times: {
      ...(asked(modificationTime) && (modificationTime === 'now' ? { changedNow: true } : { mtime: secondsOf(modificationTime!) })),
      ...(asked(accessTime) && (accessTime === 'now' ? { readNow: true } : { atime: secondsOf(accessTime!) })),
    },
  }
}

function planLink(params: FileParams, { link, end }: FileFound): Wanted<FileReads> {
  const { path, src } = params
  if (end?.exists === false)
    throw new Refusal(`${src} is not there, so the link ${path} would lead nowhere`, 'Make it first, or set force: true.')
  refuseInTheWay(params, link)
  return {
    link: { ...(!link.exists && { exists: true }), type: 'link', target: src! },
    ...(ownsLink(params) && { inode: wantedAttributes({ owner: params.owner, group: params.group }) }),
  }
}

function refuseInTheWay({ path, force, state }: FileParams, link: LinkState): void {
  if (link.exists && link.type === 'directory')
    throw new Refusal(`${path} is a directory on this host, a link will not replace it`, 'Remove it first, by a task of its own.')
  if (link.exists && link.type !== 'link' && !force)
    throw new Refusal(`${path} is already there and is ${state === 'hard' ? 'another file' : 'no link'}`, 'To replace it set force: true.')
}

function planHard(params: FileParams, { link, end, inode, endInode }: FileFound): Wanted<FileReads> {
  const { path, src } = params
  if (!end?.exists)
    throw new Refusal(`${src} is not there, so ${path} cannot be another name of it`, 'Make it first, by a task of its own.')
  if (end.type === 'directory') throw new Refusal(`${src} is a directory, which can have no other name`, "Use state: 'link'.")
  const file = { ...(!link.exists && ({ exists: true, type: 'file' } as const)), ...attributes(params, end) }
  // Only planned so far, so it has no inode yet.
  if (!endInode?.exists) return { file, inode: { ...(!inode?.exists && { exists: true }), inode: unknown, dev: unknown } }
  const same = inode?.exists && inode.inode === endInode.inode && inode.dev === endInode.dev
  if (!same) refuseInTheWay(params, link)
  return { file, inode: { ...(!inode?.exists && { exists: true }), inode: endInode.inode, dev: endInode.dev } }
}
