#!/bin/sh
# The whole check, from nothing: set-up first, with what Node and a POSIX shell have; then test.mjs.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
sh scripts/setup.sh || exit 1
exec node scripts/test.mjs
