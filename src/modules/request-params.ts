import { instanceOf, Type } from '../dsl/schema.ts'
import { Secret } from '../util/secret.ts'

const secret = instanceOf('Secret', Secret)

/** A mode in digits alone. */
export const octalMode = Type.String({
  pattern: '^0?[0-7]{3,4}$',
  description: "octal digits in quotes, as in '0644': the number 644 would be other bits, 01204",
})
/** Text that may be secret. */
export const secretText = (description: string) => Type.Unsafe<string | Secret>({ anyOf: [{ type: 'string' }, secret], description })

/** Parameters of every module that makes the host ask a web server. */
export const requestParams = {
  headers: Type.Optional(
    Type.Unsafe<{ readonly [name: string]: string | Secret }>({
      type: 'object',
      additionalProperties: { anyOf: [secret, { type: 'string' }] },
      description: 'headers of the request; a value may be a Secret',
    }),
  ),
  urlUsername: Type.Optional(secretText('the user for basic authentication')),
  urlPassword: Type.Optional(
    // The secret first: what `rollcall do` is given is one.
    Type.Unsafe<string | Secret>({
      anyOf: [secret, { type: 'string' }],
      description: 'the password for basic authentication; never on a command line of the host',
    }),
  ),
  forceBasicAuth: Type.Optional(
    Type.Boolean({ description: 'send user and password at once, also where wget would wait to be asked; curl always does' }),
  ),
  validateCerts: Type.Optional(Type.Boolean({ description: 'false: take any certificate; default true' })),
  timeout: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: 'seconds without any progress until it is given up; default 10' }),
  ),
}

/** The same as a request knows them. */
export interface RequestParams {
  readonly headers?: { readonly [name: string]: string | Secret } | undefined
  readonly urlUsername?: string | Secret | undefined
  readonly urlPassword?: string | Secret | undefined
  readonly forceBasicAuth?: boolean | undefined
  readonly validateCerts?: boolean | undefined
  readonly timeout?: number | undefined
}

/** The part of a request that these parameters say. */
export function requestOf({ headers, urlUsername, urlPassword, forceBasicAuth, validateCerts = true, timeout = 10 }: RequestParams) {
  return { headers, urlUsername, urlPassword, forceBasicAuth, validateCerts, timeout }
}

/** What to do when a request got no answer. */
export const noAnswerFix = (problem = '') =>
  /neither curl|busybox/.test(problem)
    ? "Install curl by a task before this one: apt({ name: 'curl' })."
    : 'Look whether the host reaches it.'
