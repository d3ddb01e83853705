import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testFolder } from './folder.ts'
import { makeRoot } from './guest-root.ts'

/** A container of real podman, and a folder with `podman` and `docker` that reach it, to come first in PATH. */
export interface TestContainer {
  readonly name: string
  readonly programs: string
  podman(...words: readonly string[]): string
  stop(): Promise<void>
}

// cgroup2 alone, whatever this machine has mounted.
const keeper = 'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && mount -t proc proc /proc && { echo up; read end; }'

/**
 * Starts a container of busybox. Podman and all it starts live in namespaces of a process that ends with this one, so nothing is left
 * however the tests end.
 */
export async function startContainer(env: Readonly<Record<string, string>>, folders: readonly string[] = []): Promise<TestContainer> {
  const folder = testFolder()
  const [root, store, run, programs] = ['root', 'store', 'run', 'programs'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ]
  const child = spawn('unshare', ['--fork', '--kill-child', '--pid', '--mount', '--cgroup', 'sh', '-c', keeper], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const [up] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [Buffer | number]
  if (String(up).trim() !== 'up') throw new Error(`no namespaces for podman: ${said}`)
  const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
  const words = `--root ${store} --runroot ${run} --tmpdir ${run}/tmp --storage-driver vfs --runtime crun --cgroup-manager cgroupfs --events-backend file`
  execFileSync('mkdir', [programs])
  // Podman understands what docker does, so it stands for that, too.
  for (const name of ['podman', 'docker'])
    writeFileSync(join(programs, name), `#!/bin/sh\nexec nsenter -t ${inside} -m -p -C -- /usr/bin/podman ${words} "$@"\n`, { mode: 0o755 })
  const podman = (...more: readonly string[]) =>
    execFileSync(join(programs, 'podman'), more, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const name = 'honor-viper'
  podman(
    ...['run', '--detach', '--name', name, '--network', 'none', '--cgroups=disabled'],
    ...['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=1000:1000'],
    ...folders.flatMap((each) => ['-v', `${each}:${each}`]),
    ...Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
    ...['--rootfs', makeRoot(root), 'sleep', '100000'],
  )
  return {
    name,
    programs,
    podman,
    async stop() {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}
