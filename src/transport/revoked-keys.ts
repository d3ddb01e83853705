import { readFile } from 'node:fs/promises'
import { RollcallError } from '../model/errors.ts'

/**
 * Whether a file of RevokedHostKeys has this key.
 * @throws RollcallError where it cannot be read: as with OpenSSH, no host is let in then.
 */
export async function isRevokedKey(file: string, key: Buffer): Promise<boolean> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new RollcallError(
      {
        summary: 'The file of revoked host keys cannot be read',
        detail: (cause as Error).message,
        fix: `No host is let in without it:\nls -l ${file}`,
      },
      { cause },
    )
  }
  if (bytes.toString('latin1', 0, 8) === 'SSHKRL\n\0')
    throw new RollcallError({
      summary: "RevokedHostKeys as a KRL needs the system's ssh",
      detail: file,
      fix: "Let it log in (connection: ssh({ transport: 'openssh' })), or list the keys as text, one a line.",
    })
  const wanted = key.toString('base64')
  return bytes
    .toString('utf8')
    .split('\n')
    .some((line) => !line.trimStart().startsWith('#') && line.trim().split(/\s+/).includes(wanted))
}
