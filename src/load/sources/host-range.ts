/** A name as an inventory writes it: the hosts it stands for, and the port behind it. */
export interface ExpandedHosts {
  readonly hosts: readonly string[]
  readonly port?: number
}

const range = (units: string) => `\\[(?:${units})(?::[0-9]+)?\\]`
const six = `(?:[0-9a-f]{1,4}|${range('[0-9a-f]+:[0-9a-f]+')})`
const four = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${range('[0-9]+:[0-9]+')})`
const letters = range('[a-z]:[a-z]|[0-9]+:[0-9]+')
const word = '[\\p{L}\\p{N}_]'
const label = `(?:${word}|${letters})(?:${word}|-|${letters})*(?<![_-])`
/** As in Ansible's `parse_address`, ranges among them. */
const addresses = [
  `(?:${four}\\.){3}${four}`,
  `(?:${six}:){7}${six}`,
  `(?:${six}:){1,6}:`,
  `(?:${six}:)(?::${six}){1,6}`,
  `(?:${six}:){2}(?::${six}){1,5}`,
  `(?:${six}:){3}(?::${six}){1,4}`,
  `(?:${six}:){4}(?::${six}){1,3}`,
  `(?:${six}:){5}(?::${six}){1,2}`,
  `(?:${six}:){6}(?::${six})`,
  `:(?::${six}){1,6}`,
  `${six}?::`,
  `(?:0:){6}(?:${six}\\.){3}${six}`,
  `::(?:ffff:)?(?:${six}\\.){3}${six}`,
  `(?:0:){5}ffff:(?:${six}\\.){3}${six}`,
  `${label}(?:\\.${label})*`,
]
const known = new RegExp(`^(?:${addresses.join('|')})$`, 'iu')
const bracketed = /^\[(.+)\]:([0-9]+)$/
const withPort = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const most = 100_000

/**
 * What a name of an inventory stands for: `web[01:50:2].example.com`, `db-[a:f]`, `edge:2222`. One that is no name of a host keeps
 * its colons, as in Ansible.
 * @throws RangeError that says what is wrong with a range.
 */
export function expandHosts(text: string): ExpandedHosts {
  let host = text
  let port: number | undefined
  for (const form of [bracketed, withPort]) {
    const match = form.exec(host)
    if (match) [host, port] = [match[1]!, Number(match[2])]
  }
  if (!known.test(host)) [host, port] = [text, undefined]
  return { hosts: host.includes('[') ? expandRange(host) : [host], ...(port !== undefined && port !== 0 && { port }) }
}

/** Takes the first range apart and expands what comes of it, until no bracket is left. */
function expandRange(text: string): readonly string[] {
  const parts = text.replace('[', '|').replace(']', '|').split('|')
  if (parts.length !== 3) throw new RangeError(`'${text}' has brackets that are no range`)
  const [head = '', inside = '', tail = ''] = parts
  const bounds = inside.split(':')
  if (bounds.length !== 2 && bounds.length !== 3) throw new RangeError(`a range is [begin:end] or [begin:end:step], and not [${inside}]`)
  const [begin = '', end = '', step = '1'] = [bounds[0] || '0', ...bounds.slice(1)]
  if (end === '') throw new RangeError(`the range [${inside}] does not say where it ends`)
  const padded = begin.length > 1 && begin.startsWith('0')
  if (padded && begin.length !== end.length) throw new RangeError(`both ends of the range [${inside}] must have as many digits`)
  const names = steps(begin, end, step, inside).map((each) => `${head}${padded ? each.padStart(begin.length, '0') : each}${tail}`)
  return names.flatMap((name) => (name.includes('[') ? expandRange(name) : [name]))
}

function steps(begin: string, end: string, step: string, inside: string): readonly string[] {
  const [from, to, by] = [alphabet.indexOf(begin), alphabet.indexOf(end), wholeNumber(step)]
  if (from >= 0 && to >= 0 && from > to) throw new RangeError(`the range [${inside}] ends before it begins`)
  const isAlphabetic = from >= 0 && to >= 0
  const [first, last] = isAlphabetic ? [from, to] : [wholeNumber(begin), wholeNumber(end)]
  if (first === undefined || last === undefined || by === undefined || by === 0)
    throw new RangeError(`the range [${inside}] is neither one of numbers nor one of letters`)
  if ((last - first) / by > most) throw new RangeError(`the range [${inside}] stands for more than ${most} hosts`)
  const found: string[] = []
  for (let at = first; by > 0 ? at <= last : at > last + 1; at += by) found.push(isAlphabetic ? alphabet[at]! : String(at))
  return found
}

function wholeNumber(text: string): number | undefined {
  return /^[-+]?[0-9]+$/.test(text) ? Number(text) : undefined
}
