/** A template that cannot be read, and where. */
export interface EtaProblem {
  readonly message: string
  readonly offset: number
}

interface Tag {
  /** `<%=` with the white space after it. */
  readonly open: string
  readonly prints: boolean
  readonly content: string
  /** `%>` with the white space and trim marker before it. */
  readonly close: string
  readonly start: number
  readonly end: number
}

const opening = /<%(?:-|_)?\s*(=|~)?\s*/g
// Eta's own rules for what may hide a closing tag, so that both see the same tags.
const inside = /'|"|`|\/\*|(\s*(?:-|_)?%>)/g
const strings: Readonly<Record<string, RegExp>> = {
  "'": /'(?:\\[\s\w"'\\`]|[^\n\r'\\])*?'/g,
  '"': /"(?:\\[\s\w"'\\`]|[^\n\r"\\])*?"/g,
  '`': /`(?:\\[\s\S]|\${(?:[^{}]|{(?:[^{}]|{[^}]*})*})*}|(?!\${)[^\\`])*`/g,
}

/** The function that printed values are passed to: with its parenthesis as long as `<%=`. */
export const printName = '_$'

/**
 * The body of a function that uses a template's data exactly as the template does. Every character of code keeps its
 * line and its column, so that a compiler message about the result is a message about the template.
 */
export function etaToTypeScript(template: string): { readonly code: string } | { readonly problem: EtaProblem } {
  const tags: Tag[] = []
  opening.lastIndex = 0
  for (let match = opening.exec(template); match; match = opening.exec(template)) {
    const start = match.index + match[0].length
    const close = closing(template, start)
    if ('message' in close) return { problem: { ...close, offset: close.offset < 0 ? match.index : close.offset } }
    const end = close.from + close.text.length
    const content = template.slice(start, close.from)
    tags.push({ open: match[0], prints: match[1] !== undefined, content, close: close.text, start: match.index, end })
    opening.lastIndex = end
  }
  let code = ''
  let position = 0
  for (const [index, tag] of tags.entries()) {
    code += blank(template.slice(position, tag.start))
    code += tag.prints ? print(tag) : execute(tag, tags[index + 1])
    position = tag.end
  }
  return { code: code + blank(template.slice(position)) }
}

/** Text as spaces; line breaks and tabs stay. */
function blank(text: string): string {
  return text.replace(/[^\r\n\t]/g, ' ')
}

function print(tag: Tag): string {
  const marker = Math.max(tag.open.indexOf('='), tag.open.indexOf('~')) + 1
  const lead = blank(tag.open)
  return `${lead.slice(0, marker - 3)}${printName}(${lead.slice(marker)}${finish(tag, ');')}`
}

/** Eta puts a line break after each statement; here a semicolon does it, save where a block goes on. */
function execute(tag: Tag, next: Tag | undefined): string {
  const code = tag.content.slice(0, lineComment(tag.content)).trimEnd()
  const goesOn =
    /[{:;]$|^$/.test(code) || (code.endsWith('}') && next !== undefined && /^(?:else|catch|finally|while)\b/.test(next.content))
  return blank(tag.open) + finish(tag, goesOn ? '' : ';')
}

/** The content and `ending` in the place of `%>`. A line comment ends with its tag in Eta, so here it is blanked. */
function finish({ content, close }: Tag, ending: string): string {
  const comment = lineComment(content)
  if (comment === content.length) return content + blank(close).slice(0, -2) + ending.padEnd(2)
  return content.slice(0, comment) + ending + blank(content.slice(comment) + close).slice(ending.length)
}

/** Where a `//` comment that runs to the end of the tag begins; the length of the content when there is none. */
function lineComment(content: string): number {
  const token = /'|"|`|\/\*|\/\//g
  for (let found = token.exec(content); found; found = token.exec(content)) {
    const text = found[0]
    let end: number
    if (text === '//') {
      end = content.indexOf('\n', found.index)
      if (end === -1) return found.index
    } else if (text === '/*') end = content.indexOf('*/', found.index + 2)
    else {
      const string = strings[text]!
      string.lastIndex = found.index
      end = string.exec(content) ? string.lastIndex : -1
    }
    if (end === -1) break
    token.lastIndex = end
  }
  return content.length
}

function closing(template: string, start: number): { readonly from: number; readonly text: string } | EtaProblem {
  inside.lastIndex = start
  for (let found = inside.exec(template); found; found = inside.exec(template)) {
    if (found[1] !== undefined) return { from: found.index, text: found[1] }
    if (found[0] === '/*') {
      const end = template.indexOf('*/', inside.lastIndex)
      if (end === -1) return { message: 'A comment is not closed', offset: found.index }
      inside.lastIndex = end + 2
    } else {
      const string = strings[found[0]]!
      string.lastIndex = found.index
      if (!string.exec(template)) return { message: 'A string is not closed', offset: found.index }
      inside.lastIndex = string.lastIndex
    }
  }
  return { message: 'A tag is not closed with %>', offset: -1 }
}
