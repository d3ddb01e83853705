/** `1 host`, `7 hosts`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Names joined by commas; beyond `most` the rest is counted: `a, b, c and 42 more`. */
export function listed(names: readonly string[], most: number): string {
  if (names.length <= most + 1) return names.join(', ')
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}

/** Every line of a text, moved in. An empty line stays empty. */
export function indent(text: string, by: string): string[] {
  return text.split('\n').map((line) => (line === '' ? '' : `${by}${line}`))
}

/** Keys of a grouping with what falls under each, in order of first appearance. */
export function groupBy<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) group.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}
