import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { run } from './process.ts'
import type { Progress } from './types.ts'

/** A program of this machine that the lab uses, and the Debian package that brings it. None of these starts a service. */
export interface Tool {
  readonly program: string
  readonly debianPackage: string
}

/** Needed whenever a lab starts. */
export const labTools: readonly Tool[] = [
  { program: 'unshare', debianPackage: 'util-linux' },
  { program: 'nsenter', debianPackage: 'util-linux' },
  { program: 'setpriv', debianPackage: 'util-linux' },
  { program: 'mount', debianPackage: 'mount' },
  { program: 'ip', debianPackage: 'iproute2' },
]

/** Needed once, to build the image. */
export const imageTools: readonly Tool[] = [
  { program: 'mmdebstrap', debianPackage: 'mmdebstrap' },
  { program: 'dpkg-deb', debianPackage: 'dpkg' },
]

const searchPath = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`

/** The tools that are not installed. */
export function missingTools(tools: readonly Tool[]): readonly Tool[] {
  return tools.filter(({ program }) => !searchPath.split(delimiter).some((folder) => existsSync(join(folder, program))))
}

/** The environment for programs of the lab: sbin is found also for callers whose PATH has none. */
export function toolEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: searchPath, LC_ALL: 'C', ...extra }
}

/**
 * Installs what is missing with this machine's apt.
 * @throws RollcallError with the command to give, when apt is not there or refuses.
 */
export async function installTools(tools: readonly Tool[], progress: Progress): Promise<void> {
  const missing = missingTools(tools)
  if (missing.length === 0) return
  const packages = [...new Set(missing.map((tool) => tool.debianPackage))]
  progress(`installing ${packages.join(' ')} on this machine`)
  const env = toolEnvironment({ DEBIAN_FRONTEND: 'noninteractive' })
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...packages]
  let result = await run(install, { env })
  if (result.code !== 0) {
    await run(['apt-get', 'update'], { env })
    result = await run(install, { env })
  }
  if (result.code === 0 && missingTools(tools).length === 0) return
  throw new RollcallError({
    summary: 'Programs that the lab needs are missing on this machine',
    detail: `${missing.map((tool) => tool.program).join(', ')}\n${result.stderr.toString().trim()}`,
    fix: `As root:\napt-get update && apt-get install ${packages.join(' ')}`,
  })
}
