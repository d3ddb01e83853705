import type { ShownConnection } from '../../connections.ts'
import { RollcallError } from '../../model/errors.ts'
import { count, formatAge, jsonText, printableDeep } from '../../report/index.ts'
import { hostAndPort } from '../../util/ip-address.ts'
import { defineCommand } from '../command.ts'
import { shared } from '../options.ts'

const close = defineCommand({
  usage: 'close [connection]',
  summary: 'end connections that are kept; one that a run uses stays, unless forced',
  positionals: { connection: { type: 'string', describe: 'hosts as the list names them, e.g. web-1,db-*' } },
  options: {
    all: { alias: 'a', type: 'boolean', describe: 'all that this user keeps' },
    force: { type: 'boolean', describe: 'those that a run uses, too: to it the host will be unreachable' },
    format: shared.format,
  },
  examples: [
    ['rollcall connections close --all', 'as before going home'],
    ["rollcall connections close 'web-*'", 'those to some hosts'],
  ],
  async run(args, { engine, screen, errorColours }) {
    const { connection: pattern, all = false, force = false } = args
    if (all === (pattern !== undefined))
      throw new RollcallError({
        summary: all ? '--all and a name exclude each other' : 'Which connections are to be closed?',
        fix: 'Name hosts, or give --all:\nrollcall connections close --all',
      })
    const done = await engine.closeConnections({ force, ...(pattern !== undefined && { pattern }) })
    if (args.format === 'json') screen.print(jsonText(done))
    else screen.print(done.closed.length === 0 ? 'none was closed' : `closed ${count(done.closed.length, 'connection')}`)
    for (const { host, usedBy } of printableDeep(done.stay))
      screen.note(errorColours.warning(`${host}: process ${usedBy} uses it, so it stays; --force ends it all the same`))
    return done.stay.length > 0 ? 1 : 0
  },
})

/** `rollcall connections`: what is open between runs. */
export const connections = defineCommand({
  usage: 'connections',
  summary: 'list the connections that are kept for later runs (controlPersistSeconds); close ends them',
  positionals: {},
  options: { format: shared.format },
  subcommands: [close],
  examples: [
    ['rollcall connections', 'to which host, as whom, since when, for how long; contacts no host'],
    ['rollcall connections --json', 'for a program'],
    ['rollcall connections close --all', 'as before going home'],
  ],
  async run(args, { engine, screen, colours }) {
    const kept = await engine.showConnections()
    if (args.format === 'json') screen.print(jsonText(kept))
    else if (kept.length === 0) screen.print('no connection is kept')
    else for (const line of table(printableDeep(kept))) screen.print(line)
    if (args.format !== 'json' && kept.length > 0)
      screen.print(colours.hint('they end by themselves, or now: rollcall connections close --all'))
    return 0
  },
})

function table(kept: readonly ShownConnection[]): string[] {
  const cells = kept.map((one) => [
    one.host,
    `${one.user}@${one.port === 22 ? one.address : hostAndPort(one.address, one.port)}`,
    `open for ${formatAge(one.ageSeconds)}`,
    one.usedBy === undefined ? `idle for ${formatAge(one.idleSeconds!)}` : `used by process ${one.usedBy}`,
    one.usedBy === undefined ? `ends in ${formatAge(one.expiresInSeconds!)}` : `ends ${formatAge(one.persistSeconds)} after it`,
    `process ${one.pid}`,
  ])
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
