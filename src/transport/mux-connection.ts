import type { RollcallError } from '../model/errors.ts'
import { within } from '../util/within.ts'
import { NoChannel } from './connect-errors.ts'
import type { Connection, RemoteProcess } from './connection.ts'
import { ChannelRefused, type MuxChannel, muxChannel, packet, window } from './mux-channel.ts'
import type { ProxiedMaster } from './mux-master.ts'
import { messageSplitter, openMessage, readMessage } from './mux-wire.ts'

/** How this way to a host is called, and what its end is called. */
export interface MuxNames {
  readonly host: string
  readonly description: string
  /** The error for a link that is gone. */
  readonly lost: (reason: string) => RollcallError
}

/** How long a channel may take to close once its process was told to end. */
const patienceMs = 1000

/**
 * A connection over a master that another process is. Its first channel is opened at once, so that a link which is dead
 * shows here and not in the middle of a run.
 * @throws NoChannel when the server opens none, Error when it does not answer in time or the master is gone.
 */
export async function connectThrough({ socket }: ProxiedMaster, names: MuxNames, limitMs: number): Promise<Connection> {
  const channels = new Map<number, MuxChannel>()
  const running = new Set<RemoteProcess>()
  let last = 0
  let lost: RollcallError | undefined
  const lose = (reason: string) => {
    lost ??= names.lost(reason)
    socket.destroySoon() // What was written last, to end processes, still goes out.
    for (const channel of [...channels.values()]) channel.lose(lost)
    channels.clear()
  }
  const split = messageSplitter()
  socket.on('data', (chunk) => {
    try {
      for (const message of split(chunk)) {
        const reader = readMessage(message)
        reader.byte()
        const type = reader.byte()
        channels.get(reader.uint32())?.receive(type, reader)
      }
    } catch (error) {
      lose(`what came from ssh's master makes no sense: ${(error as Error).message}`)
    }
  })
  socket.on('error', () => undefined)
  socket.once('close', () => lose('the connection was lost'))
  socket.resume()

  const open = (): MuxChannel => {
    const number = last++
    const channel = muxChannel((message, taken) => void socket.write(message, taken))
    channels.set(number, channel)
    channel.closed.then(() => channels.delete(number))
    socket.write(openMessage(number, window, packet))
    return channel
  }
  const opened = async (channel: MuxChannel) => {
    try {
      await channel.opened
    } catch (error) {
      throw error instanceof ChannelRefused ? new NoChannel(names.host, error.message, error) : error
    }
  }

  let spare: MuxChannel | undefined = open()
  try {
    const answered = await within(
      opened(spare).then(() => true),
      limitMs,
    )
    if (answered === undefined) throw new Error(`no answer within ${limitMs / 1000} s`)
  } catch (error) {
    lose((error as Error).message)
    throw error
  }

  return {
    description: names.description,
    async start(command, { pty = false } = {}) {
      if (lost !== undefined) throw lost
      const channel = spare ?? open()
      spare = undefined
      await opened(channel)
      const process = channel.start(command.text, pty)
      const remote = { ...process, exit: explained(process, names.host) }
      running.add(remote)
      const forget = () => running.delete(remote)
      remote.exit.then(forget, forget)
      return remote
    },
    async close() {
      if (lost === undefined) {
        for (const process of running) process.kill()
        lost = names.lost('the connection was closed')
        const used = [...channels.values()].filter((channel) => channel !== spare)
        // Who comes next finds the channels free.
        await within(Promise.all(used.map((channel) => channel.closed)), patienceMs)
      }
      lose('the connection was closed')
    },
  }
}

function explained(process: RemoteProcess, host: string): RemoteProcess['exit'] {
  const exit = process.exit.catch((error: Error) => {
    throw error instanceof ChannelRefused ? new NoChannel(host, error.message, error) : error
  })
  exit.catch(() => undefined)
  return exit
}
