/** What a file of secrets holds once it is open: names and values, in the order written. */
export type Values = ReadonlyMap<string, string>

/** Where the text of a file of secrets is wrong. It never quotes the text: secrets stand in it. */
export interface DocumentProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

const nameForm = /^[A-Za-z_][A-Za-z0-9_]*$/
const nameRule = 'letters, digits and underscores, beginning with no digit, as TypeScript writes it'

/** A sentence that says why a name cannot be one; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  return nameForm.test(name) ? undefined : `'${name}': ${nameRule}`
}

const blank = /\s*/y
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y

/**
 * Reads the text of a file of secrets: one JSON object of texts. Not `JSON.parse`, whose messages quote what they do not
 * understand, and which takes the second of two equal names in silence.
 */
export function parseDocument(text: string): { readonly values: Values } | { readonly problem: DocumentProblem } {
  const values = new Map<string, string>()
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }
  const skip = () => void take(blank)
  const sign = (one: string): boolean => {
    skip()
    if (text[at] !== one) return false
    at += 1
    return true
  }
  const problem = (message: string) => {
    const before = text.slice(0, at).split('\n')
    return { problem: { line: before.length, column: before.at(-1)!.length + 1, message } }
  }
  if (!sign('{')) return problem('the text must begin with {')
  if (!sign('}'))
    for (;;) {
      skip()
      const quoted = take(string)
      if (quoted === undefined) return problem(text[at] === '}' ? 'a comma stands before }' : 'a name in double quotes must stand here')
      const name = JSON.parse(quoted) as string
      if (values.has(name)) return problem(`'${name}' is there twice`)
      // Neither shows it: where a name was forgotten, this is a value.
      if (nameProblem(name) !== undefined) return problem(`the name before this place cannot be one: ${nameRule}`)
      if (!sign(':')) return problem('a colon must stand here, between a name and its text')
      skip()
      const value = take(string)
      if (value === undefined)
        return problem(
          text[at] === '"'
            ? `the text of '${name}' is not closed on its line, or holds a wrong escape: a new line is written \\n, a backslash \\\\`
            : `'${name}' must be text in double quotes, a number too`,
        )
      values.set(name, JSON.parse(value) as string)
      if (sign(',')) continue
      if (sign('}')) break
      return problem(`a comma or } must stand after the text of '${name}'`)
    }
  skip()
  return at < text.length ? problem('nothing may stand after the closing }') : { values }
}

/** Values as the text of a file, one a line. */
export function formatDocument(values: Values): string {
  return `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`
}
