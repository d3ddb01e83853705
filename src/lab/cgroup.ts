import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { identify, sleep } from './process.ts'

const prefix = 'rollcall-lab-'

/** Where this machine has its cgroup2 hierarchy: `/sys/fs/cgroup`, or `…/unified` beside version 1. */
export function cgroup2Mount(): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  return mounts.find(([, , type, options]) => type === 'cgroup2' && !options?.split(',').includes('ro'))?.[1]
}

/** The folder of a lab is named for its supervisor, which is how {@link pruneCgroups} knows the dead ones. */
export function makeCgroup(supervisorPid: number): string {
  const mount = cgroup2Mount()
  if (mount === undefined) {
    throw new RollcallError({
      summary: `The lab's hosts need a cgroup2 hierarchy that can be written`,
      detail: 'systemd as PID 1 of a host refuses to start without one',
      fix: 'As root:\nmount -t cgroup2 cgroup2 /sys/fs/cgroup\nIn a container: start it privileged.',
    })
  }
  const folder = join(mount, `${prefix}${supervisorPid}`)
  mkdirSync(folder, { recursive: true })
  return folder
}

function removeLeafFirst(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeLeafFirst(join(folder, entry.name))
  }
  rmdirSync(folder)
}

/** Removes a lab's cgroups; processes that are still ending get three seconds. Whatever then remains is pruned by a later start. */
export async function removeCgroup(folder: string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    try {
      removeLeafFirst(folder)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      await sleep(50)
    }
  }
}

/** Removes the empty cgroups of labs whose supervisor was killed and could not do it. */
export function pruneCgroups(): void {
  const mount = cgroup2Mount()
  if (mount === undefined) return
  for (const name of readdirSync(mount)) {
    if (!name.startsWith(prefix) || identify(Number(name.slice(prefix.length))) !== undefined) continue
    try {
      removeLeafFirst(join(mount, name))
    } catch {
      // Something lives in it after all: not ours to remove.
    }
  }
}
