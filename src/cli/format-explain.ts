import type { ExplainedCall, ExplainedTask, ExplainReport } from '../explain.ts'
import { type Colours, count, formatAge, groupBy, inputLines, listed, printableDeep } from '../report/index.ts'
import { newHostsWords, place, tagList } from './format-outline.ts'

type Play = ExplainReport['plays'][number]

/** What each task and template sees, for people. Hosts on which a task is the same share its lines. */
export function formatExplain(report: ExplainReport, colours: Colours): string[] {
  const { playbook, inventory, fleet, targets, plays, inputs, warnings = [] } = printableDeep(report)
  const width = Math.max(0, ...fleet.map(({ host }) => host.length))
  return [
    `${colours.strong(`playbook ${playbook}`)} · inventory ${inventory}`,
    `fleet ${count(fleet.length, 'host')}, whatever --limit says · targets ${targets.length} (${listed(targets, 8)})`,
    ...warnings.map((warning) => colours.warning(`warning: ${warning}`)),
    ...inputLines(inputs ?? [], 1),
    '',
    ...fleet.map((host) =>
      `  ${host.host.padEnd(width)}  ${targets.includes(host.host) ? 'target' : '      '}  ${declared(host)}`.trimEnd(),
    ),
    ...plays.flatMap((play) => ['', ...playLines(play, fleet.length, colours)]),
  ]
}

function declared({ groups, privateIp, publicIp, vars }: ExplainReport['fleet'][number]): string {
  const values = Object.entries(vars).map(([name, value]) => `${name}=${short(value)}`)
  return [groups.join(','), privateIp && `private ${privateIp}`, publicIp && `public ${publicIp}`, ...values].filter(Boolean).join('  ')
}

function playLines(play: Play, fleetSize: number, colours: Colours): string[] {
  return [
    `${colours.strong(`play ${play.name}`)}${place(play.at, colours)}`,
    `  targets ${play.targets.length} (${listed(play.targets, 8) || 'none'})${newHostsWords(play.adds)}`,
    ...(play.connection ? ['  on the controller, for each target'] : []),
    ...factsLines(play, fleetSize),
    ...play.tasks.flatMap((task) => taskLines(task, colours)),
  ]
}

function factsLines({ connection, facts }: Play, fleetSize: number): string[] {
  const { of, hosts, families, ifDown, maxAgeSeconds } = facts
  if (connection && families.length === 0) return ['  facts: none, so no host is contacted']
  const down = ifDown === 'fail' ? 'a host that is down ends the run' : 'a host that is down: what was last known'
  const whose = connection ? '' : 'of other hosts than the targets '
  return [
    `  facts of ${of}: ${families.join(', ') || 'none'} from ${hosts.length} of ${fleetSize} hosts (${listed(hosts, 8)})`,
    `    ${whose}cached ones do up to ${formatAge(maxAgeSeconds)}; ${down}`,
  ]
}

function taskLines({ name, handler, become, becomeUsers = ['root'], tags, at, hosts }: ExplainedTask, colours: Colours): string[] {
  const alike = groupBy(hosts, ({ calls, note }) => JSON.stringify([calls, note]))
  return [
    `  ${handler ? 'handler ' : ''}${colours.strong(name)}${become ? `  as ${becomeUsers.join(', ')}` : ''}${tagList(tags)}${place(at, colours)}`,
    ...[...alike.values()].flatMap((group) => [
      `    on ${listed(
        group.map(({ host }) => host),
        8,
      )}:`,
      ...group[0]!.calls.flatMap((call) => callLines(call, colours)),
      ...(group[0]!.note === undefined ? [] : group[0]!.note.split('\n').map((line) => `      ${line}`)),
    ]),
  ]
}

function callLines({ module, params, templates }: ExplainedCall, colours: Colours): string[] {
  const shown = Object.entries((params ?? {}) as object).map(([name, value]) => `${name}=${short(value)}`)
  return [
    `      ${module} ${shown.join(' ')}`.trimEnd(),
    ...templates.map(
      ({ template, input, hosts, fleetSize, of, at }) =>
        `        ${template} ${input}: fleet ${hosts.length} of ${fleetSize} (${of}): ${listed(hosts, 8)}${place(at, colours)}`,
    ),
  ]
}

/** A value on part of a line. */
export function short(value: unknown): string {
  const text = typeof value === 'string' && /^(?:[\w./:@+-]+|\[secret\])$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined')
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`
}
