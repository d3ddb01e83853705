import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
// @ts-expect-error The build script is plain JavaScript, since it runs before anything is installed.
import { bundle, bundleProgram } from '../../scripts/build.mjs'
import { ownRoot } from '../../src/util/own-root.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A program of the tests, bundled together with Rollcall as the build does it. */
export interface BuiltProgram {
  readonly file: string
  run(
    args: readonly string[],
    options?: { readonly env?: NodeJS.ProcessEnv; readonly node?: string; readonly flags?: readonly string[] },
  ): Promise<Ran>
  remove(): void
}

/** For what holds only in the bundle and in a process of its own: Node's loader hooks, one instance of the model. */
export async function buildProgram(entry: string): Promise<BuiltProgram> {
  const root = ownRoot()
  const base = join(root, '.rollcall', `test-build-${process.pid}`)
  const folder = join(base, 'dist', '0123456789abcdef')
  await bundle(root, folder)
  await bundleProgram(root, folder, { cli: entry, index: 'src/index.ts', testing: 'src/testing/index.ts' })
  const file = join(folder, 'cli.cjs')
  return {
    file,
    run: (args, { env = {}, node = process.execPath, flags = [] } = {}) =>
      new Promise((resolve) => {
        execFile(node, [...flags, file, ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
        )
      }),
    remove: () => rmSync(base, { recursive: true, force: true }),
  }
}
