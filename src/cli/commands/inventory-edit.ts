import type { Edit, Edited } from '../../edit/request.ts'
import { RollcallError } from '../../model/errors.ts'
import { type Colours, count, formatDiff, jsonText, printable } from '../../report/index.ts'
import { type Command, defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { shared, words } from '../options.ts'

const common = {
  inventory: shared.inventory,
  check: { ...shared.check, describe: 'show what would change, and write nothing' },
  format: shared.format,
} as const
const force = { type: 'boolean', describe: 'even where playbooks name it' } as const
const isNew = { type: 'boolean', describe: 'the vars may be new: none is taken for a misspelling' } as const
const addresses = {
  'private-ip': { type: 'string', requiresArg: true, describe: 'address on the private network that hosts use among themselves' },
  'public-ip': { type: 'string', requiresArg: true, describe: 'public address' },
  address: { type: 'string', requiresArg: true, describe: 'where SSH goes: a name or an address' },
  user: { type: 'string', requiresArg: true, describe: 'user that SSH logs in as' },
  port: { type: 'string', requiresArg: true, describe: 'port of SSH' },
} as const

type Addresses = { readonly [option in keyof typeof addresses]?: string | undefined }

function addressesOf(args: Addresses) {
  const { 'private-ip': privateIp, 'public-ip': publicIp, address, user, port } = args
  const given = Object.entries({ privateIp, publicIp, address, user, port }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { privateIp?: string; publicIp?: string; address?: string; user?: string; port?: string }
}

interface Common {
  readonly inventory?: string | undefined
  readonly check?: boolean | undefined
  readonly format: string
}

async function edited(edit: Edit, args: Common, { engine, screen, colours, cwd }: Context): Promise<number> {
  const done = await engine.editInventory({
    root: cwd,
    edit,
    check: args.check ?? false,
    ...(args.inventory !== undefined && { inventory: args.inventory }),
  })
  if (args.format === 'json') {
    screen.print(jsonText(done))
    return 0
  }
  for (const line of linesOf(done, colours)) screen.print(line)
  return 0
}

function linesOf({ done, changed, check, files, notes, mentions, inventory }: Edited, colours: Colours): readonly string[] {
  if (!changed) return [`nothing to change: ${printable(done)}`]
  const diffs = files.flatMap(({ file, before, after }) =>
    formatDiff({ resource: file, before: { fields: {}, text: before }, after: { fields: {}, text: after } }, colours),
  )
  return [
    ...diffs.map(printable),
    ...notes.map((note) => `note: ${printable(note)}`),
    ...mentions.map(({ kind, at }) => `still named in ${kind === 'inventory' ? 'an' : 'a'} ${kind}: ${printable(at)}`),
    `${check ? 'would be: ' : ''}${printable(done)}  ${colours.faint(files.length === 1 ? files[0]!.file : `${inventory}, ${count(files.length, 'file')}`)}`,
  ]
}

const add = defineCommand({
  usage: 'add <host>',
  summary: 'write a host more into the inventory',
  positionals: { host: { type: 'string', demandOption: true, describe: 'name of the new host' } },
  options: {
    ...common,
    group: { alias: 'g', type: 'string', array: true, requiresArg: true, describe: 'groups it is in, e.g. web,cluster' },
    ...addresses,
    connection: {
      choices: ['ssh', 'lab', 'local'],
      requiresArg: true,
      describe: 'how it is reached; default: as its groups say, or as all its neighbours are',
    },
    set: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'a var of its own: sitePort=8080, or with a value in JSON ports:=[80,443]',
    },
    new: isNew,
  },
  examples: [
    ['rollcall inventory add web-3 --group web,cluster --private-ip 10.108.0.5 --check', 'what would be written'],
    ['rollcall inventory add web-3 -g web --public-ip 203.0.113.5 --user deploy --set sitePort=8080', 'a host with a var of its own'],
  ],
  run: (args, context) =>
    edited(
      {
        verb: 'add',
        name: args.host,
        groups: words(args.group),
        words: args.set ?? [],
        isNew: args.new ?? false,
        ...(args.connection !== undefined && { connection: args.connection }),
        ...addressesOf(args),
      },
      args,
      context,
    ),
})

const set = defineCommand({
  usage: 'set <name> [values..]',
  summary: 'set vars of a host, a group or all; addresses of a host',
  positionals: {
    name: { type: 'string', demandOption: true, describe: 'a host, a group, or all' },
    values: { type: 'string', array: true, default: [], describe: 'sitePort=8080, typed as the var is; ports:=[80,443] is JSON' },
  },
  options: { ...common, ...addresses, new: isNew },
  examples: [
    ['rollcall inventory set web sitePort=8080', 'a var of a group'],
    ['rollcall inventory set honor-viper --public-ip 203.0.113.9', 'another address'],
    ['rollcall inventory set all retries:=3 --new', 'a var that nothing declares yet'],
  ],
  run: (args, context) =>
    edited({ verb: 'set', name: args.name, words: args.values, isNew: args.new ?? false, ...addressesOf(args) }, args, context),
})

const unset = defineCommand({
  usage: 'unset <name> <vars..>',
  summary: 'take vars of a host, a group or all away',
  positionals: {
    name: { type: 'string', demandOption: true, describe: 'a host, a group, or all' },
    vars: { type: 'string', array: true, demandOption: true, describe: 'names of vars that it sets itself' },
  },
  options: common,
  examples: [['rollcall inventory unset web-2 sitePort', 'the value of its group counts again']],
  run: (args, context) => edited({ verb: 'unset', name: args.name, vars: args.vars }, args, context),
})

const rename = defineCommand({
  usage: 'rename <name> <new>',
  summary: 'give a host or a group another name, wherever the inventory names it',
  positionals: {
    name: { type: 'string', demandOption: true, describe: 'a host or a group' },
    new: { type: 'string', demandOption: true, describe: 'its new name' },
  },
  options: { ...common, force },
  examples: [['rollcall inventory rename web-1 web-eu-1 --check', 'what would change']],
  run: (args, context) => edited({ verb: 'rename', name: args.name, to: args.new, force: args.force ?? false }, args, context),
})

const remove = defineCommand({
  usage: 'remove <host>',
  summary: 'take a host out of the inventory; says who names it, and refuses where a playbook does',
  positionals: { host: { type: 'string', demandOption: true, describe: 'a host' } },
  options: { ...common, force },
  examples: [['rollcall inventory remove old-box --check', 'what would go, and what names it']],
  run: (args, context) => edited({ verb: 'remove', name: args.host, force: args.force ?? false }, args, context),
})

const move = defineCommand({
  usage: 'move <host>',
  summary: 'put a host into other groups; says which vars become others',
  positionals: { host: { type: 'string', demandOption: true, describe: 'a host' } },
  options: {
    ...common,
    group: { alias: 'g', type: 'string', array: true, requiresArg: true, describe: 'all groups it is to be in' },
    add: { type: 'string', array: true, requiresArg: true, describe: 'groups more' },
    from: { type: 'string', array: true, requiresArg: true, describe: 'groups less' },
  },
  examples: [
    ['rollcall inventory move web-3 --group web', 'in this group only'],
    ['rollcall inventory move web-3 --add edge --from cluster', 'in one more, and one less'],
  ],
  run: (args, context) => {
    if (args.group === undefined && args.add === undefined && args.from === undefined)
      throw new RollcallError({
        summary: 'move needs groups',
        detail: `'${args.host}' would stay where it is`,
        fix: `rollcall inventory move ${args.host} --group web\nrollcall inventory move ${args.host} --add web --from edge`,
        exitCode: 1,
      })
    const groups = {
      ...(args.group !== undefined && { groups: words(args.group) }),
      ...(args.add !== undefined && { add: words(args.add) }),
      ...(args.from !== undefined && { from: words(args.from) }),
    }
    return edited({ verb: 'move', name: args.host, ...groups }, args, context)
  },
})

/** What changes an inventory's file. */
export const edits: readonly Command[] = [add, set, unset, rename, remove, move]
