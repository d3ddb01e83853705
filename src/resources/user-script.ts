import { Script } from '../util/sh.ts'

/** Parts of the users' script, by built-ins alone. */
export const userScriptParts = {
  /** Where useradd makes homes, for users who are yet to be: `homes` is empty where all were found. */
  homes: new Script(`homes=
if [ "$found_all" != 0 ] && [ -r /etc/default/useradd ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in HOME=*) homes=\${line#HOME=};; esac
  done </etc/default/useradd
fi`),
  /** Of each line in $found, whether the home is there: a digit each. */
  homesThere: new Script(`there=
set -f
IFS='
'
for line in $found; do
  home=\${line%:*}
  home=\${home##*:}
  if [ -d "$home" ]; then there=\${there}1; else there=\${there}0; fi
done
unset IFS`),
}
