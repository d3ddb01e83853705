import { Script, sh } from '../util/sh.ts'

const bounded = new Script(`bounded() { if command -v timeout >/dev/null; then timeout "$patience" "$@"; else "$@"; fi; }`)

// Whichever the host has. An attempt is bounded, as a filtered port would hold it for minutes. The kernel's own table
// comes last: it knows only listeners of this host, not who may reach them.
const tries = new Script(`look() {
  if command -v bash >/dev/null; then bounded bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port"
  elif command -v perl >/dev/null; then bounded perl -MIO::Socket::IP -e 'exit !IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2])' "$host" "$port" "$patience"
  elif command -v nc >/dev/null; then
    case $(nc -h 2>&1) in
      *-z*) nc -z -w "$patience" "$host" "$port" </dev/null;;
      *BusyBox*) nc -w "$patience" "$host" "$port" -e true </dev/null;;
      *) bounded nc "$host" "$port" </dev/null;;
    esac
  elif command -v curl >/dev/null; then curl -s -m "$patience" -o /dev/null -w '%{time_connect}' "telnet://$host:$port" </dev/null | grep -q '[1-9]'
  elif [ -r /proc/net/tcp ]; then
    case $host in 127.*|localhost|::1) ;; *) echo 'this host has none of bash, perl, nc and curl to reach another with' >&2; exit 2;; esac
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ":$hex [0-9A-F]*:0000 0A "
  else
    echo 'this host has none of bash, perl, nc, curl and /proc to look with' >&2
    exit 2
  fi
}`)

/** Defines `look`: true when a TCP connection can be made. */
export function portAnswers(host: string, port: number, connectTimeout: number): Script {
  return sh`host=${host} port=${port} patience=${Math.ceil(connectTimeout)} hex=${hexPort(port)}
${bounded}
${tries}`
}

/** Defines `look`: true when something stands at the path. */
export function pathIsThere(path: string): Script {
  return sh`look() { [ -e ${path} ] || [ -L ${path} ]; }`
}

/** What grep is asked for. */
export interface Pattern {
  /** Extended regular expression of POSIX. */
  readonly extended: string
  readonly ignoreCase: boolean
}

function matcher({ extended, ignoreCase }: Pattern): Script {
  return sh`matching() { tr -d '\000\r' | grep -E -m 1 ${ignoreCase ? ['-i'] : []} -e ${extended}; }`
}

/** Defines `look`: true when a line of the file matches; it prints the line. */
export function fileMatches(path: string, pattern: Pattern): Script {
  return sh`${matcher(pattern)}
look() { [ -f ${path} ] && [ -r ${path} ] && matching <${path}; }`
}

// The server may say its line and keep the connection: what it has said so far is looked at while it may go on.
const listen = new Script(`said=$(mktemp) || exit 2
trap 'rm -f -- "$said"' EXIT
say() {
  if command -v bash >/dev/null; then bounded bash -c 'exec 3<>"/dev/tcp/$0/$1" && exec cat <&3' "$host" "$port"
  elif command -v perl >/dev/null; then bounded perl -MIO::Socket::IP -e '$| = 1; $s = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2]) or exit 1; print $b while sysread $s, $b, 4096' "$host" "$port" "$patience"
  elif command -v nc >/dev/null; then sleep "$patience" | bounded nc "$host" "$port"
  elif command -v curl >/dev/null; then sleep "$patience" | curl -s -N -m "$patience" "telnet://$host:$port"
  else
    return 2
  fi
}
command -v bash >/dev/null || command -v perl >/dev/null || command -v nc >/dev/null || command -v curl >/dev/null || {
  echo 'this host has none of bash, perl, nc and curl to listen with' >&2
  exit 2
}
look() {
  ( say ) >"$said" 2>/dev/null &
  speaker=$!
  while kill -0 "$speaker" 2>/dev/null; do
    if matching <"$said"; then
      kill "$speaker" 2>/dev/null
      return 0
    fi
    sleep 0.2 2>/dev/null || sleep 1
  done
  matching <"$said"
}`)

/** Defines `look`: true when a line that the port says of itself matches; it prints the line. */
export function portSays(host: string, port: number, connectTimeout: number, pattern: Pattern): Script {
  return sh`host=${host} port=${port} patience=${Math.ceil(connectTimeout)}
${bounded}
${matcher(pattern)}
${listen}`
}

/** The kernel's words for the states of a TCP connection. */
export const connectionStates = {
  ESTABLISHED: '01',
  SYN_SENT: '02',
  SYN_RECV: '03',
  FIN_WAIT1: '04',
  FIN_WAIT2: '05',
  TIME_WAIT: '06',
} as const

/** Which connections count as such of the port. Addresses are those of numbers, as the kernel's table has no names. */
export interface Drained {
  readonly port: number
  readonly states: readonly (keyof typeof connectionStates)[]
  /** Only connections to this address of the host. */
  readonly host: string | undefined
  readonly excludeHosts: readonly string[]
}

/** Defines `look`: true while the port has connections. */
export function portIsBusy({ port, states, host, excludeHosts }: Drained): Script {
  const local = host === undefined ? '[0-9A-F]*' : `(${hexAddress(host).join('|')})`
  const codes = states.map((state) => connectionStates[state]).join('|')
  const busy = `^ *[0-9]+: ${local}:${hexPort(port)} [0-9A-F]+:[0-9A-F]+ (${codes}) `
  const others = excludeHosts.flatMap(hexAddress)
  const spared = others.length === 0 ? sh`cat` : sh`grep -E -v ${`^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ (${others.join('|')}):`}`
  return sh`[ -r /proc/net/tcp ] || { echo 'this host has no /proc/net/tcp to tell its connections' >&2; exit 2; }
look() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -E ${busy} | ${spared} | grep -q .; }`
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}

const byte = (number: number) => number.toString(16).toUpperCase().padStart(2, '0')

/** How the kernel writes an address, on machines of either byte order, and of IPv4 also as IPv6 sees it. Undefined: no number. */
function hexAddress(address: string): readonly string[] {
  const bytes = bytesOf(address)!
  const words = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.slice(index * 4, index * 4 + 4))
  const both = [words.map((word) => word.toReversed()), words].map((order) => order.flat().map(byte).join(''))
  return bytes.length === 4 ? both.flatMap((text) => [text, `0000000000000000FFFF0000${text}`, `00000000000000000000FFFF${text}`]) : both
}

/** The bytes of an address of numbers; undefined for a name. */
export function bytesOf(address: string): readonly number[] | undefined {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number)
  if (four) return four.every((number) => number < 256) ? four : undefined
  if (!/^[0-9A-Fa-f:]+$/.test(address) || address.split('::').length > 2) return undefined
  const [head = '', tail] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const gap = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  if (gap < 0) return undefined
  const all = [...groups(head), ...Array.from({ length: gap }, () => '0'), ...groups(tail ?? '')]
  if (all.length !== 8 || all.some((group) => !/^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
}

const loop = new Script(`began=$(date +%s)
[ "$delay" = 0 ] || sleep "$delay"
while :; do
  line=$(look)
  case $? in 0) there=yes;; 2) exit 2;; *) there=no;; esac
  now=$(date +%s)
  if [ "$there" = "$wanted" ]; then printf '%s\\n%s\\n' "$((now - began))" "$line"; exit 0; fi
  [ "$((now - began))" -lt "$limit" ] || { echo "$((now - began))"; exit 1; }
  sleep "$pause"
done`)

interface Times {
  readonly timeout: number
  readonly delay: number
  readonly sleep: number
}

/** Looks until it is as wanted or the time is over (exit code 1); prints the seconds, then the line that matched. */
export function waitUntil(look: Script, wanted: boolean, { timeout, delay, sleep }: Times): Script {
  return sh`${look}
wanted=${wanted ? 'yes' : 'no'} limit=${Math.ceil(timeout)} delay=${delay} pause=${sleep}
${loop}`
}
