import { RollcallError, UnreachableError } from '../model/errors.ts'
import type { Exit } from './connection.ts'
import { FrameError } from './session-frame.ts'

function describeExit(exit: Exit): string {
  if (exit.signal !== null) return `ended by ${exit.signal}`
  return exit.code === null ? 'ended without an exit code' : `ended with code ${exit.code}`
}

/** The shell has not said hello within the limit. */
export function startedLate(host: string, user: string, limitMs: number, said = ''): UnreachableError {
  return new UnreachableError({
    summary: 'The host did not start a shell in time',
    detail: [`${limitMs / 1000} s after logging in as '${user}'`, said.trim()].filter((line) => line !== '').join('\n'),
    host,
    fix: 'Look for a login profile that waits for input, or a sudo, su or doas (PAM) that asks for more than a password.',
  })
}

interface Known {
  readonly pattern: RegExp
  readonly summary: string
  readonly fix: string
}

/** What shells, containers and chroot say where none of ours was started. */
const known: readonly Known[] = [
  {
    pattern: /: (?:exec: )?restricted\b/i,
    summary: 'The login on this host gives a restricted shell',
    fix: 'Give the user a shell that may run any command (chsh -s /bin/sh), or log in as another user.',
  },
  {
    pattern: /failed to run command .*Permission denied/i,
    summary: 'The user may not enter the directory of this host',
    fix: 'Its directory has to be open to everybody inside, as / is:\nchmod 755 <directory>',
  },
  {
    pattern: /executable file .*not found|failed to run command .*No such file/i,
    summary: 'There is no shell in this host',
    fix: 'Rollcall needs `sh`, `mkdir`, `head` and `tail` inside. An image without them (distroless, scratch) has to be built anew instead.',
  },
  {
    pattern: /unable to find user|no matching entries in passwd|chroot: invalid (?:user|spec)/i,
    summary: 'The user does not exist in this host',
    fix: 'Create the user inside, or name another one (`user` in its connection, `become` in the playbook).',
  },
]

/** The login worked, but what was started is no shell; `said` is what came instead. */
export function noShell(host: string, user: string, exit: Exit | Error, said: readonly string[]): RollcallError {
  const ended = exit instanceof Error ? exit.message : describeExit(exit)
  const reason = known.find(({ pattern }) => said.some((text) => pattern.test(text)))
  return new RollcallError({
    summary: reason?.summary ?? 'The login on this host gives no POSIX shell',
    detail: [`user '${user}': ${ended}`, ...said.filter((text) => text !== '')].join('\n'),
    host,
    fix:
      reason?.fix ??
      'The user needs a login shell that runs commands, with `sh`, `mkdir`, `head` and `tail` in its PATH, and no ForceCommand of sshd in the way.',
  })
}

/** No candidate directory is writable. */
function noDirectory(host: string): RollcallError {
  return new RollcallError({
    summary: 'There is no directory for working files on the host',
    detail: 'tried $TMPDIR or /tmp, /dev/shm, $XDG_RUNTIME_DIR or /run/user, and /var/tmp, with mkdir',
    host,
    fix: 'Make one of these writable for the user, or free some space.',
  })
}

/** The host answered, but could not keep what the jobs printed. */
export function notKept(kind: 'gone' | 'full' | 'nodir', host: string): RollcallError {
  if (kind === 'nodir') return noDirectory(host)
  if (kind === 'full') {
    return new RollcallError({
      summary: 'The host has no room for working files',
      detail: 'a script, its input or its output could not be written',
      host,
      fix: 'Free space in /tmp on the host, or set TMPDIR for the login user.',
    })
  }
  return new RollcallError({
    summary: 'A command removed the directory of the running session',
    detail: 'its output and the commands after it in the same exchange are lost',
    host,
    fix: 'Let commands that clean /tmp spare the directories rollcall.*',
  })
}

/** What is known when an exchange gets no whole answer. */
export interface Loss {
  readonly host: string
  readonly link: string
  readonly ended: Exit | Error
  /** Which job was running, where that is known. */
  readonly progress: string | undefined
  readonly stderr: string
}

/** An answer that never came, or came out of order. */
export function lostAnswer(cause: unknown, loss: Loss): RollcallError {
  const { host, ended } = loss
  if (cause instanceof FrameError) {
    return new RollcallError(
      {
        summary: 'The host answered out of order',
        detail: cause.message,
        host,
        fix: 'This is a fault of Rollcall, or of `wc`, `cp` or `cat` on the host.',
      },
      { cause },
    )
  }
  const reason = ended instanceof Error ? ended.message : `the shell ${describeExit(ended)}`
  return new UnreachableError(
    {
      summary: ended instanceof Error ? 'The link to the host was lost' : 'The shell on the host ended before it had answered',
      detail: [loss.link, reason, loss.progress, loss.stderr].filter((part) => part).join('\n'),
      host,
      fix: 'A command that was running may still finish there. Run the playbook again: it starts from the state that it finds.',
    },
    { cause },
  )
}
