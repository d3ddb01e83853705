import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { testFolder } from './folder.ts'

/** An ssh-agent of one test. */
export interface TestAgent {
  readonly socket: string
  /** Loads a private key. */
  add(file: string): void
  stop(): void
}

/** Starts OpenSSH's agent, empty. */
export async function startAgent(): Promise<TestAgent> {
  const socket = join(testFolder(), 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10))
  return {
    socket,
    add: (file) => {
      const { status, stderr } = spawnSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
      if (status !== 0) throw new Error(`ssh-add: ${stderr}`)
    },
    stop: () => void agent.kill(),
  }
}
