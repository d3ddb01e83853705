import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { inNetns, type LabId } from '../../src/lab/index.ts'
import type { Counts, ProxyAnswer, ProxyRequest } from './proxy.ts'

/** The way to the hosts, with a round trip time of choice. */
export interface Link {
  /** In the order of the addresses: a port on 127.0.0.1, in the lab's network, that leads to that host's sshd. */
  readonly ports: readonly number[]
  setRtt(ms: number): Promise<void>
  reset(): Promise<void>
  counts(): Promise<Counts>
  close(): void
}

/** Starts the relaying program in the lab's network. */
export async function openLink(lab: LabId, program: string, addresses: readonly string[]): Promise<Link> {
  const [file = '', ...args] = inNetns(lab, [process.execPath, program])
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ask = async (request: ProxyRequest): Promise<ProxyAnswer> => {
    const answered = once(child, 'message')
    child.send(request)
    return (await answered)[0] as ProxyAnswer
  }
  const { ports } = (await ask({ verb: 'open', addresses })) as { ports: readonly number[] }
  return {
    ports,
    setRtt: async (ms) => void (await ask({ verb: 'rtt', ms })),
    reset: async () => void (await ask({ verb: 'reset' })),
    counts: async () => (await ask({ verb: 'counts' })) as Counts,
    close: () => child.disconnect(),
  }
}
