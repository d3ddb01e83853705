import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { testFolder } from './folder.ts'
import { startSshd, type TestSshd } from './sshd.ts'

/** How sshd asks for a password: in its own method, or as PAM's question. */
export type PasswordMethod = 'password' | 'keyboard-interactive'

/**
 * OpenSSH's own server, to which whoever runs the tests may log in by this password, and by their key as well. The accounts that
 * it sees are its own: only root may start it.
 */
export async function startPasswordSshd(password: string, method: PasswordMethod, config: readonly string[] = []): Promise<TestSshd> {
  const folder = testFolder()
  const hashed = spawnSync('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n`, encoding: 'utf8' })
  if (hashed.status !== 0) throw new Error(`openssl passwd: ${hashed.stderr}`)
  writeFileSync(join(folder, 'shadow'), `${userInfo().username}:${hashed.stdout.trim()}:20000:0:99999:7:::\n`, { mode: 0o600 })
  writeFileSync(join(folder, 'pam'), 'auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n')
  return startSshd({
    before: `mount --bind ${folder}/shadow /etc/shadow && mount --bind ${folder}/pam /etc/pam.d/sshd || exit 1`,
    config: [...config, ...(method === 'password' ? ['PasswordAuthentication yes'] : ['UsePAM yes', 'KbdInteractiveAuthentication yes'])],
  })
}
