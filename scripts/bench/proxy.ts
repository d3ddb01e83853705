import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type DelayLine, delayLine } from './delay-line.ts'

// The program between the tools and the hosts: a process of its own, in the lab's network, that relays TCP connections with
// a delay and counts what goes over them. It answers its parent's messages and ends with it.

/** What went over all connections since the last reset. */
export interface Counts {
  readonly connections: number
  /** Bursts of a client that followed something from its server, or began the connection: each costs a round trip. */
  readonly turns: number
  readonly bytesToHosts: number
  readonly bytesFromHosts: number
}

export type ProxyRequest =
  | { readonly verb: 'open'; readonly addresses: readonly string[] }
  | { readonly verb: 'rtt'; readonly ms: number }
  | { readonly verb: 'reset' }
  | { readonly verb: 'counts' }

export type ProxyAnswer = { readonly ports: readonly number[] } | Counts | { readonly done: true }

const none = { connections: 0, turns: 0, bytesToHosts: 0, bytesFromHosts: 0 }
let counts: { -readonly [key in keyof Counts]: number } = { ...none }
let rttMs = 0

/**
 * As over a real link, where a client is connected after one round trip, its first bytes arrive half a round trip later,
 * and the server sees the connection no sooner.
 */
function relay(client: Socket, address: string): void {
  const openAt = performance.now() + rttMs
  const delayMs = rttMs / 2
  counts.connections += 1
  let serverSpoke = true
  const far = delayMs === 0 ? connect(22, address) : undefined
  const begin = (host: Socket) => {
    host.setNoDelay(true)
    const toHost = delayLine({ delayMs, openAt, from: client, to: host, onDelivery: () => {} })
    const toClient = delayLine({
      delayMs,
      openAt,
      from: host,
      to: client,
      onDelivery: (bytes) => {
        serverSpoke = true
        counts.bytesFromHosts += bytes
      },
    })
    host.on('data', (chunk) => toClient.push(chunk))
    host.on('end', () => toClient.end())
    host.on('error', () => client.destroy())
    host.on('close', () => toClient.end())
    client.once('close', () => setTimeout(() => host.destroy(), delayMs))
    return toHost
  }
  let toHost: DelayLine | undefined
  // What the client says before the host is connected.
  const early: Buffer[] = []
  client.setNoDelay(true)
  client.on('data', (chunk) => {
    if (serverSpoke) counts.turns += 1
    serverSpoke = false
    counts.bytesToHosts += chunk.length
    if (toHost === undefined) early.push(chunk)
    else toHost.push(chunk)
  })
  client.on('end', () => toHost?.end())
  client.on('error', () => client.destroy())
  if (far !== undefined) toHost = begin(far)
  else
    setTimeout(() => {
      if (client.destroyed) return
      const host = connect(22, address)
      toHost = begin(host)
      for (const chunk of early) host.write(chunk)
    }, rttMs + delayMs)
}

async function open(addresses: readonly string[]): Promise<readonly number[]> {
  const listening = addresses.map(
    (address) =>
      new Promise<number>((resolve) => {
        const server = createServer({ allowHalfOpen: true }, (client) => relay(client, address))
        server.listen(0, '127.0.0.1', 1024, () => resolve((server.address() as AddressInfo).port))
      }),
  )
  return Promise.all(listening)
}

async function answer(request: ProxyRequest): Promise<ProxyAnswer> {
  switch (request.verb) {
    case 'open':
      return { ports: await open(request.addresses) }
    case 'rtt':
      rttMs = request.ms
      return { done: true }
    case 'reset':
      counts = { ...none }
      return { done: true }
    case 'counts':
      return counts
  }
}

process.on('message', async (request: ProxyRequest) => process.send?.(await answer(request)))
process.on('disconnect', () => process.exit(0))
// Ctrl-C goes to the whole group; the parent decides when this ends.
process.on('SIGINT', () => {})
