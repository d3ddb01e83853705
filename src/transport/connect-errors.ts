import { RollcallError, UnreachableError } from '../model/errors.ts'

/** Which host, and where it was looked for. */
export interface Where {
  readonly host: string
  readonly address: string
  readonly port: number
}

/** No way to the host, or no longer. */
export function unreachable(where: Where, reason: string, cause?: Error): UnreachableError {
  return new UnreachableError(
    {
      summary: 'The host cannot be reached',
      detail: `${where.address} port ${where.port}: ${reason}`,
      host: where.host,
      fix: 'Check that the host is up, that the address and port in the inventory are right, and that nothing in between blocks them.',
    },
    { cause },
  )
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
