import { mask } from '../util/redact.ts'
import { Secret, SecretAsText, wasTurnedIntoText } from '../util/secret.ts'
import { UnprintableValue } from './errors.ts'
import { markOf } from './secrets.ts'

function describe(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}

function remedy(value: unknown): string {
  if (value === undefined || value === null)
    return `Print it only where it is there: <% if (x !== ${String(value)}) { %> … <% } %>, or give another text: <%= x ?? '…' %>.`
  if (typeof value === 'boolean') return `Say what to write for it: <%= x ? 'yes' : 'no' %>.`
  if (Array.isArray(value)) return `Say how its entries are put together: <%= x.join(' ') %>, or <%= JSON.stringify(x) %>.`
  if (typeof value === 'object') return `Print one of its fields, or <%= JSON.stringify(x) %>.`
  return 'Print text or a finite number.'
}

/** What `<%= … %>` and `<%~ … %>` put into the file. Text, numbers and secrets only: the rest would put `undefined` or `[object Object]` into a configuration. */
export function print(value: unknown): string {
  if (typeof value === 'string') {
    if (wasTurnedIntoText() && value.includes(mask)) throw new SecretAsText() // Before it came here, in a closure.
    return value
  }
  if (value instanceof Secret) return markOf(value)
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return String(value)
  throw new UnprintableValue(describe(value), remedy(value))
}
