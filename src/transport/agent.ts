import type { BaseAgent, ParsedKey, SigningRequestOptions } from 'ssh2'
import { within } from '../util/within.ts'

type Ssh2 = typeof import('ssh2')
type Signed = (error?: Error, signature?: Buffer) => void

/** A key that an agent holds. */
export interface AgentKey {
  readonly key: ParsedKey
  readonly publicKey: Buffer
  readonly comment: string
}

/** An agent that does not answer must not hold up hosts that need none of its keys. */
const patienceMs = 3000
/** Somebody may have to allow a signature, or to touch something. */
const signingMs = 60_000

/** The keys that an agent holds, or why it does not say. */
export async function agentKeys(ssh2: Ssh2, socket: string): Promise<readonly AgentKey[] | string> {
  const listed = new Promise<readonly AgentKey[] | string>((resolve) => {
    ssh2.createAgent(socket).getIdentities((error, found = []) => {
      if (error) return resolve(error.message)
      resolve(
        found.flatMap((one) => {
          const key = ssh2.utils.parseKey(one as Buffer)
          if (key instanceof Error) return []
          return [{ key, publicKey: key.getPublicSSH(), comment: key.comment ?? '' }]
        }),
      )
    })
  })
  return (await within(listed, patienceMs)) ?? `no answer within ${patienceMs / 1000} s`
}

/**
 * An agent of one key, whoever holds it. The host is first asked whether the key would do, so nobody has to allow or to type
 * anything for nothing.
 */
export function oneKey(
  ssh2: Ssh2,
  identity: () => Promise<ParsedKey | undefined>,
  sign: (data: Buffer, options: SigningRequestOptions) => Promise<Buffer>,
): BaseAgent {
  class OneKey extends ssh2.BaseAgent {
    getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
      identity().then(
        (key) => done(undefined, key ? [key] : []),
        (error: Error) => done(error),
      )
    }
    sign(_key: unknown, data: Buffer, options: unknown, done?: Signed): void {
      const signed = (typeof options === 'function' ? options : done) as Signed
      sign(data, typeof options === 'function' ? {} : ((options ?? {}) as SigningRequestOptions)).then(
        (signature) => signed(undefined, signature),
        (error: Error) => signed(error),
      )
    }
  }
  return new OneKey() as unknown as BaseAgent
}

/** Has the agent itself sign. */
export async function signByAgent(
  ssh2: Ssh2,
  socket: string,
  key: ParsedKey,
  data: Buffer,
  options: SigningRequestOptions,
): Promise<Buffer> {
  const signing = new Promise<Buffer>((resolve, reject) => {
    ssh2.createAgent(socket).sign(key, data, options, (error, signature) => {
      if (error || !signature) reject(error ?? new Error('the agent gave no signature'))
      else resolve(signature)
    })
  })
  const signature = await within(signing, signingMs)
  if (signature === undefined) throw new Error('the agent gave no signature in time')
  return signature
}
