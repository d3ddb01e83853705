import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { droppedCapabilities } from './capabilities.ts'
import { stateFolder } from './paths.ts'
import { type Finished, run } from './process.ts'
import { requireHost, requireState } from './state.ts'
import { toolEnvironment } from './tools.ts'
import type { LabId, LabState } from './types.ts'

/** The command line that runs `argv` as a program of the machine, but in the lab's network: it sees the hosts' addresses. */
export function inNetns(lab: LabId | LabState, argv: readonly string[]): readonly string[] {
  const { init } = 'init' in lab ? lab : requireState(lab)
  return ['nsenter', '-t', String(init.pid), '-n', '--', ...argv]
}

const hostEnvironment = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'USER=root',
  'LOGNAME=root',
  'SHELL=/bin/bash',
  'LANG=C.UTF-8',
]

/**
 * The command line that runs `argv` inside a host, as its root, whether or not its sshd answers.
 * @throws RollcallError when the lab or the host is not running.
 */
export function inHost(lab: LabId, name: string, argv: readonly string[]): readonly string[] {
  const host = requireHost(requireState(lab).hosts, name)
  if (host.init === undefined) {
    throw new RollcallError({ summary: 'The host of the lab is stopped', host: name, fix: `rollcall lab start ${name}` })
  }
  // The host's own processes have lost these capabilities; nsenter would bring them back.
  const limited = ['setpriv', `--bounding-set=${droppedCapabilities}`, '--inh-caps=-all', '--']
  const environment = [...hostEnvironment, `TERM=${process.env.TERM || 'dumb'}`]
  return [...limited, 'nsenter', '-t', String(host.init.pid), '-a', '--', '/usr/bin/env', '-i', ...environment, ...argv]
}

/** Runs a program inside a host to its end and gives all it wrote. */
export async function execIn(
  lab: LabId,
  name: string,
  argv: readonly string[],
  options: { readonly stdin?: string | Uint8Array } = {},
): Promise<Finished> {
  return run(inHost(lab, name, argv), { ...options, env: toolEnvironment() })
}

/** Runs a program inside a host on this process's own terminal or streams; gives its exit code. */
export function attachIn(lab: LabId, name: string, argv: readonly string[]): Promise<number> {
  const [file = '', ...args] = inHost(lab, name, argv)
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', env: toolEnvironment() })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** The files by which the lab's hosts are reached and known. */
export function sshFiles(lab: LabId): { readonly identityFile: string; readonly knownHostsFile: string } {
  const folder = stateFolder(lab)
  return { identityFile: join(folder, 'id_ed25519'), knownHostsFile: join(folder, 'known_hosts') }
}

/** The command line of a plain OpenSSH client to a host of the lab, for people. */
export function sshArgv(
  lab: LabId,
  name: string,
  options: { readonly user?: string; readonly command?: readonly string[] } = {},
): readonly string[] {
  const { address } = requireHost(requireState(lab).hosts, name)
  const { identityFile, knownHostsFile } = sshFiles(lab)
  const settings = [
    'IdentitiesOnly=yes',
    `UserKnownHostsFile="${knownHostsFile}"`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
  ]
  const flags = settings.flatMap((setting) => ['-o', setting])
  // -F: the user's own ssh_config is written for other hosts.
  return inNetns(lab, [
    'ssh',
    '-F',
    '/dev/null',
    '-i',
    identityFile,
    ...flags,
    '-l',
    options.user ?? 'admin',
    address,
    ...(options.command ?? []),
  ])
}
