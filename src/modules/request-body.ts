import { Refusal } from '../dsl/definition.ts'
import { Secret } from '../util/secret.ts'

/** What uri sends: text, or a value that its bodyFormat writes. Secrets may stand in it. */
export type UriBody = string | Secret | { readonly [name: string]: unknown } | readonly unknown[]
type Format = 'raw' | 'json' | 'form-urlencoded'

/** A body as it is sent, and the type that goes with it. */
export interface EncodedBody {
  readonly text: string | Secret
  readonly type?: string
}

/** The body as text; secret when a secret stands in it. */
export function encodeBody(body: UriBody | undefined, format: Format): EncodedBody | undefined {
  if (body === undefined) return undefined
  const bare = reveal(body)
  const text = bare.secret ? (made: string) => new Secret(made) : (made: string) => made
  if (format === 'json')
    return { text: text(typeof bare.value === 'string' ? bare.value : JSON.stringify(bare.value)), type: 'application/json' }
  if (format === 'form-urlencoded')
    return {
      text: text(typeof bare.value === 'string' ? bare.value : formOf(bare.value as object)),
      type: 'application/x-www-form-urlencoded',
    }
  if (typeof bare.value !== 'string')
    throw new Refusal('body is an object, and bodyFormat does not say how it is written', "Set bodyFormat: 'json' or 'form-urlencoded'.")
  return { text: text(bare.value) }
}

/** The value with its secrets in the open: JSON would write `[secret]` for them. */
function reveal(value: unknown): { readonly value: unknown; readonly secret: boolean } {
  if (value instanceof Secret) return { value: value.reveal(), secret: true }
  if (Array.isArray(value)) {
    const parts = value.map(reveal)
    return { value: parts.map((part) => part.value), secret: parts.some((part) => part.secret) }
  }
  if (typeof value !== 'object' || value === null) return { value, secret: false }
  const parts = Object.entries(value).map(([name, inner]) => [name, reveal(inner)] as const)
  return { value: Object.fromEntries(parts.map(([name, part]) => [name, part.value])), secret: parts.some(([, part]) => part.secret) }
}

function formOf(fields: object): string {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(fields))
    for (const one of [value].flat()) {
      if (typeof one === 'object' && one !== null) throw new Refusal(`the field ${name} of body is neither text nor a list of texts`)
      form.append(name, String(one))
    }
  return form.toString()
}
