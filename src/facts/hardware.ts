import type { HardwareFacts } from '../model/facts.ts'
import { sh } from '../util/sh.ts'
import { type FactFamily, recordsOf } from './family.ts'

// One short file of /sys says which processors are online; /proc/cpuinfo of a 256-core host is 400 kB, which `read`
// takes byte by byte, so it is only the way out.
const script = sh`
text=
if [ -r /proc/meminfo ]; then
  while read -r name size unit; do
    case $name in MemTotal:|SwapTotal:) text="$text$name $size
";; esac
    case $name in SwapTotal:) break;; esac
  done </proc/meminfo
fi
online=
if [ -r /sys/devices/system/cpu/online ]; then read -r online </sys/devices/system/cpu/online; fi
if [ -n "$online" ]; then text="$text""online $online
"
elif [ -r /proc/cpuinfo ]; then
  count=0
  while read -r name rest; do
    case $name in processor) count=$((count + 1));; esac
  done </proc/cpuinfo
  text="$text""processors $count
"
fi
printf "$head%s" "$text"
`

/** Decimal digits and nothing else, so that `0x10`, `1e9` and `Infinity` are no amounts. */
const whole = (text: string | undefined): number => (text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN)

/** How many numbers a kernel list such as `0-3,6` names. */
function countOf(list: string): number {
  return list.split(',').reduce((sum, range) => {
    const [first, last = first] = range.trim().split('-')
    const count = whole(last) - whole(first) + 1
    return count > 0 ? sum + count : Number.NaN
  }, 0)
}

function parse(stdout: Uint8Array): HardwareFacts {
  const records = recordsOf(stdout)
  const mebibytes = (word: string): number => Math.floor(whole(records(word)[0]) / 1024)
  const memoryMb = mebibytes('MemTotal:')
  if (!(memoryMb > 0)) throw new Error('the host did not say how much memory it has (/proc/meminfo)')
  const online = records('online')[0]
  const cpuCount = online === undefined ? whole(records('processors')[0]) : countOf(online)
  if (!(cpuCount > 0)) throw new Error('the host did not say how many processors it has (/sys/devices/system/cpu/online, /proc/cpuinfo)')
  return { memoryMb, swapMb: mebibytes('SwapTotal:') || 0, cpuCount }
}

/** Memory and processors. A kernel without swap says nothing of it: `swapMb` is 0. */
export const hardware: FactFamily<'hardware'> = {
  name: 'hardware',
  fields: { memoryMb: 'always', swapMb: 'always', cpuCount: 'always' },
  script,
  parse,
}
