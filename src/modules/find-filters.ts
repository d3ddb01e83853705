import type { StatFields } from '../resources/inode.ts'
import { compile } from './regexp.ts'

/** A shell pattern as Python's fnmatch reads it: no escapes, `[!…]` for all but. */
function glob(parameter: string, pattern: string): RegExp {
  let source = ''
  for (let at = 0; at < pattern.length; ) {
    const set = /^\[(!?)(\]?[^\]]*)\]/.exec(pattern.slice(at))
    if (set) {
      source += `[${set[1] ? '^' : ''}${set[2]!.replace(/[\\\]^[]/g, '\\$&')}]`
      at += set[0].length
      continue
    }
    const character = String.fromCodePoint(pattern.codePointAt(at)!)
    source += character === '*' ? '.*' : character === '?' ? '.' : character.replace(/[\\^$.|+()[\]{}/]/g, '\\$&')
    at += character.length
  }
  return compile(parameter, `^${source}$`, 's')
}

/** Whether one of the patterns matches a name; without any, `none`. */
export function nameFilter(
  parameter: string,
  patterns: readonly (string | RegExp)[],
  useRegex: boolean,
  none: boolean,
): (name: string) => boolean {
  if (patterns.length === 0) return () => none
  const expressions = patterns.map((pattern) =>
    pattern instanceof RegExp || useRegex ? compile(parameter, pattern) : glob(parameter, pattern),
  )
  return (name) => expressions.some((expression) => expression.exec(name)?.index === 0)
}

/** The patterns, where `find -name` of the host means the same by all of them; else the host leaves nothing out. */
export function hostNames(patterns: readonly (string | RegExp)[]): readonly string[] | undefined {
  const plain = patterns.filter((pattern): pattern is string => typeof pattern === 'string' && !/[\\[?]/.test(pattern))
  return plain.length === patterns.length && plain.length > 0 ? plain : undefined
}

const seconds: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const bytes: { readonly [unit: string]: number } = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

function quantity(text: string, units: { readonly [unit: string]: number }): { readonly atMost: boolean; readonly value: number } {
  const [, minus, digits, unit] = /^(-?)(\d+)(\D?)$/.exec(text)!
  return { atMost: minus === '-', value: Number(digits) * (units[unit!] ?? 1) }
}

/** Whether a file is at least so old, or with a minus at most. */
export function ageFilter(age: string | undefined, stamp: 'mtime' | 'atime' | 'ctime'): (entry: StatFields, now: number) => boolean {
  if (age === undefined) return () => true
  const { atMost, value } = quantity(age, seconds)
  return (entry, now) => (atMost ? now - entry[stamp] <= value : now - entry[stamp] >= value)
}

/** Whether a file is at least so large, or with a minus at most. */
export function sizeFilter(size: string | undefined): (size: number) => boolean {
  if (size === undefined) return () => true
  const { atMost, value } = quantity(size, bytes)
  return (found) => (atMost ? found <= value : found >= value)
}
