import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RollcallError } from '../model/errors.ts'
import { makeFolders } from '../util/make-folders.ts'
import type { LabId } from './types.ts'

/** The folder of the package `rollcall`, found from this file, so that it is right from src/ and from dist/ alike. */
export function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'rollcall') return folder
    if (folder === dirname(folder))
      throw new RollcallError({ summary: 'The rollcall package was not found', detail: fileURLToPath(import.meta.url) })
  }
}

/** A program of the lab that runs as a process of its own and is therefore needed as a built file. */
export function builtProgram(name: 'lab-supervisor' | 'lab-dialer'): string {
  const file = join(packageRoot(), 'dist', `${name}.js`)
  if (existsSync(file)) return file
  throw new RollcallError({ summary: 'A program of the lab is not built', detail: file, fix: 'npm run build' })
}

/** A script of the lab: shell, so it is used from the sources in every layout. */
export function labScript(name: 'lab-init' | 'host-init' | 'image-customize' | 'probe'): string {
  return join(packageRoot(), 'src', 'lab', 'scripts', name)
}

/** Images and package repositories, kept outside the clone so that a fresh clone does not build them again. */
export function cacheFolder(): string {
  return join(base('XDG_CACHE_HOME', '.cache'), 'rollcall', 'lab')
}

/** Everything about one running lab; it exists only while the lab does. */
export function stateFolder(lab: LabId): string {
  return join(statesFolder(), lab.name)
}

/** The state folders of all labs of this user, and their locks. */
export function statesFolder(): string {
  return join(base('XDG_STATE_HOME', '.local/state'), 'rollcall', 'lab')
}

/** What is remembered of the hosts of a running lab, a folder for each; it goes when the lab does. */
export function factsFolder(lab: LabId): string {
  return join(stateFolder(lab), 'facts')
}

/** The base directory specification says to ignore a relative path. */
function base(variable: string, fallback: string): string {
  const given = process.env[variable]
  return given !== undefined && isAbsolute(given) ? given : join(homedir(), fallback)
}

/**
 * Makes the folder in which labs keep their state and their locks.
 * @throws RollcallError where it cannot be made or written to.
 */
export function requireStatesFolder(): void {
  const folder = statesFolder()
  try {
    makeFolders(folder, 0o700)
    const probe = join(folder, `.probe-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (cause) {
    throw new RollcallError(
      {
        summary: 'The state folder of the lab cannot be used',
        detail: `${folder}\n${(cause as Error).message}`,
        fix: 'Make it writable, or let XDG_STATE_HOME name a folder in which you may write.',
      },
      { cause },
    )
  }
}

/** The lab of a project: two clones on one machine do not share one. `ROLLCALL_LAB` overrides. */
export function defaultLab(projectRoot: string = packageRoot()): LabId {
  return labNamed(process.env.ROLLCALL_LAB || `lab-${createHash('sha256').update(projectRoot).digest('hex').slice(0, 8)}`)
}

/** @throws RollcallError when the name cannot be a folder's name. */
export function labNamed(name: string): LabId {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$/.test(name)) return { name }
  throw new RollcallError({
    summary: 'This is not a name for a lab',
    detail: name,
    fix: 'Use letters, digits, - and _, at most 41 of them (environment variable ROLLCALL_LAB).',
  })
}
