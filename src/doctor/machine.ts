import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findCompiler } from '../load/compiler.ts'
import { userCacheDir, userStateDir } from '../store/index.ts'
import { ownRoot, ownVersion } from '../util/own-root.ts'
import { type Checked, checking, ok, problem, warning } from './check.ts'

export interface MachineRequest {
  readonly env: NodeJS.ProcessEnv
  /** Whether output is coloured now. */
  readonly colour: boolean
  readonly terminal: boolean
  readonly now: number
}

/** What concerns this machine whatever the project. */
export async function checkMachine(request: MachineRequest): Promise<readonly Checked[]> {
  const checks = [
    checking('node', async () => nodeVersion(process.versions.node)),
    checking('dependencies', async () => dependencies(ownRoot())),
    checking('compiler', async () => ok('compiler', `TypeScript ${findCompiler().version}, native`)),
    checking('state folder', async () => folder('state folder', userStateDir())),
    checking('cache folder', async () => folder('cache folder', userCacheDir())),
    checking('locale', async () => locale(request.env)),
    checking('terminal', async () => terminal(request)),
    checking('clock', async () => clock(request.now)),
  ]
  return (await Promise.all(checks)).flat()
}

/** Exported for tests, as are the others that take what they judge. */
export function nodeVersion(version: string): Checked {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 20 || (major === 20 && minor >= 19)
    ? ok('node', `Node.js ${version}, rollcall ${ownVersion()}`)
    : problem('node', `Node.js ${version}`, 'Install Node.js 20.19 or newer, e.g. from https://nodejs.org')
}

/** Compares what npm says it installed with the lock file. Where Rollcall is a dependency itself, npm looks after that. */
export function dependencies(root: string): Checked {
  const packages = (file: string) =>
    existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version?: string; optional?: boolean }> }).packages
      : undefined
  const wanted = packages(join(root, 'package-lock.json'))
  if (wanted === undefined) return ok('dependencies', 'installed as a package')
  const found = packages(join(root, 'node_modules/.package-lock.json'))
  const fix = `Install them:\ncd ${root} && npm ci --ignore-scripts --include=optional`
  if (found === undefined) return problem('dependencies', 'they are not installed', fix)
  const differing = Object.entries(wanted)
    .filter(([path, { version, optional }]) => path !== '' && (found[path] === undefined ? !optional : found[path].version !== version))
    .map(([path]) => path.replace(/^node_modules\//, ''))
  if (differing.length === 0) return ok('dependencies', `${Object.keys(found).length} packages, as the lock file wants them`)
  return problem(
    'dependencies',
    `not as the lock file wants them: ${differing.slice(0, 5).join(', ')}${differing.length > 5 ? ' …' : ''}`,
    fix,
  )
}

/** Writable, and with room: Rollcall writes facts, compiled code and the lab's images there. */
export async function folder(about: string, path: string): Promise<Checked> {
  let there = path
  while (!existsSync(there)) there = dirname(there)
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
  } catch {
    return problem(about, `${path} cannot be written`, `Make it yours:\nls -ld ${there}`)
  }
  const { bavail, bsize } = await statfs(there)
  const mb = Math.floor((bavail * bsize) / 1024 / 1024)
  const fix = 'Make room on this file system; this shows what Rollcall keeps itself:\nrollcall cleanup --controller-only'
  if (mb < 20) return problem(about, `${path}: ${mb} MB are free`, fix)
  return mb < 1024
    ? warning(about, `${path}: ${mb} MB are free, and a lab image takes about 500`, fix)
    : ok(about, `${path}, ${Math.floor(mb / 1024)} GB free`)
}

export function locale(env: NodeJS.ProcessEnv): Checked {
  const value = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  if (/utf-?8/i.test(value)) return ok('locale', value)
  return warning(
    'locale',
    value === ''
      ? 'none is set, so the terminal may show … and · as other characters'
      : `${value} is not UTF-8, so the terminal may show … and · as other characters`,
    'Use one of UTF-8:\nexport LC_ALL=C.UTF-8',
  )
}

export function terminal({ env, colour, terminal: isTerminal }: MachineRequest): Checked {
  if (colour) return ok('terminal', 'output is coloured')
  const why = env.NO_COLOR
    ? 'NO_COLOR is set'
    : isTerminal
      ? `TERM is ${env.TERM ?? 'not set'}, or FORCE_COLOR forbids it`
      : 'output goes to no terminal'
  return ok('terminal', `output is not coloured: ${why}`)
}

/** A clock that is behind the files of Rollcall itself is wrong; builds, caches and ages of facts rest on it. */
export function clock(now: number, file = join(ownRoot(), 'package.json')): Checked {
  const youngest = Math.max(statSync(file).mtimeMs, statSync(dirname(file)).mtimeMs)
  const behind = Math.floor((youngest - now) / 1000)
  if (behind <= 60) return ok('clock', new Date(now).toISOString())
  return problem(
    'clock',
    `${new Date(now).toISOString()} is ${behind} s before ${file} was written`,
    'Set the clock, e.g. by NTP:\ntimedatectl set-ntp true',
  )
}
