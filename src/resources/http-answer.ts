/** The last answer of a chain of redirects. */
export interface HttpAnswer {
  readonly status: number
  readonly reason: string
  /** Names in camelCase, as in `contentType`; a header that came twice is joined by commas. */
  readonly headers: { readonly [name: string]: string }
  /** Where the answer came from, after redirects. */
  readonly url: string
  readonly redirected: boolean
}

interface Block {
  readonly status: number
  readonly reason: string
  readonly lines: string[]
}

const camelCase = (name: string) => name.toLowerCase().replace(/[-_]+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** Reads status lines and headers; undefined where there are none. */
export function parseHead(head: string, url: string): HttpAnswer | undefined {
  const blocks: Block[] = []
  for (const line of head.split(/\r?\n/)) {
    const status = /^HTTP\/[\d.]+ (\d{3})(?: (.*))?$/.exec(line)
    if (status) blocks.push({ status: Number(status[1]), reason: (status[2] ?? '').trim(), lines: [] })
    else if (line.trim() !== '') blocks.at(-1)?.lines.push(line)
  }
  const answers = blocks.filter(({ status }) => status >= 200)
  const last = answers.at(-1)
  if (!last) return undefined
  let at = url
  let redirected = false
  for (const block of answers.slice(0, -1)) {
    const { location } = headersOf(block)
    if (block.status < 300 || block.status > 399 || location === undefined) continue
    at = URL.canParse(location, at) ? new URL(location, at).href : location
    redirected = true
  }
  return { status: last.status, reason: last.reason, headers: headersOf(last), url: at, redirected }
}

function headersOf({ lines }: Block): { readonly [name: string]: string } {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const cut = line.indexOf(':')
    if (cut < 1) continue
    const name = camelCase(line.slice(0, cut).trim())
    const value = line.slice(cut + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  return Object.fromEntries(headers)
}
