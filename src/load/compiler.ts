import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { ownRoot } from '../util/own-root.ts'

/** TypeScript's native compiler. Its JavaScript wrapper would cost a second Node process. */
export interface Compiler {
  readonly binary: string
  readonly version: string
}

/** @throws RollcallError when the package of this platform is not installed. */
export function findCompiler(): Compiler {
  const manifest = createRequire(join(ownRoot(), 'package.json')).resolve('typescript/package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const platform = `@typescript/typescript-${process.platform}-${process.arch}`
  try {
    const binary = join(
      dirname(createRequire(manifest).resolve(`${platform}/package.json`)),
      'lib',
      process.platform === 'win32' ? 'tsc.exe' : 'tsc',
    )
    if (existsSync(binary)) return { binary, version }
  } catch {
    // Told below: not installed and not complete call for the same remedy.
  }
  throw new RollcallError({
    summary: `TypeScript's compiler is not installed for this platform`,
    detail: `${platform} is an optional dependency of typescript; an installation with --omit=optional leaves it out`,
    fix: `Install it, then run again:\ncd ${ownRoot()} && npm ci --ignore-scripts --include=optional`,
    exitCode: 1,
  })
}

/**
 * It lives for less than a second, so collecting garbage is work for nothing until there is much of it. An operator may set both.
 * https://pkg.go.dev/runtime#hdr-Environment_Variables
 */
const memory = { GOGC: 'off', GOMEMLIMIT: '1GiB' }

/** What the compiler printed for the project of `config`. In one thread, which costs half of what several do to be ready as soon. */
export async function compile(compiler: Compiler, root: string, config: string): Promise<string> {
  const child = spawn(compiler.binary, ['-p', config, '--pretty', 'false', '--listFiles', '--singleThreaded'], {
    cwd: root,
    env: { ...memory, ...process.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (data: Buffer) => output.push(data))
  child.stderr.on('data', (data: Buffer) => errors.push(data))
  const ended = await new Promise<string | number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code))
  })
  // 0: no message · 1 and 2: messages. Anything else is not a verdict.
  if (ended === 0 || ended === 1 || ended === 2) return Buffer.concat(output).toString('utf8')
  throw new RollcallError({
    summary: 'The TypeScript compiler failed',
    detail: `${compiler.binary} ended with ${ended}\n${Buffer.concat(errors).toString('utf8').trim().slice(-2000)}`,
    fix: 'Run again; if it fails again, install the dependencies anew:\nnpm ci --ignore-scripts --include=optional',
    exitCode: 1,
  })
}
