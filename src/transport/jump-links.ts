import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { UnreachableError } from '../model/errors.ts'
import { within } from '../util/within.ts'
import { blamed, unreachable, type Where } from './connect-errors.ts'
import type { Dialled } from './dial.ts'
import { logIn } from './ssh2-login.ts'
import type { SshTarget } from './target.ts'

/** A login at a jump host, which all hosts behind it share: a gate lets few people in at once (MaxStartups). */
interface JumpLink {
  readonly client: Client
  readonly lost: () => string | undefined
  /** Settles with the reason when it is. */
  readonly gone: Promise<string>
  readonly release: () => Promise<void>
}
interface Shared {
  readonly opening: Promise<JumpLink>
  users: number
}

const links = new Map<string, Shared>()

/**
 * A stream to a port, as the jump host sees it.
 * @throws UnreachableError where the jump host cannot be logged in to, or does not connect there.
 */
export async function overJump(jump: SshTarget, to: SshTarget): Promise<Dialled> {
  const id = identityOf(jump)
  const known = links.get(id)
  const shared: Shared = known ?? { opening: open(jump, id), users: 0 }
  if (!known) links.set(id, shared)
  shared.users += 1
  const release = async () => {
    shared.users -= 1
    if (shared.users > 0) return
    if (links.get(id) === shared) links.delete(id)
    await shared.opening.then((link) => link.release()).catch(() => undefined)
  }
  try {
    const link = await shared.opening.catch((error: unknown) => {
      throw forHost(error, to)
    })
    const stream = await forward(link, jump, to)
    // Its streams end a moment before itself.
    const why = async () => {
      const reason = await within(link.gone, 300)
      return reason === undefined ? undefined : `the link to the jump host '${jump.host}' was lost: ${reason}`
    }
    return { stream, release, why }
  } catch (error) {
    await release()
    throw error
  }
}

async function open(jump: SshTarget, id: string): Promise<JumpLink> {
  const forget = () => {
    links.delete(id)
  }
  try {
    const { client, release, onLost } = await logIn(jump)
    let lost: string | undefined
    const gone = new Promise<string>((resolve) => {
      onLost((reason) => {
        lost = reason
        forget()
        resolve(reason)
      })
    })
    return { client, lost: () => lost, gone, release }
  } catch (error) {
    forget() // Whoever comes later tries it again.
    throw error
  }
}

async function forward(link: JumpLink, jump: SshTarget, to: Where): Promise<Duplex> {
  const limit = jump.connectTimeoutMs ?? 10_000
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Duplex>((resolve, reject) => {
      timer = setTimeout(() => reject(unreachable(to, `the jump host '${jump.host}' said nothing to that for ${limit / 1000} s`)), limit)
      link.client.forwardOut('127.0.0.1', 0, to.address, to.port, (error, channel) => {
        if (error) reject(unreachable(to, `the jump host '${jump.host}' does not connect there: ${reasonOf(error, link)}`, error))
        else resolve(channel)
      })
    })
  } catch (error) {
    if (error instanceof UnreachableError) throw error
    throw unreachable(to, `the jump host '${jump.host}' does not connect there: ${link.lost() ?? (error as Error).message}`, error as Error)
  } finally {
    clearTimeout(timer)
  }
}

function reasonOf(error: Error & { readonly reason?: unknown }, link: JumpLink): string {
  const lost = link.lost()
  if (lost !== undefined) return lost
  const { reason } = error
  if (reason === 1 || reason === 'ADMINISTRATIVELY_PROHIBITED') return 'it is not allowed to (AllowTcpForwarding, PermitOpen)'
  return error.message.replace(/^\(SSH\) Channel open failure: /, '')
}

/** The same error about the way to another host: the jump host is shared, and its error names the first that needed it. */
function forHost(error: unknown, to: SshTarget): unknown {
  if (!(error instanceof Error) || !('details' in error)) return error
  const own = error as UnreachableError
  const host = blamed(to)
  if (own.details.host === host) return own
  const detail = own.details.detail?.replace(/on the way to '[^']*'/, `on the way to '${host}'`)
  const Kind = own.constructor as new (details: UnreachableError['details'], options: { cause: unknown }) => UnreachableError
  return new Kind({ ...own.details, host, ...(detail !== undefined && { detail }) }, { cause: own })
}

/** All that decides who is logged in where. A password is known by its sum alone. */
function identityOf({ password, passphrase, jumpTo: _, dial: __, origins: ___, via, ...rest }: SshTarget): string {
  const sum = (secret: { reveal(): string } | undefined) => secret && createHash('sha256').update(secret.reveal()).digest('hex')
  const before = via?.kind === 'jump' ? identityOf(via.target) : via
  return JSON.stringify([rest, sum(password), sum(passphrase), before])
}
