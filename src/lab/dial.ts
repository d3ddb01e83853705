import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { DialAnswer, DialRequest } from './dialer.ts'
import { inNetns } from './enter.ts'
import { builtProgram } from './paths.ts'
import { requireState } from './state.ts'
import { toolEnvironment } from './tools.ts'
import type { LabId, LabState } from './types.ts'

interface Pending {
  readonly resolve: (socket: Socket) => void
  readonly reject: (error: Error) => void
}

interface Dialer {
  dial(request: Omit<DialRequest, 'id'>): Promise<Socket>
  readonly child: ChildProcess
}

/** One helper for each running lab; keyed by its PID 1, so that a lab which was down in between gets a new one. */
const dialers = new Map<string, Dialer>()

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

function startDialer(lab: LabState): Dialer {
  const [file = '', ...args] = inNetns(lab, [process.execPath, builtProgram('lab-dialer')])
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: toolEnvironment() })
  const pending = new Map<number, Pending>()
  let lastId = 0
  // Only an unanswered request keeps this process alive: a command that is done must end.
  const hold = () => (pending.size > 0 ? child.channel?.ref() : child.channel?.unref())
  child.unref()
  child.on('message', ({ id, code, message }: DialAnswer, socket?: unknown) => {
    const waiting = pending.get(id)
    pending.delete(id)
    hold()
    // A socket that was reset on its way here arrives as nothing.
    if (code === undefined && socket !== undefined) waiting?.resolve(socket as Socket)
    else waiting?.reject(failure(code ?? 'ECONNRESET', message ?? 'the connection was closed at once'))
  })
  const gone = (reason: string) => {
    for (const { reject } of pending.values()) reject(failure('ENETDOWN', `the way into the lab was lost: ${reason}`))
    pending.clear()
  }
  child.once('error', (error) => gone(error.message))
  child.once('exit', () => gone('its helper ended'))
  return {
    child,
    dial: (request) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        pending.set(id, { resolve, reject })
        hold()
        child.send({ id, ...request } satisfies DialRequest, (error) => {
          if (error !== null) gone(error.message)
        })
      }),
  }
}

/**
 * Connects to a host of a lab from outside its network: the socket is a plain one, and nothing of the machine's own
 * network is changed. Rejects with the system's `code` (ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT …).
 * @throws RollcallError when the lab is not up.
 */
export async function dial(lab: LabId, address: string, port: number, options: { readonly timeoutMs?: number } = {}): Promise<Socket> {
  const state = requireState(lab)
  const key = `${state.init.pid} ${state.init.startTime}`
  let dialer = dialers.get(key)
  if (dialer === undefined || !dialer.child.connected) {
    dialer = startDialer(state)
    dialers.set(key, dialer)
  }
  return dialer.dial({ address, port, timeoutMs: options.timeoutMs ?? 10_000 })
}
