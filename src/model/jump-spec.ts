/** One host to jump over, as ProxyJump writes it. */
export interface JumpSpec {
  readonly host: string
  readonly user?: string
  readonly port?: number
}

/** `user@gate:2222,ssh://other` in the order in which they are jumped over; undefined for what is none. */
export function parseProxyJump(text: string): readonly JumpSpec[] | undefined {
  const specs = text.split(',').map(parseOne)
  return specs.includes(undefined) ? undefined : (specs as JumpSpec[])
}

function parseOne(word: string): JumpSpec | undefined {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]\s]+)\]|([^\s@:[\]/]+))(?::(\d{1,5}))?\/?$/.exec(word.trim()) ?? []
  const host = bracketed ?? plain
  if (host === undefined || host.startsWith('-') || (user ?? '').startsWith('-')) return undefined
  const number = port === undefined ? undefined : Number(port)
  if (number !== undefined && (number < 1 || number > 65_535)) return undefined
  return { host, ...(user !== undefined && { user }), ...(number !== undefined && { port: number }) }
}
