import { connect as connectTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import { RollcallError } from '../model/errors.ts'
import { mayPass, unreachable } from './connect-errors.ts'
import { overJump } from './jump-links.ts'
import { startProxyCommand, type Way } from './proxy-command.ts'
import type { SshTarget } from './target.ts'

/** The way to a host's port: its stream, and what is to be done when the connection over it has ended. */
export interface Dialled extends Way {
  release?: () => Promise<void>
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  EHOSTUNREACH: 'no route to the host, or it does not answer',
  ENETUNREACH: 'no route to its network',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  EADDRNOTAVAIL: 'this machine has no such address to connect from (BindAddress)',
}
/** What another attempt may find otherwise. A name that is not known stays so. */
const passing = ['ECONNREFUSED', 'ETIMEDOUT', 'ECONNRESET', 'EAI_AGAIN', 'EPIPE']

/**
 * Opens the way to a host's port.
 * @throws UnreachableError where there is none.
 */
export async function dial(target: SshTarget): Promise<Dialled> {
  try {
    if (target.dial) return { stream: await target.dial(target.address, target.port) }
    if (target.via?.kind === 'jump') return await overJump(target.via.target, target)
    if (target.via?.kind === 'command') return await startProxyCommand(target.via.command)
    return { stream: await dialTcp(target) }
  } catch (error) {
    if (error instanceof RollcallError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? ''
    const lost = unreachable(target, reasons[code] ?? (error as Error).message, error as Error)
    throw passing.includes(code) ? mayPass(lost, 'soon') : lost
  }
}

function dialTcp({ address, port, family, bindAddress }: SshTarget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const from = { ...(family !== undefined && { family }), ...(bindAddress !== undefined && { localAddress: bindAddress }) }
    const socket = connectTcp({ host: address, port, noDelay: true, ...from })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
