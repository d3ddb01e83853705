import { Script, sh } from '../util/sh.ts'

// Whichever the host has. An attempt is bounded, as a filtered port would hold it for minutes. The kernel's own table
// comes last: it knows only listeners of this host, not who may reach them.
const tries = new Script(`bounded() { if command -v timeout >/dev/null; then timeout 5 "$@"; else "$@"; fi; }
look() {
  if command -v bash >/dev/null; then bounded bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port"
  elif command -v perl >/dev/null; then bounded perl -MIO::Socket::IP -e 'exit !IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => 5)' "$host" "$port"
  elif command -v nc >/dev/null; then
    case $(nc -h 2>&1) in
      *-z*) nc -z -w 5 "$host" "$port" </dev/null;;
      *BusyBox*) nc -w 5 "$host" "$port" -e true </dev/null;;
      *) bounded nc "$host" "$port" </dev/null;;
    esac
  elif command -v curl >/dev/null; then curl -s -m 5 -o /dev/null -w '%{time_connect}' "telnet://$host:$port" </dev/null | grep -q '[1-9]'
  elif [ -r /proc/net/tcp ]; then
    case $host in 127.*|localhost|::1) ;; *) echo 'this host has none of bash, perl, nc and curl to reach another with' >&2; exit 2;; esac
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ":$hex [0-9A-F]*:0000 0A "
  else
    echo 'this host has none of bash, perl, nc, curl and /proc to look with' >&2
    exit 2
  fi
}`)

/** Defines `look`: true when a TCP connection can be made. */
export function portAnswers(host: string, port: number): Script {
  return sh`host=${host} port=${port} hex=${port.toString(16).toUpperCase().padStart(4, '0')}
${tries}`
}

/** Defines `look`: true when something stands at the path. */
export function pathIsThere(path: string): Script {
  return sh`look() { [ -e ${path} ] || [ -L ${path} ]; }`
}

const loop = new Script(`began=$(date +%s)
[ "$delay" = 0 ] || sleep "$delay"
while :; do
  if look >/dev/null; then there=yes; else there=no; fi
  now=$(date +%s)
  if [ "$there" = "$wanted" ]; then echo "$((now - began))"; exit 0; fi
  [ "$((now - began))" -lt "$limit" ] || exit 1
  sleep "$pause"
done`)

interface Times {
  readonly timeout: number
  readonly delay: number
  readonly sleep: number
}

/** Looks until it is as wanted (prints the seconds) or the time is over (exit code 1). */
export function waitUntil(look: Script, wanted: boolean, { timeout, delay, sleep }: Times): Script {
  return sh`${look}
wanted=${wanted ? 'yes' : 'no'} limit=${Math.ceil(timeout)} delay=${delay} pause=${sleep}
${loop}`
}
