import { spawn } from 'node:child_process'
import type { LabHostState, LabState } from '../../lab/index.ts'
import { RollcallError } from '../../model/errors.ts'
import { count, jsonText, listed } from '../../report/index.ts'
import { type Command, type CommandGroup, defineCommand } from '../command.ts'
import { lendTerminal } from '../interrupt.ts'
import { shared } from '../options.ts'

const host = { host: { type: 'string', demandOption: true, describe: 'a host of the lab' } } as const
const inventory = { inventory: shared.inventory } as const

const up = defineCommand({
  usage: 'up',
  summary: 'start the lab with the hosts of the inventory; what is up already stays as it is',
  positionals: {},
  options: inventory,
  examples: [['rollcall lab up', 'start what the default inventory asks for']],
  async run(args, { engine, screen, cwd, progress }) {
    const lab = await engine.lab()
    const hosts = await engine.labHosts({ root: cwd, ...(args.inventory !== undefined && { inventory: args.inventory }) })
    if (hosts.length === 0) throw noLabHosts()
    for (const line of statusLines(await lab.up(lab.defaultLab(), hosts, { progress }))) screen.print(line)
    return 0
  },
})

const down = defineCommand({
  usage: 'down',
  summary: 'end the lab; nothing of its hosts is left',
  positionals: {},
  options: {},
  examples: [['rollcall lab down', 'stop and remove every host']],
  async run(_, { engine, screen }) {
    const lab = await engine.lab()
    // They would hold the lab's network until they notice that nobody answers.
    await engine.closeConnections({ lab: lab.defaultLab().name, force: true })
    screen.print((await lab.down(lab.defaultLab())) ? 'the lab is down' : 'the lab was not up')
    return 0
  },
})

const status = defineCommand({
  usage: 'status',
  summary: 'show the hosts of the lab',
  positionals: {},
  options: { format: shared.format },
  examples: [['rollcall lab status', 'which hosts run, and where']],
  async run(args, { engine, screen }) {
    const lab = await engine.lab()
    const state = lab.status(lab.defaultLab())
    if (args.format === 'json') screen.print(jsonText(state === undefined ? { up: false } : { up: true, ...state }))
    else for (const line of state === undefined ? ['the lab is not up'] : statusLines(state)) screen.print(line)
    return 0
  },
})

const reset = defineCommand({
  usage: 'reset [host..]',
  summary: 'give hosts a pristine disk and boot them; all, or those named',
  positionals: { host: { type: 'string', array: true, describe: 'hosts to reset; default is all' } },
  options: {},
  examples: [['rollcall lab reset', 'as if no playbook had ever run']],
  async run(args, { engine, screen }) {
    const lab = await engine.lab()
    const hosts = args.host ?? []
    await lab.reset(lab.defaultLab(), hosts.length === 0 ? {} : { hosts })
    screen.print(`pristine: ${hosts.length === 0 ? 'every host' : hosts.join(', ')}`)
    return 0
  },
})

const stop = defineCommand({
  usage: 'stop <host>',
  summary: 'make a host really unreachable, as when its power is cut; no run starts it again',
  positionals: host,
  options: {},
  examples: [['rollcall lab stop crystal-panda', 'see what a run does when a host is down']],
  async run(args, { engine, screen }) {
    const lab = await engine.lab()
    await lab.stopHost(lab.defaultLab(), args.host)
    screen.print(`${args.host} is stopped`)
    return 0
  },
})

const start = defineCommand({
  usage: 'start <host>',
  summary: 'boot a stopped host from its disk',
  positionals: host,
  options: {},
  examples: [['rollcall lab start crystal-panda', 'bring it back as it was']],
  async run(args, { engine, screen }) {
    const lab = await engine.lab()
    await lab.startHost(lab.defaultLab(), args.host)
    screen.print(`${args.host} is running`)
    return 0
  },
})

const exec = defineCommand({
  usage: 'exec <host>',
  behindDashes: '<program..>',
  summary: "run a program inside a host as its root, whether or not its sshd answers; the exit code is the program's",
  positionals: host,
  options: {},
  examples: [['rollcall lab exec honor-viper -- systemctl status haproxy', 'what stands behind -- is the program']],
  async run(args, { engine }) {
    const argv = args['--'] ?? []
    if (argv.length === 0)
      throw new RollcallError({
        summary: 'There is no program to run',
        detail: `on ${args.host}`,
        fix: `Put it behind two dashes:\nrollcall lab exec ${args.host} -- uname -a`,
      })
    const lab = await engine.lab()
    return lendTerminal(() => lab.attachIn(lab.defaultLab(), args.host, argv))
  },
})

const ssh = defineCommand({
  usage: 'ssh <host>',
  behindDashes: '[command..]',
  summary: 'open a shell on a host over SSH, or run a command there',
  positionals: host,
  options: { user: { type: 'string', requiresArg: true, default: 'admin', describe: 'user to log in as' } },
  examples: [
    ['rollcall lab ssh honor-viper', 'a shell'],
    ['rollcall lab ssh honor-viper -- id', 'one command'],
  ],
  async run(args, { engine }) {
    const lab = await engine.lab()
    const argv = lab.sshArgv(lab.defaultLab(), args.host, { user: args.user, command: args['--'] ?? [] })
    return lendTerminal(() => attach(argv))
  },
})

/** `rollcall lab`: hosts on this machine. */
export const lab: CommandGroup = {
  usage: 'lab',
  summary: 'hosts on this machine to try things on',
  commands: [up, down, status, reset, exec, stop, start, ssh] satisfies Command[],
}

function statusLines({ name, hosts, expiresAt }: LabState): string[] {
  const width = Math.max(0, ...hosts.map((known) => known.name.length))
  const running = hosts.filter((known) => known.state === 'running').length
  return [
    `lab ${name}: ${count(hosts.length, 'host')}, ${running} running; ends by itself at ${expiresAt}`,
    ...hosts.map((known) => `  ${known.name.padEnd(width)}  ${known.address.padEnd(15)}  ${known.kind.padEnd(7)}  ${stateOf(known)}`),
  ]
}

function stateOf({ state, reason }: LabHostState): string {
  return reason === undefined ? state : `${state}: ${reason}`
}

function noLabHosts(): RollcallError {
  return new RollcallError({
    summary: 'The inventory has no host for the lab',
    fix: `Give a host of the inventory this connection:\nconnection: lab()`,
  })
}

/** Runs a program on this process's own terminal; the exit code is its own. */
function attach([file = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit' })
    child.once('error', (cause) =>
      reject(
        new RollcallError(
          {
            summary: 'A program of this machine could not be started',
            detail: `${listed([file, ...args], 3)}\n${cause.message}`,
            fix: 'Install the OpenSSH client:\napt-get install openssh-client',
          },
          { cause },
        ),
      ),
    )
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
