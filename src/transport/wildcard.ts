/**
 * One pattern of OpenSSH's files: `*` is any text, `?` one character; all else stands for itself. In names of files (`classes`)
 * `[a-z]` is one of those.
 */
export function matchesWildcard(pattern: string, text: string, classes = false): boolean {
  const source = pattern.replace(/\[[!^]?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    if (part.length === 1) return part.replace(/[\\^$.|+()[\]{}]/, '\\$&')
    if (classes) return part.replace(/^\[[!^]/, '[^').replaceAll('\\', '\\\\')
    return [...part].map((letter) => (letter === '*' ? '.*' : letter === '?' ? '.' : letter.replace(/[\\^$.|+()[\]{}]/, '\\$&'))).join('')
  })
  return new RegExp(`^${source}$`, 's').test(text)
}

/** A list of patterns: one must match, and none that begins with `!` may. */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesWildcard(pattern.slice(1), text))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesWildcard(pattern, text))
}
