import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { startSshd, type TestSshd } from './sshd.ts'

// Dropbear knows one place for keys, root's home; so that is an empty one, in a mount namespace of the server's own.
const serve =
  'mount -t tmpfs -o mode=700 tmpfs ~root && mkdir -m 700 ~root/.ssh && cp "$1/authorized_keys" ~root/.ssh && exec dropbear -i -s -m -r "$1/dropbear_key"'

/** Dropbear on 127.0.0.1, to which root logs in. */
export function startDropbear(): Promise<TestSshd> {
  return startSshd({
    server: (folder) => {
      execFileSync('/usr/lib/dropbear/dropbearconvert', ['openssh', 'dropbear', join(folder, 'host_key'), join(folder, 'dropbear_key')], {
        stdio: 'ignore',
      })
      return ['unshare', '--mount', 'sh', '-c', serve, 'dropbear', folder]
    },
  })
}
