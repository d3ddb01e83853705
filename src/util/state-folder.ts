import { type Script, sh } from './sh.ts'

/** Where a host keeps what runs must not forget, as a word of a script: as root in /var/lib, else below the user's home. */
export function stateFolder(user: string): Script {
  return user === 'root' ? sh`/var/lib/rollcall` : sh`"$HOME"/.local/state/rollcall`
}
