import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchHost, Hosts } from './hosts.ts'
import type { Command, Ran } from './measure.ts'
import type { Scratch } from './scratch.ts'
import { floor, type Job, lastWords } from './tool.ts'

/** How the floor's ssh differs where it shall agree on the keys as Rollcall does; OpenSSH's default costs it three times as much. */
export const sameKeyExchange = ['-o', 'KexAlgorithms=curve25519-sha256']

/** Options by which OpenSSH reaches a host, without the user's own configuration. */
export function sshOptions(hosts: Hosts): readonly string[] {
  const settings = [
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    `UserKnownHostsFile=${hosts.knownHostsFile}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
  ]
  return ['-F', '/dev/null', '-i', hosts.identityFile, ...settings.flatMap((setting) => ['-o', setting])]
}

export interface FloorScript {
  /** Run by `sh` on each host, as its standard input. */
  readonly script: string
  /** As root, by sudo, or as the login user. */
  readonly as: 'root' | 'login'
}

/** A shell script that runs on the controller. */
export function localCommand(name: string, script: string, hosts: Hosts, scratch: Scratch): Command {
  const folder = scratch.make(join('floor', name))
  writeFileSync(join(folder, 'run'), script)
  return { argv: hosts.reach(['sh', 'run']), cwd: folder, env: { PATH: process.env.PATH, HOME: folder } }
}

/** A shell loop that does something for each host, all at once. `$port` and `$address` are the host's. */
export function forEachHost(chosen: readonly BenchHost[], body: string): string {
  const hosts = chosen.map(({ address, port }) => `${address}:${port}`).join(' ')
  return `for host in ${hosts}; do address=\${host%:*} port=\${host#*:}; { ${body}; } & done; wait\n`
}

/** The command that runs a script on hosts, all at once, each by one cold `ssh`. The script prints `done` when all is well. */
export function floorCommand(
  name: string,
  { script, as }: FloorScript,
  hosts: Hosts,
  chosen: readonly BenchHost[],
  scratch: Scratch,
  options: readonly string[] = [],
): Command {
  const remote = as === 'root' ? 'sudo -n sh -s' : 'sh -s'
  const ssh = [...sshOptions(hosts), ...options, '-l', 'admin'].map((word) => `'${word}'`).join(' ')
  const command = localCommand(name, forEachHost(chosen, `exec ssh ${ssh} -p $port $address '${remote}' <script`), hosts, scratch)
  writeFileSync(join(command.cwd, 'script'), script)
  return command
}

/** A job of the floor, which is done when every host has said so. */
export function floorJob(command: Command, hosts: number, tool: string = floor): Job {
  const problem = (ran: Ran) =>
    ran.stdout.split('\n').filter((line) => line === 'done').length === hosts
      ? undefined
      : `a host did not say that it is done: ${lastWords(ran)}`
  return { tool, command, problem }
}
