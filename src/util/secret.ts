import { inspect } from 'node:util'

/** A value that cannot be printed: strings, JSON and `inspect` show `[secret]`. Only a step or a password prompt reveals it. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** The plain value. Call it only where the value is handed to the process that needs it. */
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  [inspect.custom](): string {
    return '[secret]'
  }
}
