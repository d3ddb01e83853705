import type { SourceLine } from './errors.ts'

/** A value that a run is given from outside, as the playbook or the inventory declares it. */
export interface InputDeclaration {
  readonly kind: 'input'
  /** JSON schema of the value; of a secret, of its text. */
  readonly schema: { readonly [keyword: string]: unknown }
  /** The value becomes a Secret, and is never taken from the command line. */
  readonly secret: boolean
  /** May be left out; then it is undefined. */
  readonly optional: boolean
  readonly default?: unknown
  readonly description?: string
  /** What a person is asked; default is the description or the name. */
  readonly prompt?: string
  /** Of a secret: typed twice when it is asked for. */
  readonly confirm?: boolean
  /** Of a secret: a variable of the environment that gives it where nothing else does. */
  readonly env?: string
  readonly at?: SourceLine
}

/** A value as a run was given it: for the header and the events. */
export interface GivenInput {
  readonly name: string
  /** As JSON; of a secret the mask. */
  readonly value: unknown
  /** `-e`, `release.yaml:3:10`, `asked`, `variable DEPLOY_TOKEN`, `default`. */
  readonly from: string
  /** `var`: a var of the inventory, overridden on every host that has it. */
  readonly of: 'playbook' | 'var'
}
