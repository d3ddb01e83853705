import { inspect } from 'node:util'
import { mask, registerSecret } from './redact.ts'

let reveals = 0
let texts = 0
let rendering = false

/** A Secret was turned into text where text ends up in a file. */
export class SecretAsText extends Error {
  override readonly name = 'SecretAsText'
  constructor() {
    super('a Secret cannot become text by itself')
  }
}

/**
 * A value that cannot be printed: strings, JSON and `inspect` show `[secret]`. Only a step or a password prompt reveals it.
 * What it holds is also taken out of everything that is reported, whoever says it.
 */
export class Secret {
  #value: string | undefined
  readonly #open: (() => string) | undefined
  readonly #around: string | undefined
  /**
   * @param value The value, or a function that gives it when it is first revealed.
   * @param around For text made of secrets that are registered themselves: the same for people. The rest of it is no secret.
   */
  constructor(value: string | (() => string), around?: string) {
    this.#around = around
    if (typeof value === 'function') this.#open = value
    else this.#value = this.#take(value)
  }
  #take(value: unknown): string {
    if (typeof value !== 'string')
      throw new TypeError(
        `a Secret holds text, and was given ${value === null ? 'null' : typeof value}; for a variable of the environment there is secretFromEnv('NAME')`,
      )
    if (this.#around === undefined) registerSecret(value)
    return value
  }
  /** The plain value. Call it only where the value is handed to the process that needs it; in a template it seals the file. */
  reveal(): string {
    reveals += 1
    this.#value ??= this.#take(this.#open?.())
    return this.#value
  }
  /** For people: `[secret]`, and the text around it where there is some. */
  get shown(): string {
    return this.#around ?? mask
  }
  toString(): string {
    return masked()
  }
  toJSON(): string {
    return masked()
  }
  [inspect.custom](): string {
    return mask
  }
}

function masked(): string {
  if (rendering) throw new SecretAsText()
  return maskText()
}

/** The mask in place of something secret, where code may take it for text: {@link wasTurnedIntoText} knows of it. */
export function maskText(): string {
  texts += 1
  return mask
}

/** How often any Secret was revealed so far: who compares before and after knows whether something in between did. */
export function revealCount(): number {
  return reveals
}

/** Whether any Secret was turned into `[secret]` by a string or JSON so far: only then can such text be a mistake. */
export function wasTurnedIntoText(): boolean {
  return texts > 0
}

/** While this runs, a Secret that becomes text by itself throws {@link SecretAsText}: `[secret]` would end up in a file. */
export function whileRendering<T>(work: () => T): T {
  const outer = rendering
  rendering = true
  try {
    return work()
  } finally {
    rendering = outer
  }
}

/**
 * Text with secrets in it, as a Secret. It is put together when it is revealed, so its parts may still be locked.
 *
 * @example copy({ dest: '/etc/app.conf', content: sealed`user=app\npassword=${secrets.appPassword}\n` })
 */
export function sealed(strings: TemplateStringsArray, ...values: readonly (string | number | Secret)[]): Secret {
  for (const value of values) {
    if (typeof value === 'string' && wasTurnedIntoText() && value.includes(mask))
      throw new TypeError(`sealed was given text in which a Secret had become ${mask} already: insert the Secret itself`)
    if (typeof value !== 'string' && typeof value !== 'number' && !(value instanceof Secret))
      throw new TypeError(`sealed cannot insert ${value === null ? 'null' : typeof value}: give it a string, a number or a secret`)
  }
  const text = () => String.raw({ raw: strings }, ...values.map((value) => (value instanceof Secret ? value.reveal() : value)))
  return new Secret(text, String.raw({ raw: strings }, ...values.map((value) => (value instanceof Secret ? value.shown : value))))
}

/** Whether a value made of plain data, lists, secrets and scripts holds a secret anywhere. */
export function holdsSecret(value: unknown): boolean {
  if (value instanceof Secret) return true
  if (Array.isArray(value)) return value.some(holdsSecret)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  if ('sealed' in value && typeof value.sealed === 'boolean') return value.sealed
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).some(holdsSecret)
}
