import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { testFolder } from './folder.ts'
import { startSshd, type TestSshd } from './sshd.ts'

/** How sshd asks for a password: in its own method, or as PAM's question. */
export type PasswordMethod = 'password' | 'keyboard-interactive'

/** The password that lets in, and what a shadow file holds of it: `openssl passwd -6 -salt rollcall`. */
export const sshdPassword = 'Correct & horse 01'
const hashed = '$6$rollcall$Tv.KYRtjyrxPlOSPGvxr1S8SM1PvQZiw7ahdo1B4JzHQ3h2jFMNAq.ei3PQYopzeA7Zn.dVIwmKYGUj4W3H/s0'

/**
 * OpenSSH's own server, to which whoever runs the tests may log in by {@link sshdPassword}, and by their key as well. The accounts that
 * it sees are its own: only root may start it.
 */
export async function startPasswordSshd(method: PasswordMethod, config: readonly string[] = []): Promise<TestSshd> {
  const folder = testFolder()
  writeFileSync(join(folder, 'shadow'), `${userInfo().username}:${hashed}:20000:0:99999:7:::\n`, { mode: 0o600 })
  writeFileSync(join(folder, 'pam'), 'auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n')
  return startSshd({
    before: `mount --bind ${folder}/shadow /etc/shadow && mount --bind ${folder}/pam /etc/pam.d/sshd || exit 1`,
    config: [...config, ...(method === 'password' ? ['PasswordAuthentication yes'] : ['UsePAM yes', 'KbdInteractiveAuthentication yes'])],
  })
}
