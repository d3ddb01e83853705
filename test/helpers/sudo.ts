import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * A program in the place of sudo that talks like `sudo -S -p`: prompt on standard error, password on standard input,
 * two more tries, messages word for word. Real sudo is tested on lab hosts.
 */
export const standIn = `#!/bin/sh
echo "$*" >>"$SUDO_LOG"
while getopts HSp:u: option; do case $option in p) prompt=$OPTARG;; u) user=$OPTARG;; esac; done
shift $((OPTIND - 1))
[ "$1" = -- ] && shift
case $SUDO_KIND in
nopasswd) ;;
tty) echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1;;
unknown) echo "sudo: unknown user $user" >&2; exit 1;;
strange) echo 'sudo: something else' >&2; exit 1;;
silent) read -r nothing;;
*)
  echo 'We trust you have received the usual lecture' >&2
  for try in 1 2 3; do
    printf %s "$prompt" | { IFS= read -r line; printf %s "\${line%??????}"; sleep 0.05; printf %s "\${line#"\${line%??????}"}"; } >&2
    IFS= read -r password || { echo >&2; echo 'sudo: no password was provided' >&2; exit 1; }
    echo >&2
    [ "$password" = "$SUDO_PASSWORD" ] && break
    [ $try = 3 ] && { echo 'sudo: 3 incorrect password attempts' >&2; exit 1; }
    echo 'Sorry, try again.' >&2
  done
  [ "$SUDO_KIND" = sudoers ] && { echo 'admin is not in the sudoers file.' >&2; exit 1; }
;;
esac
BECAME=$user; export BECAME
unset SUDO_PASSWORD
exec "$@"
`

/** Puts the stand-in as `sudo` into a folder, which is then to come first in PATH. */
export function writeSudo(folder: string): void {
  writeFileSync(join(folder, 'sudo'), standIn)
  chmodSync(join(folder, 'sudo'), 0o755)
}
