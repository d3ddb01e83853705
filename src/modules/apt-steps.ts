import { type RunStep, run } from '../dsl/step.ts'
import { Script, sh } from '../util/sh.ts'

// The session's umask is 077; scripts of packages rely on the usual one for files that others read. What apt says goes to
// a file and not through a pipe: a daemon that a package starts would hold the pipe open for ever.
const prologue = new Script(`umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1
said=$(mktemp) || exit
trap 'rm -f -- "$said"' EXIT
apt() {
  apt-get -q -y -o DPkg::Lock::Timeout="$wait" -o APT::Cmd::Pattern-Only=true $dpkg "$@" 2>"$said"
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

// One that a killed run left behind is ours and no reason to keep it.
const policy = new Script(`policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ] && ! grep -q 'written by Rollcall' "$policy"; then mv -f -- "$policy" "$policy.rollcall" || exit; fi
restore() {
  rm -f -- "$policy" "$said"
  [ ! -e "$policy.rollcall" ] || mv -f -- "$policy.rollcall" "$policy"
}
trap restore EXIT
trap 'exit 129' HUP INT TERM
printf '#!/bin/sh\\n# written by Rollcall for one run of apt\\nexit %s\\n' "$answer" >"$policy" && chmod 755 "$policy" || exit`)

/** How apt-get is run; every field has apt's own default where it is absent. */
export interface AptOptions {
  readonly recommends?: boolean | undefined
  readonly allowDowngrade?: boolean | undefined
  readonly allowChangeHeldPackages?: boolean | undefined
  readonly defaultRelease?: string | undefined
  readonly onlyUpgrade?: boolean | undefined
  readonly failOnAutoremove?: boolean | undefined
  readonly dpkgOptions?: string | undefined
  readonly policyRcD?: number | undefined
  readonly lockTimeout: number
}

function setUp({ dpkgOptions = 'force-confdef,force-confold', policyRcD, lockTimeout }: AptOptions): Script {
  const dpkg = dpkgOptions
    .split(',')
    .map((option) => `-o Dpkg::Options::=--${option}`)
    .join(' ')
  return sh`wait=${lockTimeout} dpkg=${dpkg}
${prologue}
${
  policyRcD === undefined
    ? sh`:`
    : sh`answer=${policyRcD}
${policy}`
}`
}

/** Refreshes apt's lists. */
export function aptUpdate(options: AptOptions): RunStep {
  return run(sh`${setUp(options)}
${update}`)
}

/** The options of apt-get that decide which versions it chooses. */
export function choosing({ defaultRelease, failOnAutoremove, allowChangeHeldPackages }: AptOptions): readonly string[] {
  return [
    ...(defaultRelease === undefined ? [] : ['-t', defaultRelease]),
    ...(failOnAutoremove ? ['--no-remove'] : []),
    ...(allowChangeHeldPackages ? ['--allow-change-held-packages'] : []),
  ]
}

/** Installs or upgrades packages, all by one apt-get. Locally changed configuration files are kept, unless dpkgOptions say otherwise. */
export function aptInstall(names: readonly string[], options: AptOptions): RunStep {
  const { recommends, allowDowngrade, onlyUpgrade } = options
  const given = [
    ...choosing(options),
    ...(recommends === undefined ? [] : ['-o', `APT::Install-Recommends=${recommends}`]),
    ...(allowDowngrade ? ['--allow-downgrades'] : []),
    ...(onlyUpgrade ? ['--only-upgrade'] : []),
  ]
  return aptGet([...given, 'install', '--', ...names], options)
}

/** Removes packages, all by one apt-get. */
export function aptRemove(names: readonly string[], purge: boolean, options: AptOptions): RunStep {
  return aptGet(
    [...(options.allowChangeHeldPackages ? ['--allow-change-held-packages'] : []), purge ? 'purge' : 'remove', '--', ...names],
    options,
  )
}

/** Runs apt-get with these words. */
export function aptGet(words: readonly string[], options: AptOptions): RunStep {
  return run(sh`${setUp(options)}
apt ${words} || explain`)
}
