import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ErrorDetails } from '../model/errors.ts'

/** Nothing of the controller's environment is for the system inside: its PATH least of all. */
export const guestEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', SHELL: '/bin/sh', TERM: 'dumb' }

/** Why this user cannot enter a directory of this machine as a system; `way` is how it would be entered, `it` what it is then. */
export function directoryProblem(directory: string, way: string, it: string): ErrorDetails | undefined {
  if (process.geteuid?.() !== 0)
    return {
      summary: `Only root may enter ${way}`,
      detail: `${directory}, by the user with number ${process.geteuid?.()}`,
      fix: 'Run Rollcall as root on this machine, or leave this host out (--limit).',
    }
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    return {
      summary: `The directory of the ${it} is not there`,
      detail: directory,
      fix: 'Make it, for example by debootstrap, or correct `directory`.',
    }
  if (!guestEntry(directory, 'bin/sh'))
    return {
      summary: `The directory of the ${it} holds no system`,
      detail: `${join(directory, 'bin/sh')} is not there`,
      fix: 'Fill it, for example by debootstrap, or correct `directory`: it is what is / inside.',
    }
  return undefined
}

/** By way of the links inside the directory's own /bin and /dev alone; a link that is absolute means another file inside. */
export function guestEntry(directory: string, path: string) {
  try {
    return lstatSync(join(directory, path))
  } catch {
    return undefined
  }
}
