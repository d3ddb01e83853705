import { printable } from '../../report/index.ts'
import type { ShownHost } from '../../show-inventory.ts'
import { type CommandGroup, defineCommand } from '../command.ts'
import { shared } from '../options.ts'

const list = defineCommand({
  usage: 'list [pattern]',
  summary: 'list groups and hosts; contacts none',
  positionals: { pattern: { type: 'string', describe: 'hosts and groups, e.g. web:!edge; default is all' } },
  options: { inventory: shared.inventory, format: shared.format },
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
      screen.print(JSON.stringify(shown))
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
  options: { inventory: shared.inventory, format: shared.format },
  examples: [['rollcall inventory host honor-viper', 'its groups, addresses, connection and vars']],
  async run(args, { engine, screen, cwd }) {
    const { hosts } = await engine.showInventory({
      root: cwd,
      pattern: args.name,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
    })
    if (args.format === 'json') screen.print(JSON.stringify(hosts.length === 1 ? hosts[0] : hosts))
    else for (const one of hosts) for (const line of linesOf(one)) screen.print(printable(line))
    return 0
  },
})

/** `rollcall inventory`: what is declared. */
export const inventory: CommandGroup = { usage: 'inventory', summary: 'look at the inventory', commands: [list, host] }

function linesOf({ host, groups, privateIp, publicIp, connection, vars }: ShownHost): string[] {
  const entries = (of: unknown) =>
    Object.entries(of as object).map(([name, value]) => `    ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return [
    host,
    `  groups: ${groups.length === 0 ? 'none but all' : groups.join(', ')}`,
    ...(privateIp === undefined ? [] : [`  private address: ${privateIp}`]),
    ...(publicIp === undefined ? [] : [`  public address: ${publicIp}`]),
    '  connection:',
    ...entries(connection),
    '  vars:',
    ...entries(vars),
  ]
}
