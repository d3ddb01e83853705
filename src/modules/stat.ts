import { defineQuery } from '../dsl/module.ts'
import { oneOf, parameters, Type } from '../dsl/schema.ts'
import { type FilePresent, type FileState, file } from '../resources/file.ts'
import { checksumAlgorithms, type InodeState, inode } from '../resources/inode.ts'
import { type LinkState, link } from '../resources/link.ts'
import { fieldsOf } from './result-fields.ts'
import { absolutePath } from './shared-params.ts'
import { type StatPresent, statPresent } from './stat-fields.ts'

export interface StatFound extends StatPresent {
  /** Of a symbolic link: as it stands in it, and where that leads in the end. */
  readonly lnkTarget?: string
  readonly lnkSource?: string
  /** What the user of this task may do; absent where check mode only knows what is planned. */
  readonly readable?: boolean
  readonly writeable?: boolean
  readonly executable?: boolean
}
/** Every field may be read without a look at `exists`; without a file they are undefined. */
export type Stat = StatFound | ({ readonly exists: false } & { readonly [K in Exclude<keyof StatFound, 'exists'>]?: undefined })

interface Found {
  readonly file: FileState
  readonly inode: InodeState
  readonly link?: LinkState
}

/** In check mode `file` and `link` are what earlier tasks plan; the inode is always what is there now. */
function statOf(path: string, algorithm: string, { file, inode, link }: Found): Stat {
  if (link?.exists && link.type === 'link') return linkOf(path, link.target, inode)
  // A file that is there although its path is not: its link is planned to go, or it is planned to come.
  if (!file.exists || (link?.exists === false && inode.exists)) return { exists: false }
  const now = inode.exists && inode.type !== 'link' ? inode : undefined
  const known = typeof file.sha256 === 'string' && algorithm === 'sha256' ? file.sha256 : now?.checksum
  const type = file.type === 'other' ? now?.type : file.type
  return {
    ...statPresent(path, type, { ...now, ...settled(file) }),
    ...(now && { readable: now.readable, writeable: now.writable, executable: now.executable }),
    ...(known !== undefined && algorithm !== '' && type === 'file' && { checksum: known }),
  }
}

function linkOf(path: string, target: string, inode: InodeState): Stat {
  const now = inode.exists && inode.type === 'link' && inode.target === target ? inode : undefined
  // A link that is only planned has no owner yet, and the mode of a link means nothing.
  const planned = { mode: '0777', uid: 0, gid: 0, owner: '', group: '', size: Buffer.byteLength(target) }
  return {
    ...statPresent(path, 'link', now ?? planned),
    lnkTarget: target,
    ...(now && { lnkSource: now.source ?? '', readable: now.readable, writeable: now.writable, executable: now.executable }),
  }
}

/** A file's own fields; of one that is only planned the owner may be missing, and its size is that of its content. */
function settled({ mode, uid = 0, gid = 0, owner = '', group = '', size, content }: FilePresent) {
  return { mode, uid, gid, owner, group, size: content instanceof Uint8Array ? content.length : (size ?? 0) }
}

/** What is known of a file, directory or link; that it is absent is an answer. */
export const stat = defineQuery({
  name: 'stat',
  summary: 'Whether a file, directory or link is there, and what is known of it',
  params: parameters({
    path: absolutePath('the file, directory or link'),
    follow: Type.Optional(
      Type.Boolean({
        description: 'of a symbolic link, tell where it leads; default false: of the link itself. A link that leads nowhere is then absent',
      }),
    ),
    getChecksum: Type.Optional(Type.Boolean({ description: 'false: the content of a regular file is not hashed; default true' })),
    checksumAlgorithm: Type.Optional(oneOf(checksumAlgorithms, { description: 'default sha256' })),
  }),
  reads: ({ path, follow = false, getChecksum = true, checksumAlgorithm = 'sha256' }) => ({
    file: file(path),
    inode: inode(path, { follow, ...(getChecksum && { checksum: checksumAlgorithm }) }),
    ...(!follow && { link: link(path) }),
  }),
  result: ({ path, getChecksum = true, checksumAlgorithm = 'sha256' }, found): { readonly stat: Stat } => ({
    stat: statOf(path, getChecksum ? checksumAlgorithm : '', found as Found),
  }),
  resultFields: fieldsOf<{ readonly stat: Stat }>({
    stat: 'exists, and where that is true path, mode, uid, gid, pwName, grName, size, mtime, atime, ctime, inode, dev, nlink, checksum, isdir, isreg, islnk, isblk, ischr, isfifo, issock and more',
  }),
})
