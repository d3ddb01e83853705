import type { OsFacts } from '../model/facts.ts'
import { sh } from '../util/sh.ts'
import { type FactFamily, recordsOf } from './family.ts'

// The fully qualified name is looked for in /etc/hosts only: asking DNS can hang for many seconds. Its length is
// bounded, since `read` takes a system call for each byte and some hosts block advertisers with 100,000 lines.
const script = sh`
set -f
hostname= kernel= architecture=
if [ -r /proc/sys/kernel/hostname ]; then read -r hostname </proc/sys/kernel/hostname; fi
if [ -r /proc/sys/kernel/osrelease ]; then read -r kernel </proc/sys/kernel/osrelease; fi
if [ -r /proc/sys/kernel/arch ]; then read -r architecture </proc/sys/kernel/arch; fi
[ -n "$hostname" ] || hostname=$(uname -n)
[ -n "$kernel" ] || kernel=$(uname -r)
[ -n "$architecture" ] || architecture=$(uname -m)
text="hostname $hostname
kernel $kernel
architecture $architecture"
release=/etc/os-release
[ -r "$release" ] || release=/usr/lib/os-release
if [ -r "$release" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in ID=*|ID_LIKE=*|VERSION_ID=*|VERSION_CODENAME=*) text="$text
release $line";; esac
  done <"$release"
fi
case $hostname in *.*) ;; *)
  if [ -r /etc/hosts ]; then
    lines=0
    while [ "$lines" -lt 500 ] && read -r address names; do
      lines=$((lines + 1))
      case $address in '#'*) continue;; esac
      for name in $names; do
        case $name in '#'*) break;; "$hostname".*) text="$text
fqdn $name"; break 2;; esac
      done
    done </etc/hosts
  fi;;
esac
for tool in apt-get dnf zypper pacman apk; do
  if command -v "$tool" >/dev/null 2>&1; then text="$text
tool $tool"; fi
done
first= service=
if [ -r /proc/1/comm ]; then read -r first </proc/1/comm; fi
if [ -d /run/systemd/system ]; then service=systemd
elif [ -d /run/openrc ]; then service=openrc
elif [ "$first" = runit ] || [ -d /run/runit ]; then service=runit
elif [ "$first" = init ] && [ -r /etc/inittab ] && [ -d /etc/init.d ]; then service=sysvinit
fi
printf "$head%s\nservice %s\n" "$text" "$service"
set +f
`

const osFamilies: { readonly [id: string]: OsFacts['osFamily'] } = {
  debian: 'debian',
  ubuntu: 'debian',
  raspbian: 'debian',
  rhel: 'redhat',
  fedora: 'redhat',
  centos: 'redhat',
  rocky: 'redhat',
  almalinux: 'redhat',
  ol: 'redhat',
  amzn: 'redhat',
  suse: 'suse',
  opensuse: 'suse',
  'opensuse-leap': 'suse',
  'opensuse-tumbleweed': 'suse',
  sles: 'suse',
  arch: 'arch',
  archarm: 'arch',
  manjaro: 'arch',
  alpine: 'alpine',
}
const managers: readonly (readonly [tool: string, manager: OsFacts['packageManager'], of: OsFacts['osFamily']])[] = [
  ['apt-get', 'apt', 'debian'],
  ['dnf', 'dnf', 'redhat'],
  ['zypper', 'zypper', 'suse'],
  ['pacman', 'pacman', 'arch'],
  ['apk', 'apk', 'alpine'],
]
const serviceManagers: readonly OsFacts['serviceManager'][] = ['systemd', 'openrc', 'runit', 'sysvinit']

/** A value of os-release as a shell would read it: quoted either way, with backslashes, or plain. */
function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1\s*$/.exec(value)
  if (quoted?.[1] === `'`) return quoted[2]!
  return (quoted ? quoted[2]! : value.trim()).replace(/\\(.)/g, '$1')
}

function parse(stdout: Uint8Array): OsFacts {
  const records = recordsOf(stdout)
  const one = (word: string): string => records(word)[0]?.trim() ?? ''
  const nodeName = one('hostname')
  if (!/^[^\s.]/.test(nodeName)) throw new Error('the host gave no host name')
  const [kernel, architecture] = [one('kernel'), one('architecture')]
  if (kernel === '' || architecture === '') throw new Error('the host did not say its kernel and architecture (/proc/sys/kernel, uname)')
  const release = new Map(records('release').map((line) => [line.slice(0, line.indexOf('=')), unquote(line.slice(line.indexOf('=') + 1))]))
  // os-release(5): ID is `linux` where the file does not say.
  const distribution = release.get('ID') || 'linux'
  const alike = [distribution, ...(release.get('ID_LIKE') ?? '').split(/\s+/)]
  const osFamily =
    alike.map((id) => (Object.hasOwn(osFamilies, id) ? osFamilies[id] : undefined)).find((found) => found !== undefined) ?? 'other'
  // A tool of another family may be installed too (Debian packages dnf, and a game called pacman).
  const installed = managers.filter(([tool]) => records('tool').includes(tool))
  return {
    hostname: nodeName.split('.')[0]!,
    fqdn: nodeName.includes('.') ? nodeName : one('fqdn') || nodeName,
    distribution,
    distributionVersion: release.get('VERSION_ID') ?? '',
    distributionRelease: release.get('VERSION_CODENAME') ?? '',
    osFamily,
    kernel,
    architecture,
    packageManager: (installed.find(([, , of]) => of === osFamily) ?? installed[0])?.[1] ?? 'unknown',
    serviceManager: serviceManagers.find((name) => name === one('service')) ?? 'unknown',
  }
}

/** The operating system. `hostname` is short, `fqdn` is the dotted node name or the one in /etc/hosts, never asked of DNS. */
export const os: FactFamily<'os'> = {
  name: 'os',
  fields: {
    hostname: 'always',
    fqdn: 'always',
    distribution: 'always',
    distributionVersion: 'always',
    distributionRelease: 'always',
    osFamily: 'always',
    kernel: 'always',
    architecture: 'always',
    packageManager: 'always',
    serviceManager: 'always',
  },
  script,
  parse,
}
