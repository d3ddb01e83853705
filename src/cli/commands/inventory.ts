import { count, describeError, jsonText, printable, printableDeep } from '../../report/index.ts'
import type { ShownHost } from '../../show-inventory.ts'
import { type CommandGroup, defineCommand } from '../command.ts'
import { graphDot, graphMermaid, graphTree } from '../format-graph.ts'
import { shared, vault } from '../options.ts'
import { graphHtml } from '../picture/html.ts'
import { graphSvg } from '../picture/svg.ts'
import { edits } from './inventory-edit.ts'

const list = defineCommand({
  usage: 'list [pattern]',
  summary: 'list groups and hosts; contacts none',
  positionals: { pattern: { type: 'string', describe: 'hosts and groups, e.g. web:!edge; default is all' } },
  options: { inventory: shared.inventory, format: shared.format, ...vault },
  examples: [
    ['rollcall inventory list', 'every group and host of the default inventory'],
    ['rollcall inventory list -i production', 'of another one'],
  ],
  async run(args, { engine, screen, colours, cwd }) {
    const shown = await engine.showInventory({
      root: cwd,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args.pattern !== undefined && { pattern: args.pattern }),
    })
    if (args.format === 'json') {
      screen.print(jsonText(shown))
      return 0
    }
    screen.print(colours.strong(`inventory ${shown.inventory} · hosts ${shown.hosts.length} · groups ${Object.keys(shown.groups).length}`))
    for (const [group, hosts] of Object.entries(shown.groups))
      screen.print(`  ${group}: ${hosts.length === 0 ? 'no host' : hosts.join(', ')}`)
    return 0
  },
})

const host = defineCommand({
  usage: 'host <name>',
  summary: 'show all that is declared of a host; contacts none',
  positionals: { name: { type: 'string', demandOption: true, describe: 'a host of the inventory' } },
  options: { inventory: shared.inventory, format: shared.format, ...vault },
  examples: [['rollcall inventory host honor-viper', 'its groups, addresses, connection and vars']],
  async run(args, { engine, screen, cwd }) {
    const { hosts } = await engine.showInventory({
      root: cwd,
      pattern: args.name,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
    })
    if (args.format === 'json') screen.print(jsonText(hosts.length === 1 ? hosts[0] : hosts))
    else for (const one of hosts) for (const line of linesOf(one)) screen.print(printable(line))
    return 0
  },
})

const graph = defineCommand({
  usage: 'graph [pattern]',
  summary: 'draw groups and hosts; contacts none',
  positionals: { pattern: { type: 'string', describe: 'hosts and groups, e.g. web:!edge; default is all' } },
  options: {
    inventory: shared.inventory,
    vars: { type: 'boolean', describe: 'with the vars of each host' },
    format: {
      choices: ['human', 'json', 'svg', 'html', 'dot', 'mermaid'],
      default: 'human',
      requiresArg: true,
      describe: 'a tree, a picture, a page with picture and search; or for machines, Graphviz or Mermaid',
    },
    ...vault,
  },
  examples: [
    ['rollcall inventory graph', 'the tree of the default inventory'],
    ['rollcall inventory graph cluster --vars', 'one group, with the vars of its hosts'],
    ['rollcall inventory graph --format svg > fleet.svg', 'a picture'],
    ['rollcall inventory graph --format html --vars > fleet.html', 'a page to look into: search, and what is declared of each host'],
  ],
  async run(args, { engine, screen, cwd }) {
    const shown = await engine.showInventory({
      root: cwd,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args.pattern !== undefined && { pattern: args.pattern }),
    })
    const draw = {
      human: graphTree,
      dot: graphDot,
      mermaid: graphMermaid,
      svg: graphSvg,
      html: graphHtml,
      json: () => [jsonText(shown)],
    }[args.format]
    for (const line of draw(args.format === 'json' ? shown : printableDeep(shown), {
      vars: args.vars ?? false,
      narrowed: args.pattern !== undefined,
    }))
      screen.print(line)
    return 0
  },
})

const validate = defineCommand({
  usage: 'validate',
  summary: 'check an inventory: types, names, and what is probably not meant; contacts no host',
  positionals: {},
  options: { inventory: shared.inventory, format: shared.format, ...vault },
  examples: [
    ['rollcall inventory validate', 'the default inventory'],
    ['rollcall inventory validate -i production', 'another one; exit code 1 when it cannot be used'],
  ],
  async run(args, { engine, screen, colours, errorColours, cwd }) {
    const verdict = await engine.validateInventory({ root: cwd, ...(args.inventory !== undefined && { inventory: args.inventory }) })
    if (args.format === 'json') {
      screen.print(jsonText(verdict))
      return verdict.ok ? 0 : 1
    }
    for (const error of verdict.errors) for (const line of describeError(printableDeep(error), errorColours, cwd)) screen.note(line)
    for (const { message, fix, at } of printableDeep(verdict.warnings)) {
      screen.print(`${colours.warning('warning:')} ${message}  ${colours.faint(at)}`)
      screen.print(`  ${colours.hint(fix)}`)
    }
    if (verdict.ok) {
      const warnings = verdict.warnings.length === 0 ? 'no warnings' : count(verdict.warnings.length, 'warning')
      screen.print(`inventory ${verdict.inventory}: ${count(verdict.hosts, 'host')}, ${count(verdict.groups, 'group')}, ${warnings}`)
    }
    return verdict.ok ? 0 : 1
  },
})

const refresh = defineCommand({
  usage: 'refresh',
  summary: 'ask the sources of an inventory, whatever is kept of them; contacts no host',
  positionals: {},
  options: { inventory: shared.inventory, format: shared.format },
  examples: [['rollcall inventory refresh -i cloud', 'what runs use until it is too old for them']],
  async run(args, { engine, screen, cwd }) {
    const request = { root: cwd, refresh: true, ...(args.inventory !== undefined && { inventory: args.inventory }) }
    const { inventory, hosts, sources } = await engine.showInventory(request)
    if (args.format === 'json') screen.print(jsonText({ inventory, hosts: hosts.map(({ host }) => host), sources: sources ?? [] }))
    else if (sources === undefined) screen.print(`inventory ${inventory} has no sources`)
    else
      for (const { source, hosts: of, failure } of printableDeep(sources))
        screen.print(`${source}: ${count(of, 'host')}${failure === undefined ? '' : `, last known: ${failure}`}`)
    return sources?.some(({ failure }) => failure !== undefined) ? 1 : 0
  },
})

const takeOver = defineCommand({
  usage: 'import <source>',
  summary: 'write an inventory of Ansible as a typed one; contacts no host',
  positionals: { source: { type: 'string', demandOption: true, describe: 'file of INI or YAML, script, or folder of them' } },
  options: {
    to: { type: 'string', requiresArg: true, describe: 'file to write; default is one of the same name in inventory/' },
    force: { type: 'boolean', describe: 'overwrite the file if it is there' },
    ...vault,
  },
  examples: [
    ['rollcall inventory import hosts.ini', 'write inventory/hosts.ts'],
    ['rollcall inventory import inventories/prod --to inventory/production.ts', 'a folder of several sources, with its group_vars'],
  ],
  async run(args, { engine, screen, errorColours, cwd }) {
    const { written, hosts, groups, notes } = await engine.importInventoryFrom({
      root: cwd,
      source: args.source,
      force: args.force ?? false,
      ...(args.to !== undefined && { to: args.to }),
    })
    for (const note of notes) screen.note(`${errorColours.warning('note:')} ${printable(note)}`)
    screen.print(`${printable(written)}: ${count(hosts, 'host')}, ${count(groups, 'group')}`)
    return 0
  },
})

/** `rollcall inventory`: what is declared, and what its sources tell. */
export const inventory: CommandGroup = {
  usage: 'inventory',
  summary: 'look at the inventory, and edit it',
  commands: [list, host, graph, validate, refresh, takeOver, ...edits],
}

function linesOf({ host, source, groups, privateIp, publicIp, connection, vars }: ShownHost): string[] {
  const entries = (of: unknown) =>
    Object.entries(of as object).map(([name, value]) => `    ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return [
    host,
    ...(source === undefined ? [] : [`  from: ${source}`]),
    `  groups: ${groups.length === 0 ? 'none but all' : groups.join(', ')}`,
    ...(privateIp === undefined ? [] : [`  private address: ${privateIp}`]),
    ...(publicIp === undefined ? [] : [`  public address: ${publicIp}`]),
    '  connection:',
    ...entries(connection),
    '  vars:',
    ...entries(vars),
  ]
}
