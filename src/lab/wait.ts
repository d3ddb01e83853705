import type { Socket } from 'node:net'
import { RollcallError } from '../model/errors.ts'
import { consoleTail } from './console.ts'
import { request } from './control.ts'
import { dial } from './dial.ts'
import { sleep } from './process.ts'
import { requireHost, requireState } from './state.ts'
import type { LabId, ProcessId } from './types.ts'

function readBanner(socket: Socket, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (value: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(value)
    }
    const timer = setTimeout(() => finish(false), timeoutMs)
    socket.once('data', (chunk: Buffer) => finish(chunk.toString('latin1').startsWith('SSH-')))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
  })
}

/** Gives the PID 1 that has answered. */
async function waitForOne(lab: LabId, name: string, deadline: number): Promise<ProcessId> {
  let last = 'no answer'
  while (Date.now() < deadline) {
    const state = requireState(lab)
    const host = requireHost(state.hosts, name)
    if (host.init === undefined) {
      const detail = [host.reason ?? 'stopped', await consoleTail(lab, state.init, name)].join('\n')
      throw new RollcallError({
        summary: 'A host of the lab stopped while it was waited for',
        host: name,
        detail,
        fix: `rollcall lab start ${name}`,
      })
    }
    try {
      if (await readBanner(await dial(lab, host.address, 22, { timeoutMs: 2000 }), 5000)) return host.init
    } catch (error) {
      if (error instanceof RollcallError) throw error
      last = (error as Error).message
    }
    await sleep(50)
  }
  const detail = [last, await consoleTail(lab, requireState(lab).init, name)].join('\n')
  throw new RollcallError({ summary: 'A host of the lab does not answer on its SSH port', host: name, detail, fix: 'rollcall lab reset' })
}

/** Resolves when all these hosts let users in. A host's SSH server speaks only once its system is up that far. */
export async function waitForSsh(lab: LabId, hosts: readonly string[], options: { readonly timeoutMs?: number } = {}): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 120_000)
  const answered = await Promise.all(hosts.map(async (name) => ({ name, init: await waitForOne(lab, name, deadline) })))
  if (answered.length > 0) await request(requireState(lab), { verb: 'answered', hosts: answered }, () => {})
}
