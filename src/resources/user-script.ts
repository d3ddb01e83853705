import { Script } from '../util/sh.ts'

/** Parts of the users' script, by built-ins alone. */
export const userScriptParts = {
  /** Where useradd makes homes. */
  homes: new Script(`homes=
if [ -r /etc/default/useradd ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in HOME=*) homes=\${line#HOME=};; esac
  done </etc/default/useradd
fi
printf '%s\\0' "$homes"`),
  /** Of the homes in $found, those that are there. */
  homesThere: new Script(`set -f
IFS='
'
for line in $found; do
  home=\${line%:*}
  home=\${home##*:}
  [ ! -d "$home" ] || printf '%s\\n' "$home"
done
unset IFS
printf '\\0'`),
}
