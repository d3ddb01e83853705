import { type RunStep, run } from '../dsl/step.ts'
import { Script, sh } from '../util/sh.ts'

// The session's umask is 077; scripts of packages rely on the usual one for files that others read. What apt says goes to
// a file and not through a pipe: a daemon that a package starts would hold the pipe open for ever.
const prologue = new Script(`umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1
said=$(mktemp) || exit
trap 'rm -f -- "$said"' EXIT
apt() {
  apt-get -q -y -o DPkg::Lock::Timeout="$wait" -o APT::Cmd::Pattern-Only=true -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 2>"$said"
  rc=$?
  cat "$said" >&2
  return "$rc"
}
held() { grep -q 'Could not get lock\\|Unable to lock\\|Unable to acquire' "$said"; }
explain() {
  held || exit "$rc"
  holder=$(sed -n 's/.*held by process \\([0-9][0-9]*\\).*/\\1/p' "$said" | tail -n 1)
  # While it waits for dpkg's lock, apt names the holder on its standard output only; the kernel knows it as well.
  for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/cache/apt/archives/lock; do
    [ -z "$holder" ] || break
    inode=$(stat -c %i "$lock") && holder=$(sed -n "s/.* WRITE \\([0-9][0-9]*\\) [0-9a-f:]*:$inode .*/\\1/p" /proc/locks | head -n 1)
  done
  if [ -n "$holder" ]; then
    command=$(tr '\\0' ' ' <"/proc/$holder/cmdline" 2>/dev/null)
    echo "The lock of apt or dpkg is held by process $holder (\${command:-it has ended meanwhile}); waited $wait s for it." >&2
  else
    echo "The lock of apt or dpkg is held by another process; waited $wait s for it." >&2
  fi
  exit "$rc"
}`)

// `update` does not wait for its own lock. Touched: without news from the mirrors apt leaves the lists' time as it was.
const update = new Script(`waited=0
until apt update; do
  held && [ "$waited" -lt "$wait" ] || explain
  sleep 2
  waited=$((waited + 2))
done
touch /var/lib/apt/lists`)

interface InstallOptions {
  readonly recommends: boolean | undefined
  readonly allowDowngrade: boolean | undefined
  readonly lockTimeout: number
}

/** Refreshes apt's lists. */
export function aptUpdate(lockTimeout: number): RunStep {
  return run(sh`wait=${lockTimeout}
${prologue}
${update}`)
}

/** Installs or upgrades packages, all by one apt-get. Locally changed configuration files are kept. */
export function aptInstall(names: readonly string[], { recommends, allowDowngrade, lockTimeout }: InstallOptions): RunStep {
  const options = [
    ...(recommends === undefined ? [] : ['-o', `APT::Install-Recommends=${recommends}`]),
    ...(allowDowngrade ? ['--allow-downgrades'] : []),
  ]
  return run(sh`wait=${lockTimeout}
${prologue}
apt ${options} install -- ${names} || explain`)
}

/** Removes packages, all by one apt-get. */
export function aptRemove(names: readonly string[], purge: boolean, lockTimeout: number): RunStep {
  return run(sh`wait=${lockTimeout}
${prologue}
apt ${purge ? 'purge' : 'remove'} -- ${names} || explain`)
}
