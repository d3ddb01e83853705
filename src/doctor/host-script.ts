import { type Script, sh } from '../util/sh.ts'

/** Programs that modules of Rollcall use on hosts. */
const tools = 'cat chmod chown cp date df find grep head id ln ls mkdir mktemp mv readlink rm sed sha256sum sort stat tail tr wc'.split(' ')
/** Those that only some modules need, and the modules. */
const optional = ['apt-get', 'dpkg-query', 'systemctl']
/** Places that runs write to. */
const places = ['/tmp', '/var', '/var/lib', '/etc']

/** What a host says of itself in lines of `word values`; starts few processes and changes nothing. */
export function hostScript(): Script {
  return sh`for t in ${tools}; do command -v "$t" >/dev/null 2>&1 || printf 'missing %s\n' "$t"; done
[ "$(printf xy | head -c 1 2>/dev/null)" = x ] || printf 'missing head -c\n'
stat -c %a / >/dev/null 2>&1 || printf 'missing stat -c\n'
for t in ${optional}; do command -v "$t" >/dev/null 2>&1 || printf 'lacks %s\n' "$t"; done
date '+time %s' 2>/dev/null
for d in ${places} "$HOME"; do
  [ -d "$d" ] || { printf 'nodir %s\n' "$d"; continue; }
  df -Pk "$d" 2>/dev/null | { while read -r fs size used free rest; do f=$free; done; printf 'disk %s %s\n' "$f" "$d"; }
done
[ -w /tmp ] || printf 'readonly /tmp\n'
if [ -r /proc/mounts ]; then
  while read -r dev mount type options rest; do
    case $mount in /|/etc|/home|/opt|/tmp|/usr|/var|/var/*) ;; *) continue ;; esac
    case ,$options, in *,ro,*) printf 'readonly %s\n' "$mount" ;; esac
  done </proc/mounts
fi
[ -n "$HOME" ] && [ -d "$HOME" ] && [ -w "$HOME" ] || printf 'nohome %s\n' "$HOME"
printf 'end\n'`
}

/** What {@link hostScript} said. */
export interface HostSaid {
  readonly missing: readonly string[]
  readonly lacks: readonly string[]
  readonly readonly: readonly string[]
  readonly noHome?: string
  /** Seconds since 1970. */
  readonly time?: number
  readonly disks: readonly { readonly place: string; readonly freeKb: number }[]
  /** Whether it came to its end. */
  readonly whole: boolean
}

export function parseHost(stdout: string): HostSaid {
  const lines = stdout.split('\n').map((line) => /^(\S+) ?(.*)$/.exec(line))
  const of = (word: string) => lines.flatMap((line) => (line?.[1] === word ? [line[2]!] : []))
  const [time] = of('time')
  const [noHome] = of('nohome')
  return {
    missing: of('missing'),
    lacks: of('lacks'),
    readonly: [...new Set(of('readonly'))],
    ...(noHome !== undefined && { noHome }),
    ...(time !== undefined && /^\d+$/.test(time) && { time: Number(time) }),
    disks: of('disk').flatMap((line) => {
      const [, free, place] = /^(\d+) (.*)$/.exec(line) ?? []
      return free === undefined || place === undefined ? [] : [{ place, freeKb: Number(free) }]
    }),
    whole: lines.some((line) => line?.[1] === 'end'),
  }
}
