import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { explainMaster } from './openssh-errors.ts'
import { givePassword, makeFolder, masterWords, neverAsk, type PasswordGiver } from './openssh-master.ts'
import { notStarted, option } from './openssh-program.ts'
import type { OpensshTarget } from './openssh-target.ts'

/** How a master that outlives us is started. */
export interface KeptMasterOptions {
  readonly socket: string
  readonly persistSeconds: number
  /** Another way to start a program, e.g. in a network namespace. */
  readonly wrap?: (argv: readonly string[]) => readonly string[]
}

/**
 * Logs in by the system's ssh and leaves the login to it (`ssh -f`, ControlMaster, ControlPersist): it ends by itself
 * when its socket was not used for so long, or when the host does not answer any more.
 * @throws UnreachableError when the host does not answer in time, or refuses the login.
 * @throws RollcallError when its key does not pass, or ssh is missing.
 */
export async function startKeptMaster(
  target: OpensshTarget,
  { socket, persistSeconds, wrap = (argv) => argv }: KeptMasterOptions,
): Promise<void> {
  let password: PasswordGiver | undefined
  let folder: string | undefined
  try {
    if (target.password !== undefined) {
      folder = makeFolder()
      password = await givePassword(target, target.password.reveal(), folder)
    }
    const life = ['-f', ...option('ControlPersist', String(persistSeconds))]
    const words = masterWords(target, socket, password !== undefined, life)
    await loggedIn(target, wrap([target.program, ...words]), { ...process.env, ...(password?.env ?? neverAsk) })
  } finally {
    password?.forget()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}

/** ssh goes into the background when it has logged in: the process that we started ends then. */
function loggedIn(target: OpensshTarget, [program = '', ...words]: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    // A session of its own: without a terminal nothing can ask there, and Ctrl-C is not for it.
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-8192)
    })
    child.stderr.on('error', () => undefined)
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      settle(explainMaster(target, said, `no answer within ${target.connectTimeoutMs / 1000} s`))
    }, target.connectTimeoutMs)
    const settle = (error?: Error) => {
      clearTimeout(timer)
      // Older ssh holds it open as long as it lives.
      child.stderr.destroy()
      if (error) reject(error)
      else resolve()
    }
    child.once('error', (error) => settle(notStarted(program, error)))
    // What it said last may still be on its way.
    child.once('exit', (code) => (code === 0 ? settle() : child.once('close', () => settle(explainMaster(target, said)))))
  })
}
