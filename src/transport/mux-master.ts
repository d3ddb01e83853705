import { connect, type Socket } from 'node:net'
import { messageSplitter, mux, muxMessage, readMessage, uint32 } from './mux-wire.ts'

/** A running master (`ssh -M`) that has let us in: what is written to its socket from now on goes to the host. */
export interface ProxiedMaster {
  readonly pid: number
  readonly socket: Socket
}

const hello = muxMessage(mux.hello, uint32(mux.version))

/**
 * Connects to a master's socket and asks for proxy mode (OpenSSH 7.4 and newer): the connection protocol, unencrypted,
 * over the master's login. No process is started for it.
 * @throws Error when nobody answers there in time, or not as a master does.
 */
export function proxyMaster(path: string, limitMs: number): Promise<ProxiedMaster> {
  return converse(path, limitMs, [muxMessage(mux.askAlive, uint32(0)), muxMessage(mux.askProxy, uint32(1))], (answers, socket) => {
    const [alive, proxy] = answers
    if ((alive?.type ?? mux.alive) !== mux.alive || (proxy?.type ?? mux.proxy) !== mux.proxy) throw new Error('it gives no proxy')
    return alive && proxy && { pid: alive.value, socket }
  })
}

/** Tells a master to end, with all that runs over it. Resolves when it has been told or is not there. */
export async function terminateMaster(path: string, limitMs: number): Promise<void> {
  // It ends without saying so.
  await converse(path, limitMs, [muxMessage(mux.terminate, uint32(0))], () => undefined).catch(() => undefined)
}

interface Answer {
  readonly type: number
  /** The third word of the answer: the process of one that is alive. */
  readonly value: number
}

function converse<T>(
  path: string,
  limitMs: number,
  requests: readonly Buffer[],
  done: (answers: readonly Answer[], socket: Socket) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new Error(`no answer within ${limitMs / 1000} s`)), limitMs)
    const closed = () => fail(new Error('it closed the connection'))
    const split = messageSplitter()
    const answers: Answer[] = []
    let greeted = false
    const read = (chunk: Buffer) => {
      try {
        for (const message of split(chunk)) {
          const reader = readMessage(message)
          const type = reader.uint32()
          if (!greeted) {
            if (type !== mux.hello || reader.uint32() !== mux.version) throw new Error('it speaks another protocol')
            greeted = true
            continue
          }
          reader.uint32() // The number of the request; they are answered in order.
          answers.push({ type, value: message.length >= 12 ? reader.uint32() : 0 })
        }
        const result = done(answers, socket)
        if (result === undefined) return
        clearTimeout(timer)
        socket.pause()
        socket.off('data', read).off('error', fail).off('close', closed)
        resolve(result)
      } catch (error) {
        fail(error as Error)
      }
    }
    socket.on('error', fail).on('close', closed).on('data', read)
    socket.write(Buffer.concat([hello, ...requests]))
  })
}
