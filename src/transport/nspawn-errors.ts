import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ErrorDetails, UnreachableError } from '../model/errors.ts'
import { sh } from '../util/sh.ts'
import { guestEntry } from './guest-directory.ts'

/** What systemd-nspawn would make in a directory that lacks it. */
const folders = ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var']
/** And these as links, where /usr has them. */
const links = ['bin', 'sbin', 'lib', 'lib64']

/** Connecting changes nothing on a host, so what would be made is asked for. */
export function mountPointProblem(directory: string): ErrorDetails | undefined {
  const missing = folders.filter((name) => !guestEntry(directory, name))
  const unlinked = links.filter((name) => !guestEntry(directory, name) && guestEntry(directory, join('usr', name)))
  if (missing.length + unlinked.length === 0) return undefined
  const fixes = [
    ...(missing.length > 0 ? [sh`mkdir ${missing.map((name) => join(directory, name))}`] : []),
    ...unlinked.map((name) => sh`ln -s ${join('usr', name)} ${join(directory, name)}`),
  ]
  return {
    summary: 'The directory of the container lacks folders',
    detail: `${[...missing, ...unlinked].map((name) => join(directory, name)).join(', ')}: systemd-nspawn would make them, and connecting changes nothing`,
    fix: `Make them, or fill the directory, for example by debootstrap:\n${fixes.map(({ text }) => text).join('\n')}`,
  }
}

/** The program is not on this machine. */
export function notStarted(host: string, error: NodeJS.ErrnoException): UnreachableError {
  const missing = error.code === 'ENOENT'
  return new UnreachableError(
    {
      summary: 'systemd-nspawn could not be started',
      detail: missing ? 'it is not installed on this machine' : error.message,
      host,
      fix: missing ? 'Install it here:\napt-get install systemd-container' : 'See what it says here:\nsystemd-nspawn --version',
    },
    { cause: error },
  )
}

/** It was started, and there is no container. */
export function startFailed(host: string, directory: string, words: readonly string[], said: string): UnreachableError {
  if (/is currently busy/.test(said)) return busy(host, directory)
  if (/doesn't look like/.test(said))
    return new UnreachableError({
      summary: 'The directory of the container holds no system',
      detail: said,
      host,
      fix: 'Fill it, for example by debootstrap, or correct `directory`: it is what is / inside.',
    })
  return new UnreachableError({
    summary: 'systemd-nspawn could not start the container',
    detail: said.trim(),
    host,
    fix: `Check \`args\` in the inventory. This says the same:\n${sh`${words}`.text}`,
  })
}

function busy(host: string, directory: string): UnreachableError {
  const holder = holderOf(directory)
  const run = holder && /--machine=rollcall-([0-9]+)-/.exec(holder.words.join(' '))?.[1]
  const who = !holder ? '' : `, held by ${run ? `Rollcall (pid ${run})` : `pid ${holder.pid}: ${holder.words.slice(0, 8).join(' ')}`}`
  return new UnreachableError({
    summary: 'The directory is in use by another container',
    detail: `systemd-nspawn holds the lock of ${directory}${who}`,
    host,
    fix:
      run === String(process.pid)
        ? 'Give all hosts with this directory the same `args`: then they share the container.'
        : run
          ? 'Run it again when that one is through: a directory has one container at a time, for runs that only read, too.'
          : 'Stop that container, then try again. One that was booted and runs sshd is reached by ssh().',
  })
}

/** Of the processes that run now the one that has this directory as a word. */
function holderOf(directory: string): { readonly pid: string; readonly words: readonly string[] } | undefined {
  for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
      if (basename(words[0] ?? '') === 'systemd-nspawn' && words.some((word) => word.endsWith(directory))) return { pid, words }
    } catch {
      // It has ended meanwhile.
    }
  }
  return undefined
}

/** It ended while something was asked of it. */
export function containerEnded(host: string, directory: string, said: string): UnreachableError {
  return new UnreachableError({
    summary: 'The container has ended',
    detail: `that of ${directory}${said === '' ? '' : `\n${said}`}`,
    host,
    fix: 'All that ran in it has ended with it. Whatever ended systemd-nspawn, or process 1 or 2 inside, did this. Run the playbook again: it starts from the state that it finds.',
  })
}
