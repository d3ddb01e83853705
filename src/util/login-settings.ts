import type { Secret } from './secret.ts'

/** What whoever started this process says about all logins that it makes. */
export interface LoginSettings {
  /** A host whose key is in no file is let in, and its key noted down. A key that differs never passes. */
  readonly acceptNewHostKeys?: boolean
  /** How often a host that does not answer is tried again, where its inventory does not say. */
  readonly connectRetries?: number
  /** For hosts that declare none; never for those that they are jumped over. `from` is the option that gave it. */
  readonly password?: { readonly value: Secret; readonly from: string }
  /** Puts a question to the person at the terminal, hiding what is typed; absent where there is none. */
  readonly ask?: (question: string) => Promise<string>
}

let settings: LoginSettings = {}

/** For the whole process: logins are made in many places, and none of them decides this. */
export function useLoginSettings(given: LoginSettings): void {
  settings = given
}

export function loginSettings(): LoginSettings {
  return settings
}
