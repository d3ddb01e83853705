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
[ "$SUDO_KIND" != requiretty ] || [ -t 0 ] || SUDO_KIND=tty
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

/*
 * The same for su and doas: prompts of their own, at a terminal. SUDO_KIND `nopasswd` asks nothing; `restricted` is su for a
 * user whose shell is in no /etc/shells; `lecture` says much before it asks, in pieces.
 */
const asking = `
case $SUDO_KIND in
nopasswd) ;;
unknown) echo "$unknown" >&2; exit 1;;
restricted) printf 'su: using restricted shell /usr/sbin/nologin\\nThis account is currently not available.\\n' >&2; exit 1;;
*)
  [ "$SUDO_KIND" != lecture ] || { printf 'You need your password: ' >&2; sleep 0.02; printf 'a long one.\\nThink twice.\\n' >&2; }
  if [ -t 0 ]; then stty -echo; elif [ "$name" = doas ]; then echo 'doas: a tty is required' >&2; exit 1; fi
  printf "$question" >&2
  IFS= read -r line || exit 1
  echo >&2
  [ "$line" = "$SUDO_PASSWORD" ] || { echo "$wrong" >&2; exit 1; }
;;
esac
BECAME=$user; export BECAME
unset SUDO_PASSWORD
`
const su = `#!/bin/sh
echo "$*" >>"$SUDO_LOG"
while getopts s:c: option; do case $option in s) shell=$OPTARG;; c) command=$OPTARG;; esac; done
shift $((OPTIND - 1))
user=$1 name=su question='Password: ' wrong='su: Authentication failure' unknown="su: user $1 does not exist or the user entry does not contain all the required fields"
${asking}
exec "$shell" -c "$command"
`
const doas = `#!/bin/sh
echo "$*" >>"$SUDO_LOG"
while getopts u: option; do user=$OPTARG; done
shift $((OPTIND - 1))
[ "$1" = -- ] && shift
name=doas question='\\rdoas (admin@honor-viper) password: ' wrong='doas: Authentication failed' unknown='doas: unknown user'
${asking}
exec "$@"
`

/** Puts stand-ins for sudo, su and doas into a folder, which is then to come first in PATH. */
export function writeBecomePrograms(folder: string): void {
  writeSudo(folder)
  for (const [name, text] of Object.entries({ su, doas })) writeFileSync(join(folder, name), text, { mode: 0o755 })
}
