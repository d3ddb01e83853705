import { RollcallError, UnreachableError } from '../model/errors.ts'

/** Which host, and where it was looked for. */
export interface Where {
  readonly host: string
  readonly address: string
  readonly port: number
  /** The host that this one is jumped over for: then messages speak of a jump host. */
  readonly jumpTo?: string | undefined
}

/** What a host is in a sentence, at its beginning. */
export function subject({ jumpTo }: Pick<Where, 'jumpTo'>): string {
  return jumpTo === undefined ? 'The host' : 'The jump host'
}

/** The line that says which jump host it is; none for the host itself. */
export function which({ host, jumpTo }: Pick<Where, 'host' | 'jumpTo'>): readonly string[] {
  return jumpTo === undefined ? [] : [`'${host}', on the way to '${jumpTo}'`]
}

/** The host that an error counts for. */
export function blamed({ host, jumpTo }: Pick<Where, 'host' | 'jumpTo'>): string {
  return jumpTo ?? host
}

/** No way to the host, or no longer. */
export function unreachable(where: Where, reason: string, cause?: Error): UnreachableError {
  return new UnreachableError(
    {
      summary: `${subject(where)} cannot be reached`,
      detail: [...which(where), `${where.address} port ${where.port}: ${reason}`].join('\n'),
      host: blamed(where),
      fix: 'Check that the host is up, that the address and port in the inventory are right, and that nothing in between blocks them.',
    },
    { cause },
  )
}

/** Failures before a server has said that it is one: another attempt may go better. */
const passing = new WeakMap<Error, 'soon' | 'late'>()

/** Marks an error as one that may pass: `late` where it took the whole time that one attempt has. */
export function mayPass<E extends Error>(error: E, when: 'soon' | 'late'): E {
  passing.set(error, when)
  return error
}

/** Whether and how an error may pass. */
export function passes(error: unknown): 'soon' | 'late' | undefined {
  return passing.get(error as Error)
}

/** The same error, as one that has been tried often enough. */
export function settled(error: unknown): unknown {
  passing.delete(error as Error)
  return error
}

/** The login stands, but the server gives no further channel on it: another connection may have one. */
export class NoChannel extends RollcallError {
  constructor(host: string, reason: string, cause?: Error) {
    super(
      {
        summary: 'The SSH server opened no channel',
        detail: reason,
        host,
        fix: 'See whether MaxSessions in its sshd_config allows a channel for commands at all, and whether a ForceCommand or a restricted key is in the way.',
      },
      { cause },
    )
  }
}
