#!/bin/sh
# Brings this clone up to date: checks Node, installs dependencies when stale, builds. One at a time for each clone: the
# kernel frees the lock however its holder ends. (Without flock, as on macOS, the builds are still atomic.)
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
node=${ROLLCALL_NODE:-$(command -v node)} || {
  printf '%s\n' 'rollcall: Node.js was not found on PATH' '  Install Node.js 20.19 or newer, e.g. from https://nodejs.org' >&2
  exit 1
}

version=$("$node" --version)
major=${version#v} && major=${major%%.*}
minor=${version#*.} && minor=${minor%%.*}
if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
  printf '%s\n' "rollcall: Node.js $version is too old" "  $node" '  Rollcall needs Node.js 20.19 or newer.' >&2
  exit 1
fi

export ROLLCALL_NODE="$node"
command -v flock >/dev/null || exec "$node" "$root/scripts/setup.mjs"
mkdir -p "$root/.rollcall" || exit 1
exec 9>"$root/.rollcall/setup.lock" || exit 1
flock -n 9 || {
  printf '%s\n' 'rollcall: waiting for another set-up of this clone …' >&2
  flock 9
}
"$node" "$root/scripts/setup.mjs"
