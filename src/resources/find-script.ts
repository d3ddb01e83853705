import { inLines, Script, sh } from '../util/sh.ts'
import type { ChecksumAlgorithm } from './inode.ts'
import { statFormat } from './inode-script.ts'

/** What the host looks for; what only the controller can judge is left to the module. */
export interface FindRequest {
  readonly paths: readonly string[]
  /** How many levels deep; absent: all. */
  readonly depth?: number
  readonly follow?: true
  readonly hidden?: true
  readonly type?: 'f' | 'd' | 'l'
  /** Names of what may match, where the host's patterns mean the same as ours: `*` and plain characters. */
  readonly names?: readonly string[]
  /** A POSIX extended regular expression. */
  readonly contains?: string
  readonly checksum?: ChecksumAlgorithm
}

const newline = '\n'

// Each file by itself, so that its name may hold anything.
const grepEach = new Script(`for p do
  grep -qE -e "$expression" <"$p" 2>/dev/null && printf '%s\\0' "$p"
done
:`)
const sumEach = (tool: string) =>
  new Script(`for p do
  s=$(${tool} <"$p") && printf '%s\\0%s\\0' "$p" "\${s%% *}"
done
:`)

/** The words of `find` for what is asked, behind `.` and its depth. */
function tests({ hidden, type, names }: FindRequest): Script {
  const parts = [
    ...(hidden ? [] : [sh`! -name '.*'`]),
    ...(type === undefined ? [] : [sh`-type ${type}`]),
    ...(names === undefined ? [] : [sh`\( ${names.map((name) => sh`-name ${name}`).reduce((left, right) => sh`${left} -o ${right}`)} \)`]),
  ]
  return parts.reduce((left, right) => sh`${left} ${right}`, sh``)
}

function walk(path: string, request: FindRequest): Script {
  const { depth, follow, contains, checksum } = request
  const from = sh`${follow ? sh`-L` : sh``} . -mindepth 1 ${depth === undefined ? sh`` : sh`-maxdepth ${depth}`}`
  const those = tests(request)
  const files = sh`${from} ${those} -type f`
  return sh`if [ ! -e ${path} ]; then printf 'absent\0'
elif [ ! -d ${path} ]; then printf 'no directory\0'
elif ! cd -- ${path} 2>/dev/null || [ ! -r . ]; then printf 'denied\0'
else
printf 'walked\0'
find ${from} -exec sh -c 'printf "%s\n" $#' sh {} + 2>/dev/null
printf '\0'
find ${from} ${those} -exec stat -c ${`//${statFormat}:%n`} -- {} + 2>/dev/null
printf '\0%s\0' "$?"
${contains === undefined ? sh`:` : sh`find ${files} -exec sh -c ${grepEach.text} sh {} + 2>/dev/null`}
printf '\0'
${
  checksum === undefined
    ? sh`:`
    : sh`find ${files} ! -path ${`*${newline}*`} -exec ${`${checksum}sum`} -- {} + 2>/dev/null
printf '\0'
find ${files} -path ${`*${newline}*`} -exec sh -c ${sumEach(`${checksum}sum`).text} sh {} + 2>/dev/null
printf '\0'`
}
fi
cd /`
}

/** One walk for names and what `stat` knows, one to count, and one each where content is looked at. */
export function findScript(request: FindRequest): Script {
  const { contains, checksum, paths } = request
  const expression = `^(${contains ?? ''})`
  return sh`LC_ALL=C; export LC_ALL
expression=${expression}; export expression
date +%s
printf '\0'
c=0
${contains === undefined ? sh`:` : sh`echo | grep -E -e "$expression" >/dev/null 2>&1; [ $? -lt 2 ] || c=grep`}
${checksum === undefined ? sh`:` : sh`command -v ${`${checksum}sum`} >/dev/null || c=sum`}
printf '%s\0' "$c"
if [ "$c" = 0 ]; then :
${inLines(paths.map((path) => walk(path, request)))}
fi`
}
