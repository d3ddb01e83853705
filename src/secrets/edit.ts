import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'

export interface EditOptions {
  readonly env: { readonly [name: string]: string | undefined }
  /** Gets a line that the person at the editor should know. */
  readonly note: (line: string) => void
  /** Says what is wrong with a text; undefined when it is right. */
  readonly problemOf: (text: string) => string | undefined
  /** Whether to edit once more a text that is wrong. */
  readonly again: () => Promise<boolean>
  /** Runs the editor while Ctrl-C is its own business. */
  readonly lend: <T>(work: () => Promise<T>) => Promise<T>
}

const tmpfs = 0x01021994

/**
 * Lets the user's editor change a text. The text lies in a folder of its own, in memory where there is such a file system,
 * and the folder, with whatever the editor left in it, is removed in every case but a kill -9.
 * @throws RollcallError when the editor fails, or leaves a text that is wrong and is not edited again: nothing is to be saved.
 */
export async function editText(text: string, options: EditOptions): Promise<string> {
  const base = memoryFolder()
  if (base === undefined) options.note(`no file system in memory here: the text lies in ${tmpdir()} while you edit it`)
  const folder = mkdtempSync(join(base ?? tmpdir(), 'rollcall-secret-'))
  let editor: ChildProcess | undefined
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const end = (signal: NodeJS.Signals, code: number) => () => {
    editor?.kill(signal)
    remove()
    process.exit(code)
  }
  const handlers = [
    ['SIGTERM', end('SIGTERM', 143)],
    ['SIGHUP', end('SIGHUP', 129)],
  ] as const
  process.on('exit', remove)
  for (const [signal, handler] of handlers) process.on(signal, handler)
  try {
    const file = join(folder, 'secrets.json')
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
    for (;;) {
      await options.lend(() => runEditor(file, options.env, (child) => (editor = child)))
      const edited = readEdited(file)
      const problem = options.problemOf(edited)
      if (problem === undefined) return edited
      options.note(problem)
      if (!(await options.again()))
        throw new RollcallError({ summary: 'The text is wrong, so nothing was saved', detail: problem, fix: 'Edit it again.', exitCode: 1 })
    }
  } finally {
    remove()
    process.off('exit', remove)
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}

function readEdited(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const details = {
      summary: 'The editor left no file, so nothing was saved',
      fix: 'Edit it again, and save it under the name it has.',
      exitCode: 1,
    }
    throw new RollcallError(details, { cause })
  }
}

function memoryFolder(): string | undefined {
  try {
    return statfsSync('/dev/shm').type === tmpfs ? '/dev/shm' : undefined
  } catch {
    return undefined
  }
}

function runEditor(file: string, env: EditOptions['env'], started: (child: ChildProcess) => void): Promise<void> {
  const editor = env.VISUAL || env.EDITOR || 'vi'
  return new Promise((resolve, reject) => {
    // By a shell, for the variable may hold arguments: `code --wait`.
    const child = spawn('/bin/sh', ['-c', `exec ${editor} "$1"`, 'sh', file], { stdio: 'inherit', env: { ...env } as NodeJS.ProcessEnv })
    started(child)
    const failed = (detail: string) =>
      reject(
        new RollcallError({
          summary: 'The editor failed, so nothing was saved',
          detail: `${editor}: ${detail}`,
          fix: 'Name one that works here, and waits until you are done:\nexport EDITOR=nano',
          exitCode: 1,
        }),
      )
    child.once('error', (error) => failed(error.message))
    child.once('exit', (code, signal) => (code === 0 ? resolve() : failed(signal === null ? `exit code ${code}` : `ended by ${signal}`)))
  })
}
