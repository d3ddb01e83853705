import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { HostSource } from '../model/sourced.ts'
import { errorText } from '../util/error-text.ts'

/** Why a source gave no answer, and what to do. */
export class SourceFailed extends Error {
  override readonly name = 'SourceFailed'
  readonly fix: string
  constructor(message: string, fix: string) {
    super(message)
    this.fix = fix
  }
}

/** More than any inventory is: a command that prints without end is stopped. */
const mostBytes = 64 * 1024 * 1024
const tailLines = 10

/**
 * Asks a source once.
 * @returns What it says: parsed JSON, or what the function gave; nobody has looked at it yet. And its text, where it is one.
 * @throws SourceFailed
 */
export async function askSource(
  { name, from, timeout }: HostSource,
  root: string,
): Promise<{ readonly value: unknown; readonly text?: string }> {
  if ('file' in from) return parse(await read(resolve(root, from.file), from.file), from.file)
  if ('argv' in from) return parse(await runCommand(from.argv, root, timeout), `the output of ${from.argv.join(' ')}`)
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const lateness = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late.abort()
      reject(new SourceFailed(`it did not answer within ${timeout} s`, slow))
    }, timeout * 1000)
  })
  try {
    return { value: await Promise.race([from.load({ signal: late.signal }), lateness]) }
  } catch (error) {
    if (error instanceof SourceFailed) throw error
    const message = error instanceof Error ? error.message : errorText(error)
    throw new SourceFailed(message, `Correct the function '${name}', or what it asks.`)
  } finally {
    clearTimeout(timer)
  }
}

const slow = 'See why it takes so long, or give it more: timeout: 120'

async function read(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new SourceFailed((error as Error).message, `Write ${shown}, or correct its path, which begins at the project's root.`)
  }
}

function parse(text: string, what: string): { readonly value: unknown; readonly text: string } {
  try {
    return { value: JSON.parse(text) as unknown, text }
  } catch (error) {
    const begins = text.trim() === '' ? 'it is empty' : (error as Error).message
    throw new SourceFailed(`${what} is no JSON: ${begins}`, 'It is one object: { "hosts": { "web-1": { "groups": ["web"] } } }')
  }
}

/** Without a shell, in the project's root. A command that is late is ended with all that it has started. */
async function runCommand(argv: readonly string[], root: string, timeout: number): Promise<string> {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const output: Buffer[] = []
  let size = 0
  let problems = ''
  let ended: string | undefined
  const end = (reason: string) => {
    ended ??= reason
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  child.stdout.on('data', (data: Buffer) => {
    size += data.length
    if (size > mostBytes) end(`it printed more than ${mostBytes / 1024 / 1024} MiB`)
    else output.push(data)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problems = (problems + text).slice(-10_000)
  })
  const timer = setTimeout(() => end(`it did not end within ${timeout} s`), timeout * 1000)
  const said = () => {
    const lines = problems.trimEnd().split('\n').slice(-tailLines)
    return lines.join('\n').trim() === '' ? [] : lines
  }
  try {
    const how = await new Promise<string | undefined>((done, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) =>
        done(code === 0 ? undefined : `it ended with ${signal === null ? `exit code ${code}` : signal}`),
      )
    })
    const wrong = ended ?? how
    if (wrong === undefined) return Buffer.concat(output).toString('utf8')
    const fix = ended ? slow : `Run it by hand in the project's root:\n${argv.join(' ')}`
    throw new SourceFailed([wrong, ...said()].join('\n'), fix)
  } catch (error) {
    if (error instanceof SourceFailed) throw error
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new SourceFailed(
      missing ? `there is no program '${file}'` : (error as Error).message,
      missing ? "A path begins at the project's root: ./inventory/hosts.py" : `Make it a program that may be run: chmod +x ${file}`,
    )
  } finally {
    clearTimeout(timer)
  }
}
