import type { Client, ParsedKey } from 'ssh2'

/** What ssh2 has inside, as far as it is touched here. Another version that has it otherwise is left as it is. */
interface Inside {
  readonly _remoteVer?: string
  readonly _protocol?: {
    authPK?: (user: string, key: unknown, algorithm?: string | Signer, sign?: Signer) => void
    readonly _handlers?: {
      GLOBAL_REQUEST?: (protocol: Refuser, name: string, wantReply: boolean, data: unknown) => void
      USERAUTH_FAILURE?: (protocol: unknown, methods: readonly string[], partial: boolean) => void
    }
  }
}
type Signer = (bytes: Buffer, signed: (signature: Buffer) => void) => void
interface Refuser {
  requestFailure(): void
}

/**
 * Two things that ssh2 does in every login, and that help nobody here. It asks whether a key would do before it signs with it:
 * a round trip, and a look at authorized_keys more. And it has the host sign with each of its keys, which costs the host and
 * this process some milliseconds, to learn keys that nobody stores. To be called behind `connect`.
 */
export function spareTurns(client: Client): void {
  const protocol = (client as unknown as Inside)._protocol
  const handlers = protocol?._handlers
  const answer = handlers?.GLOBAL_REQUEST
  if (handlers && answer)
    handlers.GLOBAL_REQUEST = (from, name, wantReply, data) => {
      if (name !== 'hostkeys-00@openssh.com') answer(from, name, wantReply, data)
      else if (wantReply) from.requestFailure()
    }
  const authenticate = protocol?.authPK?.bind(protocol)
  if (!protocol || !authenticate) return
  protocol.authPK = (user, key, algorithm, sign) => {
    if (sign !== undefined || typeof algorithm === 'function' || !canSign(key)) return authenticate(user, key, algorithm, sign)
    authenticate(user, key, algorithm, (bytes, signed) => {
      const signature = key.sign(bytes, hashes[algorithm ?? '']) as Buffer | Error
      if (signature instanceof Error) authenticate(user, key, algorithm)
      else signed(signature)
    })
  }
}

/**
 * Tells what the host says of each refusal: what it takes next, and whether it took this much. ssh2 itself forgets it where an
 * agent's key was tried, so a host that wants a key and a password would be asked for neither. To be called behind `connect`.
 */
export function watchRefusals(client: Client, heard: (methods: readonly string[], partial: boolean) => void): void {
  const handlers = (client as unknown as Inside)._protocol?._handlers
  const answer = handlers?.USERAUTH_FAILURE
  if (!handlers || !answer) return
  handlers.USERAUTH_FAILURE = (protocol, methods, partial) => {
    heard(methods, partial)
    answer(protocol, methods, partial)
  }
}

/** Whether what answers has said that it is an SSH server. */
export function hasGreeted(client: Client): boolean {
  return (client as unknown as Inside)._remoteVer !== undefined
}

const hashes: { readonly [algorithm: string]: string } = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' }

/** A private key of ours: one that an agent keeps is not asked to sign for nothing, since somebody may have to allow that. */
function canSign(key: unknown): key is ParsedKey {
  const { isPrivateKey, sign } = (key ?? {}) as Partial<ParsedKey>
  return typeof isPrivateKey === 'function' && typeof sign === 'function' && (key as ParsedKey).isPrivateKey()
}
