import { type Directive, wrongConfig } from './ssh-config-parse.ts'
import { matchesPatterns } from './wildcard.ts'

/** What a Match line may ask of. */
export interface Matched {
  /** As it is known so far: what HostName has made of it. */
  readonly host: string
  readonly originalHost: string
  readonly user: string
  readonly localUser: string
  /** In the second look, which `final` and canonical names ask for. */
  readonly final: boolean
  /** What stands for conditions that only ssh itself can judge. */
  readonly unjudged: boolean
}

export interface MatchVerdict {
  readonly matches: boolean
  /** It asks of the final look, so there is to be one. */
  readonly wantsFinal: boolean
  /** The condition that could not be judged, where the verdict hangs on it. */
  readonly unjudged?: string
  /** It speaks of this name in particular. */
  readonly names: boolean
}

/** Conditions that run programs, or that ssh judges by things of its own. */
const beyondUs = ['exec', 'localnetwork', 'tagged', 'version', 'command', 'sessiontype']

/** Whether the lines below a Match line are for this host. @throws RollcallError for a condition that there is none of. */
export function judgeMatch(line: Directive, about: Matched): MatchVerdict {
  const words = [...line.rest.matchAll(/"([^"]*)"|(#.*)|([^\s="]+)/g)].flatMap((word) =>
    word[2] === undefined ? [word[1] ?? word[3]!] : [],
  )
  if (line.rest.trim().startsWith('#') || words.length === 0) throw wrongConfig('Match without a condition', line.rest, line)
  let matches = true
  let wantsFinal = false
  let names = false
  let unjudged: string | undefined
  let before = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const negated = word.startsWith('!')
    const attribute = (negated ? word.slice(1) : word).toLowerCase()
    if (attribute === 'all') {
      if (before > 1 || at + 1 < words.length) throw wrongConfig("'all' stands alone", line.rest, line)
      if (matches) matches = !negated
      continue
    }
    before += 1
    if (attribute === 'canonical' || attribute === 'final') {
      if (attribute === 'final') wantsFinal = true
      if (about.final === negated) matches = false
      continue
    }
    const value = words[++at]
    if (value === undefined) throw wrongConfig('a condition has no value', word, line)
    if (beyondUs.includes(attribute)) {
      if (!matches) continue
      unjudged ??= `${attribute} ${value}`
      if (about.unjudged === negated) matches = false
      continue
    }
    const holds = judge(attribute, value, about)
    if (holds === undefined) throw wrongConfig('there is no such condition', word, line)
    if (holds && !negated && (attribute === 'host' || attribute === 'originalhost') && value !== '*') names = true
    if (holds === negated) matches = false
  }
  return { matches, wantsFinal, names: names && matches, ...(unjudged !== undefined && { unjudged }) }
}

function judge(attribute: string, value: string, { host, originalHost, user, localUser }: Matched): boolean | undefined {
  const patterns = value.split(',')
  const lower = patterns.map((pattern) => pattern.toLowerCase())
  if (attribute === 'host') return matchesPatterns(lower, host.toLowerCase())
  if (attribute === 'originalhost') return matchesPatterns(lower, originalHost.toLowerCase())
  if (attribute === 'user') return matchesPatterns(patterns, user)
  return attribute === 'localuser' ? matchesPatterns(patterns, localUser) : undefined
}
