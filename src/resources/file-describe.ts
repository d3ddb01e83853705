import type { Description } from '../dsl/resource.ts'
import type { FileState } from './file.ts'

const largestText = 1024 * 1024
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Content as text for a line diff; undefined for what is binary, or longer than anybody reads. */
export function textOf(content: Uint8Array): string | undefined {
  if (content.length > largestText || content.includes(0)) return undefined
  try {
    return utf8.decode(content)
  } catch {
    return undefined
  }
}

/** Fields for a diff. In check mode a state may hold `unknown` where its type says otherwise. */
export function fieldsOf(values: { readonly [name: string]: unknown }): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, typeof value === 'symbol' ? '(unknown)' : String(value)]),
  )
}

/** A file for a diff: its text where there is some to show, else its hash. */
export function describeFile(state: FileState): Description {
  if (!state.exists) return { fields: { state: 'absent' } }
  const { type, mode, owner, group, content, sha256 } = state
  const text = content instanceof Uint8Array ? textOf(content) : undefined
  const fields = fieldsOf({ state: type, mode, owner, group, sha256: text === undefined ? sha256 : undefined })
  return text === undefined ? { fields } : { fields, text }
}
