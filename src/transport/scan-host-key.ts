import { unreachable } from './connect-errors.ts'
import { type Dialled, dial } from './dial.ts'
import { hostKeyAlgorithms, type KnownHosts, knownHostName } from './known-hosts.ts'
import { startLimit } from './limit.ts'
import { tryAgain } from './retry.ts'
import { algorithmsFor } from './ssh-algorithms.ts'
import type { SshTarget } from './target.ts'

/**
 * The key that a host shows; nobody is logged in there. Jump hosts on the way are.
 * @throws UnreachableError where it shows none.
 */
export async function scanHostKey(target: SshTarget, known: KnownHosts): Promise<Buffer> {
  return tryAgain(target, () => scan(target, known))
}

async function scan(target: SshTarget, known: KnownHosts): Promise<Buffer> {
  const ssh2 = (await import('ssh2')).default
  const name = knownHostName(target.address, target.port, target.hostKeyAlias)
  const algorithms = await algorithmsFor(target.host, target.algorithms ?? {}, hostKeyAlgorithms(known.entries, name))
  const client = new ssh2.Client()
  const seconds = (target.connectTimeoutMs ?? 10_000) / 1000
  let way: Dialled | undefined = target.via?.kind === 'jump' ? await dial(target) : undefined
  const limit = startLimit(seconds * 1000, () => unreachable(target, `it showed no key within ${seconds} s`))
  const shown = async () => {
    way ??= await dial(target)
    const { stream } = way
    return new Promise<Buffer>((resolve, reject) => {
      client.on('error', (error) => reject(unreachable(target, error.message, error)))
      client.once('close', () => reject(unreachable(target, 'the connection was closed before it had shown a key')))
      client.connect({
        sock: stream,
        username: target.user,
        readyTimeout: 0,
        algorithms,
        hostVerifier: (key: Buffer) => {
          resolve(Buffer.from(key))
          return false
        },
      })
    })
  }
  const showing = shown()
  const letGo = async () => {
    client.destroy()
    way?.stream.destroy()
    await way?.release?.()
  }
  try {
    return await Promise.race([showing, limit.over])
  } finally {
    limit.clear()
    // A way that comes through after the limit must not stay open.
    showing.catch(() => undefined).then(letGo, () => undefined)
  }
}
