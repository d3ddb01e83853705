import { Secret } from './secret.ts'

/**
 * A POSIX shell script in which every inserted value is quoted. Only the `sh` tag makes one, so a plain string is
 * never mistaken for a script (design: everything sent to a host goes through this tag).
 */
export class Script {
  /** For the host alone: secrets stand in it. */
  readonly text: string
  /** For people: the same with `[secret]` where a secret stands. */
  readonly shown: string
  /** Use the `sh` tag; `new Script` is for the engine, which composes scripts that are already quoted. */
  constructor(text: string, shown: string = text) {
    if (text.includes('\0')) throw new TypeError('a shell script cannot hold a NUL byte')
    this.text = text
    this.shown = shown
  }
  toString(): string {
    return this.shown
  }
}

type Word = string | number | Secret
/** What may be inserted into a script: words, secrets, lists of those, and other scripts (inserted as they are). */
export type ShValue = Word | Script | readonly Word[]

const plainWord = /^[A-Za-z0-9_%+:,./@-]+$/

/**
 * One value as one POSIX shell word. Single quotes only: bash's `$'…'` means something else on dash.
 * @throws {TypeError} on a NUL byte, which no POSIX shell can carry.
 */
export function quote(value: string | number): string {
  const text = String(value)
  if (text.includes('\0')) throw new TypeError('a shell word cannot hold a NUL byte')
  return plainWord.test(text) ? text : `'${text.replaceAll(`'`, `'\\''`)}'`
}

function insert(value: ShValue): string {
  if (value instanceof Script) return value.text
  if (value instanceof Secret) return quote(value.reveal())
  if (typeof value === 'string' || typeof value === 'number') return quote(value)
  if (Array.isArray(value)) return value.map((word: Word) => insert(word)).join(' ')
  throw new TypeError(`sh cannot insert ${typeof value}: give it a string, a number, a secret, a list of those, or another script`)
}

function show(value: ShValue): string {
  if (value instanceof Script) return value.shown
  if (value instanceof Secret) return '[secret]'
  return Array.isArray(value) ? value.map((word: Word) => show(word)).join(' ') : insert(value)
}

/**
 * Makes a {@link Script}. Values become single words, lists become several words, scripts are inserted unchanged.
 * The raw strings are used, so `\.` in a script stays `\.`.
 *
 * @example sh`grep -q ${pattern} ${paths}`
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShValue[]): Script {
  const { raw } = strings
  return new Script(String.raw({ raw }, ...values.map(insert)), String.raw({ raw }, ...values.map(show)))
}
