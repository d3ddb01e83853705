import { openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { guestEntry } from './guest-directory.ts'

/** How a container is entered. Held open: the number of a process that has ended may come again, and be one of this machine's own. */
export interface Namespaces {
  readonly words: readonly string[]
  /** The one that leads to its processes. */
  readonly pid: string
  readonly descriptors: readonly number[]
}

const kinds = { mount: 'mnt', uts: 'uts', ipc: 'ipc', net: 'net', pid: 'pid', cgroup: 'cgroup' } as const

/** The first process of the container, by its number out here; undefined where it has ended. */
export function findInit(nspawn: number): number | undefined {
  const found = readdirSync('/proc').find((name) => {
    if (!/^[0-9]+$/.test(name)) return false
    const status = statusOf(name)
    return field(status, 'PPid') === String(nspawn) && field(status, 'NSpid')?.split('\t').at(-1) === '1'
  })
  return found === undefined ? undefined : Number(found)
}

/** Opens what leads into a container. */
export function openNamespaces(init: number): Namespaces {
  const descriptors: number[] = []
  const open = (path: string) => {
    const descriptor = openSync(path, 'r')
    descriptors.push(descriptor)
    return `/proc/${process.pid}/fd/${descriptor}`
  }
  // One's own user namespace cannot be entered again.
  const users = readlinkSync(`/proc/${init}/ns/user`) === readlinkSync('/proc/self/ns/user') ? {} : { user: 'user' }
  const words = Object.entries({ ...users, ...kinds }).map(([word, name]) => `--${word}=${open(`/proc/${init}/ns/${name}`)}`)
  const pid = words.find((word) => word.startsWith('--pid='))!
  return { words: [...words, `--wd=${open(`/proc/${init}/root`)}`], pid, descriptors }
}

/** What systemd-nspawn keeps from its first process, such as setting the clock, as words of setpriv. */
export function restrictions(init: number): readonly string[] {
  const status = statusOf(String(init))
  const bound = (text: string) => BigInt(`0x${field(text, 'CapBnd') ?? '0'}`)
  const [own, theirs] = [bound(statusOf('self')), bound(status)]
  const dropped = Array.from({ length: 64 }, (_, number) => number).filter((number) => ((own & ~theirs) >> BigInt(number)) & 1n)
  return [
    '--inh-caps=-all',
    ...(dropped.length > 0 ? [`--bounding-set=${dropped.map((number) => `-cap_${number}`).join(',')}`] : []),
    ...(field(status, 'NoNewPrivs') === '1' ? ['--no-new-privs'] : []),
  ]
}

/** What a system that stands in a directory calls itself. */
export function hostnameOf(directory: string): string {
  const own = guestEntry(directory, 'etc/hostname')?.isFile() ? readFileSync(join(directory, 'etc/hostname'), 'utf8').trim() : ''
  const isName = (name: string) =>
    name.length <= 64 && /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(name)
  return [own, basename(directory)].find(isName) ?? 'container'
}

function statusOf(process: string): string {
  try {
    return readFileSync(`/proc/${process}/status`, 'utf8')
  } catch {
    return '' // It has ended.
  }
}

function field(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\t(.*)$`, 'm').exec(status)?.[1]
}
