import type { StatFields } from '../resources/inode.ts'

/** What Ansible tells of a file or directory that is there. Times are seconds since 1970. */
export interface StatPresent {
  readonly exists: true
  readonly path: string
  /** Four octal digits, special bits included. */
  readonly mode: string
  readonly isdir: boolean
  readonly isreg: boolean
  readonly islnk: boolean
  readonly isblk: boolean
  readonly ischr: boolean
  readonly isfifo: boolean
  readonly issock: boolean
  readonly uid: number
  readonly gid: number
  /** Names; the number as text where the host has no name for it. */
  readonly pwName: string
  readonly grName: string
  readonly size: number
  readonly mtime?: number
  readonly atime?: number
  readonly ctime?: number
  readonly inode?: number
  readonly dev?: number
  readonly nlink?: number
  readonly checksum?: string
}

type Known = Pick<StatFields, 'mode' | 'uid' | 'gid' | 'owner' | 'group' | 'size'> & Partial<StatFields>

/** A file's fields by Ansible's names. */
export function statPresent(path: string, type: StatFields['type'] | undefined, known: Known): StatPresent {
  const { mode, uid, gid, owner, group, size, mtime, atime, ctime, inode, dev, nlink } = known
  const rest: { readonly [name: string]: number | undefined } = { mtime, atime, ctime, inode, dev, nlink }
  return {
    exists: true,
    path,
    mode,
    isdir: type === 'directory',
    isreg: type === 'file',
    islnk: type === 'link',
    isblk: type === 'block',
    ischr: type === 'character',
    isfifo: type === 'fifo',
    issock: type === 'socket',
    uid,
    gid,
    pwName: owner,
    grName: group,
    size,
    ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Pick<
      StatPresent,
      keyof typeof rest & 'mtime'
    >),
  }
}
