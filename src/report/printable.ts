// C0 and C1 controls but newline and tab, and the marks that turn the direction of text: a host could use them to
// rewrite what the terminal shows.
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text from a host or a user's file, with everything a terminal would obey made visible: ESC becomes `\x1b`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (character === '\r') return '\\r'
    return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, '0')}`
  })
}

/** {@link printable} for every string inside a value made of plain data. */
export function printableDeep<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T
  if (Array.isArray(value)) return (Object.isFrozen(value) ? printableList(value) : value.map((item) => printableDeep(item))) as T
  if (typeof value !== 'object' || value === null) return value
  if ('toJSON' in value && typeof value.toJSON === 'function') return printableDeep(value.toJSON()) as T
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), printableDeep(inner)])) as T
}

const lists = new WeakMap<readonly unknown[], readonly unknown[]>()

/** The names of a whole fleet come with the events of each host: a list of texts that cannot change is looked through once. */
function printableList(list: readonly unknown[]): readonly unknown[] {
  const known = lists.get(list)
  if (known) return known
  const shown = list.map((item) => printableDeep(item))
  if (list.every((item) => typeof item === 'string')) lists.set(list, shown)
  return shown
}
