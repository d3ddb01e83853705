import type { Continues, FactsEvent, RunEvent } from '../model/event.ts'
import type { GivenInput } from '../model/input.ts'
import { localTime } from '../util/local-time.ts'
import { formatAge } from './age.ts'
import type { Colours } from './colours.ts'
import { count, groupBy, listed } from './words.ts'

type HostFacts = FactsEvent['hosts'][number]

/** `facts from 7 (6 live, 1 cached 3 h)`: how many hosts of the scope something is known of, and from where. */
export function factsSentence(hosts: FactsEvent['hosts']): string {
  const of = (origin: HostFacts['origin']) => hosts.filter((host) => host.origin === origin)
  const [live, cached, declared, unknown] = [of('live'), of('cached'), of('declared'), of('none')]
  const oldest = formatAge(Math.max(0, ...cached.map((host) => host.ageSeconds)))
  const parts = [
    live.length > 0 && `${live.length} live`,
    cached.length > 0 && `${cached.length} cached ${cached.length === 1 ? oldest : `up to ${oldest}`}`,
    declared.length > 0 && `${declared.length} declared`,
    unknown.length > 0 && `${unknown.length} unknown`,
  ].filter(Boolean)
  const known = hosts.length - unknown.length
  return `facts from ${known === hosts.length ? known : `${known} of ${hosts.length}`}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`
}

/** So many hosts of which nearly the same is true are told one by one: with its own address and age each. */
const mostAlike = 3

/** One line for each host whose facts are not live, or for several of which the same, or with many nearly the same, is true. */
export function notLiveLines(hosts: FactsEvent['hosts'], mostNames: number): string[] {
  const notLive = hosts.filter((host) => host.origin !== 'live')
  return [...groupBy(notLive, (host) => JSON.stringify([host.origin, gistOf(host)])).values()].flatMap((alike) => {
    const [first] = alike
    if (alike.length <= mostAlike || !first) return linesBy(alike, sayingOf, mostNames)
    const ages = new Set(alike.map(({ ageSeconds }) => formatAge(ageSeconds)))
    const oldest = formatAge(Math.max(...alike.map(({ ageSeconds }) => ageSeconds)))
    return linesBy(alike, () => saying(first.origin, ages.size > 1 ? `up to ${oldest}` : oldest, gistOf(first)), mostNames)
  })
}

function linesBy(hosts: readonly HostFacts[], sayingOf: (host: HostFacts) => string, mostNames: number): string[] {
  const names = (group: readonly HostFacts[]) => group.map(({ host }) => host)
  return [...groupBy(hosts, sayingOf)].map(([words, group]) => `${listed(names(group), mostNames)}  ${words}`)
}

const sayingOf = ({ origin, ageSeconds, reason }: HostFacts) => saying(origin, formatAge(ageSeconds), reason)

function saying(origin: HostFacts['origin'], age: string, reason: string | undefined): string {
  const what = { live: 'live', cached: `cached ${age}`, declared: 'declared', none: 'unknown' }[origin]
  return reason === undefined ? what : `${what}: ${reason}`
}

/** The reason without what differs from host to host: its address, and when it was silent. */
function gistOf({ contact, reason }: HostFacts): string | undefined {
  return contact === 'spared' ? 'not asked again: less than a minute ago they did not answer' : reason?.replace(/^\S+ port \d+: /, '')
}

/** The first lines of every report: the three sets of hosts, then whoever did not answer, then what check mode means. */
export function headerLines(run: RunEvent, facts: FactsEvent | undefined, colours: Colours, verbosity: number): string[] {
  const mostNames = verbosity > 0 ? Number.POSITIVE_INFINITY : 8
  const sets = [
    `inventory ${count(run.fleet.length, 'host')}${sourcesSentence(run.sources ?? [])}`,
    facts === undefined ? 'facts from 0' : factsSentence(facts.hosts),
    `targets ${run.targets.length}${run.targets.length === 0 ? '' : ` (${listed(run.targets, mostNames)})`}`,
    ...(run.delegates ? [`delegates ${run.delegates.length} (${listed(run.delegates, mostNames)})`] : []),
  ]
  return [
    colours.strong(sets.join(' · ')),
    ...notLiveLines(facts?.hosts ?? [], mostNames).map((line) => colours.warning(line)),
    ...(run.forced ? [colours.strong('forced: what is as it should be is applied again where it can be, and handlers are notified')] : []),
    ...(run.continues ? [continuesLine(run.continues, mostNames, colours)] : []),
    ...inputLines(run.inputs ?? [], verbosity),
    ...(run.check ? checkLines(run.queries, colours) : []),
    ...(verbosity > 0 ? [colours.faint(`playbook ${run.playbook} · inventory ${run.inventory} · rollcall ${run.version}`)] : []),
  ]
}

/** ` (5 from ec2.json, cached 3 min)`: where hosts come from that are not declared. */
function sourcesSentence(sources: NonNullable<RunEvent['sources']>): string {
  if (sources.length === 0) return ''
  const how = { asked: () => '', cached: (age: string) => `, cached ${age}`, lastKnown: (age: string) => `, last known ${age} ago` }
  const each = sources.map(({ source, hosts, origin, ageSeconds }) => `${hosts} from ${source}${how[origin](formatAge(ageSeconds))}`)
  return ` (${each.join('; ')})`
}

function continuesLine({ by, run, started, leftOut }: Continues, mostNames: number, colours: Colours): string {
  const earlier = `the run of ${localTime(new Date(started))} (${run})`
  const without = leftOut.length === 0 ? '' : `, without ${listed(leftOut, mostNames)}`
  const what =
    by === 'resume'
      ? `resumes ${earlier}: what actions did there is not done again${without}`
      : `only hosts that failed in ${earlier}${without}`
  return colours.strong(what)
}

/** `inputs version=1.2.3 (-e) · token=[secret] (asked)`: what was given; in detail, defaults as well. */
export function inputLines(inputs: readonly GivenInput[], verbosity: number): string[] {
  const shown = inputs.filter(({ from }) => verbosity > 0 || from !== 'default')
  if (shown.length === 0) return []
  const one = ({ name, value, from, of }: GivenInput) => `${of === 'var' ? 'var ' : ''}${name}=${valueWords(value)} (${from})`
  return [`inputs ${shown.map(one).join(' · ')}`]
}

function valueWords(value: unknown): string {
  const text = typeof value === 'string' && /^(?:[\w./:@+,<>-]+|\[secret\])$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined')
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`
}

function checkLines(queries: readonly string[], colours: Colours): string[] {
  if (queries.length === 0) return [colours.strong('check mode: nothing is changed')]
  return [
    colours.strong('check mode: nothing is changed; these queries run all the same, trusted only to read:'),
    ...queries.map((query) => `  ${query}`),
  ]
}
