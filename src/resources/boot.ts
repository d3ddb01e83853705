import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'

/** One boot of a host. */
export interface BootState {
  /** Another after each boot; empty where the host does not tell. */
  readonly id: string
}

/** Sets `boot` to what names this boot: the kernel's random id, or where it has none the time of the boot. Starts no process. */
export const readBoot = new Script(`boot=
if [ -r /proc/sys/kernel/random/boot_id ]; then read -r boot </proc/sys/kernel/random/boot_id
elif [ -r /proc/stat ]; then
  while read -r name value rest; do [ "$name" != btime ] || boot=$value; done </proc/stat
fi`)

/** Which boot a host is in. Live: it is compared with what is read after another. */
export const bootKind: ResourceKind<BootState> = {
  name: 'boot',
  needs: ['id'],
  freshness: 'live',
  script: () => sh`${readBoot}
printf '%s\n' "$boot"
exit 0`,
  parse: (stdout, requests) => requests.map(() => ({ id: Buffer.from(stdout).toString('utf8').trim() })),
  describe: ({ id }) => ({ fields: { boot: id } }),
  absent: ({ id }) => id === '',
}

/** Reads which boot the host is in. */
export function boot(): Read<BootState> {
  return readOf(bootKind, 'host')
}
