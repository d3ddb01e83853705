import { userInfo } from 'node:os'
import { RollcallError } from '../model/errors.ts'
import { judgeMatch, type MatchVerdict } from './ssh-config-match.ts'
import type { Directive, SshConfig } from './ssh-config-parse.ts'
import { expandTokens } from './ssh-tokens.ts'
import { matchesWildcard } from './wildcard.ts'

/** The values that apply to one host; keywords in lower case. */
export interface SshConfigValues {
  /** The name that they were looked up by. */
  readonly name: string
  one(keyword: string): string | undefined
  /** A keyword that stands on one line with several words. */
  list(keyword: string): readonly string[] | undefined
  /** A keyword that may be repeated. */
  all(keyword: string): readonly string[]
  /** The line that the value is from: `file:line`. */
  from(keyword: string): string | undefined
}

/** What counts before any file, as words of ssh's command line would. */
export interface GivenValues {
  readonly user?: string | undefined
  readonly proxyJump?: string | undefined
}

interface Evaluated {
  readonly found: ReadonlyMap<string, readonly Directive[]>
  /** Whether a line speaks of this name, and not of all. */
  readonly named: boolean
  readonly unjudged: readonly Unjudged[]
}
interface Unjudged {
  readonly line: Directive
  readonly condition: string
}

/**
 * Finds what the configuration says about a host, as `ssh <name>` would: under the inventory's name when a line means
 * it, else under its address.
 * @throws RollcallError where it hangs on a condition that only ssh itself can judge (`Match exec`).
 */
export function lookUp(files: readonly SshConfig[], host: string, address: string | undefined, given: GivenValues = {}): SshConfigValues {
  const byName = evaluate(files, host, given, false)
  const name = address === undefined || byName.named ? host : address
  const found = name === host ? byName : evaluate(files, name, given, false)
  refuseUnjudged(files, name, given, found)
  const all = (keyword: string): readonly string[] => (found.found.get(keyword) ?? []).map(({ words }) => words[0] ?? '')
  return {
    name,
    one: (keyword) => {
      const [first] = found.found.get(keyword) ?? []
      return keyword === 'proxycommand' || keyword === 'proxyjump' ? first?.rest : first?.words[0]
    },
    list: (keyword) => found.found.get(keyword)?.[0]?.words,
    all,
    from: (keyword) => {
      const [first] = found.found.get(keyword) ?? []
      return first === undefined ? undefined : first.line === 0 ? first.file : `${first.file}:${first.line}`
    },
  }
}

const repeated = ['identityfile', 'certificatefile']

function evaluate(files: readonly SshConfig[], name: string, given: GivenValues, unjudgedIs: boolean): Evaluated {
  const found = new Map<string, Directive[]>()
  const unjudged: Unjudged[] = []
  const declared = (keyword: string, value: string) =>
    found.set(keyword, [{ keyword, words: [value], rest: value, file: 'inventory', line: 0 }])
  if (given.user !== undefined) declared('user', given.user)
  if (given.proxyJump !== undefined) declared('proxyjump', given.proxyJump)
  if (given.proxyJump === 'none') declared('proxycommand', 'none')
  const localUser = userInfo().username
  let named = false
  let wantsFinal = false
  let final = false
  let hostNow = name

  const hostOf = () => {
    const [hostName] = found.get('hostname') ?? []
    return hostName === undefined ? hostNow : expandTokens(hostName.words[0] ?? '', { h: name }, name)
  }
  const match = (line: Directive): MatchVerdict =>
    judgeMatch(line, {
      host: hostOf(),
      originalHost: name,
      user: found.get('user')?.[0]?.words[0] ?? localUser,
      localUser,
      final,
      unjudged: unjudgedIs,
    })
  const walk = (config: SshConfig, active: boolean, reachable: boolean) => {
    let applies = active
    for (const line of config) {
      const { keyword } = line
      if (keyword === 'host') {
        const pattern = reachable ? hostLine(line, hostNow) : undefined
        applies = pattern !== undefined
        if (applies && pattern !== '*') named = true
      } else if (keyword === 'match') {
        const verdict = match(line)
        // Asked for also by a file that a block includes which is for other hosts.
        if (verdict.wantsFinal) wantsFinal = true
        if (!reachable) continue
        if (verdict.unjudged !== undefined) unjudged.push({ line, condition: verdict.unjudged })
        if (verdict.names) named = true
        applies = verdict.matches
      } else if (keyword === 'include') for (const each of line.included ?? []) walk(each, applies, reachable && applies)
      // The second look is by the name that the first has come to, which stays.
      else if (applies && !(final && keyword === 'hostname')) take(found, line)
    }
  }
  const walkAll = () => {
    for (const config of files) walk(config, true, true)
  }
  walkAll()
  const canonical = found.get('canonicalizehostname')?.[0]?.words[0]?.toLowerCase() ?? 'no'
  if (wantsFinal || canonical !== 'no') {
    hostNow = hostOf().toLowerCase()
    final = true
    walkAll()
  }
  return { found, named, unjudged }
}

function take(found: Map<string, Directive[]>, line: Directive): void {
  const { keyword } = line
  const known = found.get(keyword)
  // Of these two the one that comes first decides the way; but a jump over nobody leaves it open.
  if (keyword === 'proxyjump' && found.has('proxycommand')) return
  if (keyword === 'proxycommand' && (found.get('proxyjump')?.[0]?.rest.toLowerCase() ?? 'none') !== 'none') return
  if (known === undefined) found.set(keyword, [line])
  else if (repeated.includes(keyword) && !known.some(({ words }) => words[0] === line.words[0])) known.push(line)
}

/** The pattern by which a Host line means this name. */
function hostLine({ words }: Directive, name: string): string | undefined {
  let meant: string | undefined
  for (const word of words) {
    const negated = word.startsWith('!')
    if (!matchesWildcard(negated ? word.slice(1) : word, name)) continue
    if (negated) return undefined
    if (meant === undefined || meant === '*') meant = word
  }
  return meant
}

/** Keywords that decide nothing here: a condition may decide them as it likes. */
const indifferent =
  /^(sendenv|setenv|forward|loglevel|controlp|controlm|localforward|remoteforward|dynamicforward|escapechar|requesttty|remotecommand|sessiontype|stdinnull|tunnel|visualhostkey|xauth|addkeystoagent|localcommand|permitlocalcommand|compression|ipqos|fingerprinthash|streamlocal|updatehostkeys|gateway|exitonforward|enableescape|tag$)/

/** What hangs on a condition that is not judged here is refused, not guessed. */
function refuseUnjudged(files: readonly SshConfig[], name: string, given: GivenValues, { found, unjudged }: Evaluated): void {
  if (unjudged.length === 0) return
  const other = evaluate(files, name, given, true).found
  const said = (from: ReadonlyMap<string, readonly Directive[]>, keyword: string) =>
    JSON.stringify((from.get(keyword) ?? []).map(({ rest }) => rest))
  const different = [...new Set([...found.keys(), ...other.keys()])].filter(
    (keyword) => !indifferent.test(keyword) && said(found, keyword) !== said(other, keyword),
  )
  const [first] = unjudged
  if (different.length === 0 || first === undefined) return
  const word = first.condition.split(' ')[0]!
  throw new RollcallError({
    summary: `'Match ${word}' in the ssh configuration is not supported`,
    detail: `${first.line.file}:${first.line.line}: '${first.condition}' would decide ${different.join(', ')} for '${name}'`,
    host: name,
    fix: `Let the system's ssh log in (connection: ssh({ transport: 'openssh' })), or declare these in the inventory and exclude the host there, e.g. with 'Match !host ${name} ${word} …'.`,
  })
}
