/** One pattern of OpenSSH's files: `*` is any text, `?` one character; all else stands for itself. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** A list of patterns: one must match, and none that begins with `!` may. */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesWildcard(pattern.slice(1), text))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesWildcard(pattern, text))
}
