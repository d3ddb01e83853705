import { Secret } from './secret.ts'

/**
 * A POSIX shell script in which every inserted value is quoted. Only the `sh` tag makes one, so a plain string is
 * never mistaken for a script (design: everything sent to a host goes through this tag).
 */
export class Script {
  readonly #text: string | (() => string)
  /** For people: the text with `[secret]` where a secret stands. */
  readonly shown: string
  /** Whether a secret stands in it. */
  readonly sealed: boolean
  /**
   * Use the `sh` tag; `new Script` is for the engine, which composes scripts that are already quoted.
   * @param text With secrets in it a function, since they may be locked until the script is sent.
   */
  constructor(text: string | (() => string), shown: string = typeof text === 'string' ? text : '') {
    this.#text = typeof text === 'string' ? whole(text) : text
    this.shown = shown
    this.sealed = typeof text !== 'string'
  }
  /** For the host alone: secrets stand in it. */
  get text(): string {
    return typeof this.#text === 'string' ? this.#text : whole(this.#text())
  }
  toString(): string {
    return this.shown
  }
  toJSON(): string {
    return this.shown
  }
}

function whole(text: string): string {
  if (text.includes('\0')) throw new TypeError('a shell script cannot hold a NUL byte')
  return text
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
  if (Array.isArray(value)) return value.map((each: Word) => insert(each)).join(' ')
  throw new TypeError(`sh cannot insert ${typeof value}: give it a string, a number, a secret, a list of those, or another script`)
}

/** A script as one word of another, for `eval`; what is secret in it stays so. */
export function word(script: Script): Script {
  return script.sealed ? new Script(() => quote(script.text), quote(script.shown)) : new Script(quote(script.text))
}

function isSealed(value: ShValue): boolean {
  if (value instanceof Script) return value.sealed
  return value instanceof Secret || (Array.isArray(value) && value.some((each: Word) => each instanceof Secret))
}

function show(value: ShValue): string {
  if (value instanceof Script) return value.shown
  if (value instanceof Secret) return '[secret]'
  return Array.isArray(value) ? value.map((each: Word) => show(each)).join(' ') : insert(value)
}

/**
 * Makes a {@link Script}. Values become single words, lists become several words, scripts are inserted unchanged.
 * The raw strings are used, so `\.` in a script stays `\.`.
 *
 * @example sh`grep -q ${pattern} ${paths}`
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShValue[]): Script {
  const { raw } = strings
  const shown = String.raw({ raw }, ...values.map(show))
  return values.some(isSealed) ? new Script(() => String.raw({ raw }, ...values.map(insert)), shown) : new Script(shown)
}

/** One script after another, each from a line of its own. */
export function inLines(scripts: readonly Script[]): Script {
  const shown = scripts.map((each) => each.shown).join('\n')
  return scripts.some(({ sealed }) => sealed) ? new Script(() => scripts.map(({ text }) => text).join('\n'), shown) : new Script(shown)
}
