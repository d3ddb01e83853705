import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { down, execIn, inNetns, type LabHost, type LabId, labNamed, requireState, sshFiles, up } from '../../src/lab/index.ts'
import { cpuSeconds } from './cgroup.ts'
import { type Link, openLink } from './link.ts'
import type { Scratch } from './scratch.ts'

/** A host as the tools reach it, in the lab's network. */
export interface BenchHost {
  readonly name: string
  /** The relay's, or the host's own. */
  readonly address: string
  readonly port: number
}

/** Real hosts, each with an sshd of its own, and the way to them. */
export interface Hosts {
  /** Behind the relay. */
  readonly all: readonly BenchHost[]
  /** The same hosts without the relay, where it would be in the way of throughput. */
  readonly direct: readonly BenchHost[]
  readonly link: Link
  readonly identityFile: string
  readonly knownHostsFile: string
  /** The command line that runs `argv` where the ports of the hosts are. */
  reach(argv: readonly string[]): readonly string[]
  /** Runs a script as root in hosts, past SSH; it must succeed. */
  inside(hosts: readonly BenchHost[], script: string, stdin?: Uint8Array): Promise<void>
  /** CPU seconds that hosts have used, once they have come to rest. */
  settledCpu(hosts: readonly BenchHost[]): Promise<number>
}

/**
 * How the hosts are made ready. Shells with profiles would be measured otherwise: logins are `admin`, whose shell is plain sh,
 * and its sudo asks for nothing.
 */
const ready = `set -e
usermod -s /bin/sh admin
usermod -s /bin/sh root
rm -f /root/.profile /root/.bashrc /home/admin/.profile /home/admin/.bashrc /home/admin/.bash_logout`

/** Names and addresses of this many hosts, in the lab's network. */
export function labHosts(count: number): readonly LabHost[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `bench-${String(at + 1).padStart(3, '0')}`,
    address: `10.108.0.${at + 10}`,
    kind: 'sshd' as const,
  }))
}

async function rest(cgroup: () => number): Promise<number> {
  let last = cgroup()
  for (let attempt = 0; attempt < 50; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = cgroup()
    // The clean-up after a login takes hundreds of microseconds at a time; an idle sshd takes none.
    if (now - last < 0.0005) return now
    last = now
  }
  return last
}

/** Starts a lab of the benchmark's own; it ends with `scratch`. */
export async function startHosts(count: number, programs: string, scratch: Scratch, say: (line: string) => void): Promise<Hosts> {
  // The lab's state is in the scratch folder; the image stays where the cache is.
  process.env.XDG_STATE_HOME = scratch.make('state')
  const lab: LabId = labNamed(`bench-${process.pid}`)
  const hosts = labHosts(count)
  scratch.undo(() => down(lab))
  await up(lab, hosts, { progress: say, lifetimeMs: 6 * 3600_000 })
  const link = await openLink(
    lab,
    join(programs, 'proxy.js'),
    hosts.map((host) => host.address),
  )
  scratch.undo(() => link.close())
  const { identityFile, knownHostsFile: byAddress } = sshFiles(lab)
  const keys = new Map(
    readFileSync(byAddress, 'utf8')
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0]!, line.slice(line.indexOf(' '))]),
  )
  const knownHostsFile = join(scratch.folder, 'known_hosts')
  const known = hosts.flatMap(({ address }, at) => [`[127.0.0.1]:${link.ports[at]}${keys.get(address)}`, `${address}${keys.get(address)}`])
  writeFileSync(knownHostsFile, `${known.join('\n')}\n`)
  const all = hosts.map(({ name }, at) => ({ name, address: '127.0.0.1', port: link.ports[at]! }))
  const { cgroup } = requireState(lab)
  const inside: Hosts['inside'] = async (chosen, script, stdin) => {
    // A few at a time: each takes processes of the machine.
    const waiting = [...chosen]
    const worker = async () => {
      for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
        const done = await execIn(lab, host.name, ['sh', '-c', script], stdin === undefined ? {} : { stdin })
        if (done.code !== 0) throw new Error(`${host.name}: a script to prepare it failed\n${done.stdout}${done.stderr}`)
      }
    }
    await Promise.all(Array.from({ length: 4 }, worker))
  }
  await inside(all, ready)
  return {
    all,
    direct: hosts.map(({ name, address }) => ({ name, address, port: 22 })),
    link,
    identityFile,
    knownHostsFile,
    reach: (argv) => inNetns(lab, argv),
    inside,
    settledCpu: (chosen) => rest(() => chosen.reduce((sum, { name }) => sum + cpuSeconds(join(cgroup, name)), 0)),
  }
}
