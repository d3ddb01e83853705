import { posix } from 'node:path'
import { Refusal } from '../dsl/definition.ts'
import { Script } from '../util/sh.ts'

/**
 * A path as keys use it: absolute, no doubled or trailing slash, no `.`. `..` is refused, for what it leads to
 * depends on links, and two keys would then name one file.
 */
export function canonicalPath(path: string): string {
  if (!path.startsWith('/')) throw new Refusal(`the path '${path}' is not absolute`, 'Give the whole path, from / on.')
  if (path.includes('\0')) throw new Refusal('a path cannot hold a NUL byte')
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Refusal(`the path '${path}' holds '..'`, 'Name the directory itself.')
  return `/${parts.join('/')}`
}

/** The directory a canonical path lies in; `/` lies in itself. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Whether a canonical path lies somewhere below another. */
export function isBelow(path: string, directory: string): boolean {
  return path !== directory && path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

/** Where a path lies, or what is below it, once there is a link to `target` at `link`; as far as names alone tell. */
export function movedBy(path: string, link: string, target: string): string {
  return posix.resolve(parentOf(link), target) + path.slice(link.length)
}

/** Whether what happens to one of two canonical paths may bear on the other: they are one, or one lies below the other. */
export function isRelated(one: string, other: string): boolean {
  return one === other || isBelow(one, other) || isBelow(other, one)
}

/**
 * For a path in `$1` that cannot be seen: sets `s` to `a` (it does not exist) or to `d`, with the directory that
 * forbids looking in `r`. Built-ins only. `test -e` alone would call a forbidden file absent.
 */
export const absentOrDenied = new Script(`absent_or_denied() {
  s=a q=$1
  while :; do
    q=\${q%/*}
    if [ -d "\${q:-/}" ]; then [ -x "\${q:-/}" ] || { s=d; r=\${q:-/}; }; return 0; fi
    if [ -e "$q" ] || [ -L "$q" ]; then return 0; fi
  done
}`)

/**
 * Sets `r` to where the path in `$1` leads, or would if what is missing were made as directories, without a link in it;
 * false when that cannot be told, as in a circle of links. One process for each link that leads to no directory, none for
 * other paths. busybox's `readlink -f` errs about links to what is not there.
 */
export const follow = new Script(`follow() {
  r=$1 left=40 n=
  if [ -L "$r" ] && [ -d "$r" ] && cd -P -- "$r" 2>/dev/null; then
    r=$PWD
    return
  fi
  while :; do
    while [ -L "$r" ]; do
      [ "$left" -gt 0 ] || return 1
      left=$((left - 1))
      t=$(readlink -- "$r" && echo x) || return 1
      t=\${t%?x}
      case $t in
        /*) r=$t;;
        *) r=\${r%/*}/$t;;
      esac
      while [ "\${r%/}" != "$r" ] && [ "$r" != / ]; do r=\${r%/}; done
    done
    case \${r##*/} in
      '' | . | ..)
        cd -P -- "$r" 2>/dev/null || return 1
        r=\${PWD%/}$n
        r=\${r:-/}
        return;;
    esac
    t=\${r%/*} n=/\${r##*/}$n
    if cd -P -- "\${t:-/}" 2>/dev/null; then
      r=\${PWD%/}$n
      return
    fi
    r=$t
  done
}`)

/** The error for a path behind a directory that the user may not look into. */
export function denied(path: string, directory: string): Refusal {
  return new Refusal(
    `${path} cannot be looked at: permission denied in ${directory}`,
    'Run the task with become, or as a user who may read there.',
  )
}
