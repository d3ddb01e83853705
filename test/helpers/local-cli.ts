import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** A user without rights, where the tests themselves run as root; else whoever runs them. */
export const nobody: { readonly uid?: number; readonly gid?: number } = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/** A folder that belongs to {@link nobody}, removed when the test file is done. */
export function folderOfNobody(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-local-'))
  if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid!)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A program in the place of sudo that lets everybody do everything, and writes down that it was asked. */
export function sudoIn(folder: string): { readonly PATH: string; readonly SUDO_LOG: string } {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(
    join(bin, 'sudo'),
    `#!/bin/sh
while getopts HSp:u: option; do case $option in u) user=$OPTARG;; esac; done
shift $((OPTIND - 1))
[ "$1" = -- ] && shift
echo "$user" >>"$SUDO_LOG"
BECAME=$user; export BECAME
exec "$@"
`,
  )
  chmodSync(join(bin, 'sudo'), 0o755)
  return { PATH: `${bin}:${process.env.PATH}`, SUDO_LOG: join(folder, 'sudo.log') }
}

/** A port of this machine that counts who connects, and says nothing. */
export function countingPort(): { readonly port: number; readonly connections: () => number } {
  let connections = 0
  let server: Server
  const sockets = new Set<{ destroy(): void }>()
  beforeAll(async () => {
    server = createServer((socket) => {
      connections += 1
      sockets.add(socket)
      socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    get port() {
      return (server.address() as { port: number }).port
    },
    connections: () => connections,
  }
}

/** Starts a program in a process group of its own, as a terminal's shell would. */
export function startInGroup(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly uid?: number; readonly gid?: number },
): ChildProcess {
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options })
}
