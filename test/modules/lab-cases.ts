import { inLines, type Script, sh } from '../../src/util/sh.ts'

const quietly = sh`export DEBIAN_FRONTEND=noninteractive LC_ALL=C
umask 022
out=$(mktemp)
quietly() { "$@" >"$out" 2>&1 || { cat "$out"; exit 1; }; }`

/**
 * Scripts that bring a host of the lab to where a case starts, whatever the case before has left. Only the lab's toys are
 * installed: hosts are offline.
 */
export function toys(...packages: readonly string[]): Script {
  return sh`${quietly}
apt-mark unhold rollcall-toy >"$out" 2>&1
[ -e /var/lib/apt/lists/rollcall-fresh ] || { quietly apt-get -q update; : >/var/lib/apt/lists/rollcall-fresh; }
quietly apt-get -q -y purge rollcall-toy rollcall-toyd
${packages.length === 0 ? sh`:` : sh`quietly apt-get -q -y install ${packages}`}
rm -f "$out"`
}

/** The toy that is a service, installed and as its package leaves it: running and enabled. */
export const toyd = sh`${quietly}
[ -e /var/lib/apt/lists/rollcall-fresh ] || { quietly apt-get -q update; : >/var/lib/apt/lists/rollcall-fresh; }
[ -e /lib/systemd/system/rollcall-toyd.service ] || quietly apt-get -q -y install rollcall-toyd
rm -f "$out"
rm -rf /etc/systemd/system/rollcall-toyd.service.d
systemctl -q unmask rollcall-toyd 2>/dev/null
systemctl daemon-reload && systemctl -q enable rollcall-toyd 2>/dev/null; systemctl start rollcall-toyd`

/** A script and then another. */
export const inOrder = (first: Script, ...more: readonly Script[]) => inLines([first, ...more])
