import { RollcallError } from '../model/errors.ts'
import type { HostRecord } from '../model/inventory.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import { Script, sh } from '../util/sh.ts'
import { stateFolder } from '../util/state-folder.ts'
import type { PlayContext } from './context.ts'
import { decode } from './exchange.ts'
import type { As } from './host-access.ts'
import type { HostState } from './host-state.ts'

/** Who changes a host, as it stands in its lock. */
export interface Holder {
  readonly playbook: string
  /** ISO time when the run began. */
  readonly since: string
  /** Whose run it is: `anna@build-3`. */
  readonly by: string
  /** Its process there. */
  readonly pid: number
}

/** How a run holds the hosts that it changes. */
export interface Holding {
  /** Of this run alone: its other hosts may be the same machine. */
  readonly id: string
  readonly holder: Holder
  /** How long it waits for another run. */
  readonly waitMs: number
}

/** What is known of the lock of one host. */
export interface HostLock {
  readonly holding: Holding
  /** A host that only others act on is not held: else two runs that act on it would keep each other out. */
  readonly takes: boolean
  readonly taken: Set<As>
  readonly heldBy: Map<As, Holder | undefined>
  /** What is told once. */
  readonly told: Set<string>
}

export function openLock(holding: Holding, takes: boolean): HostLock {
  return { holding, takes, taken: new Set(), heldBy: new Map(), told: new Set() }
}

/** Another run changes the host. */
export class HostHeld extends RollcallError {
  override readonly name = 'HostHeld'
}

/** A run of this machine that is no more: a step that it had begun goes on. */
function isGone(holder: Holder, { by }: Holder): boolean {
  if (holder.by !== by) return false
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function held(host: string, holder: Holder | undefined, own: Holder): HostHeld {
  const gone = holder && isGone(holder, own) ? '\nthat run has ended; a step that it had begun still runs on the host' : ''
  const who = holder
    ? `playbook '${holder.playbook}', started ${holder.since} by ${holder.by} (pid ${holder.pid})${gone}`
    : 'it has not said yet who it is'
  return new HostHeld({
    summary: 'The host is being changed by another run',
    detail: who,
    host,
    fix: 'Run it again when that one is through, or let it wait, by so many seconds:\n--wait-for-lock 600',
    exitCode: 5,
  })
}

/** Root's lock is gone with the next boot, other users have no such place. */
function folder(user: string): Script {
  return user === 'root' ? sh`rc_h=${stateFolder(user)}; [ ! -d /run ] || rc_h=/run/rollcall` : sh`rc_h=${stateFolder(user)}`
}

const anotherRun = 7

// When a process began: with its number it is that process and no other.
const fields = 'set -- $' + '{rc_hl##*) }'
const began = '$' + '{20}'
const startOf = new Script(`"$(${fields}; printf %s "${began}")"`)

/** Prints who holds the lock in a file while that one's shell lives; false where nobody does, or the run that asks. */
function holderIn(file: Script, but: string): Script {
  return sh`f=${file}; [ -f "$f" ] && [ ! -L "$f" ] && { read -r v i p t && IFS= read -r j; } 2>/dev/null <"$f" && [ "$v" = 1 ] && [ "$i" != ${but} ] && {
rc_hl=
{ while IFS= read -r x; do rc_hl=$x; done <"/proc/$p/stat"; } 2>/dev/null
${new Script(fields)}
[ "${new Script(began)}" = "$t" ] && printf '%s\n' "$j"
}`
}

/**
 * Where the other user of a host holds it: root's is for everybody to read, and root reads that of whoever logs in and becomes root.
 * Undefined for names that a shell might take for more.
 */
export function otherPlace(user: string, login: string): Script | undefined {
  if (user !== 'root') return sh`/run/rollcall/lock`
  return login !== 'root' && /^[a-z_][a-z0-9_-]*$/i.test(login) ? new Script(`~${login}/.local/state/rollcall/lock`) : undefined
}

/**
 * Takes the lock as descriptor 9 of the session's own shell, which closes it for all that it starts: so it is free again when that
 * shell ends, however it ends. Who holds it is written into it: a line for the next run's shell, and one for people. Each user has
 * a lock, so root looks at that of the one who logs in, and others at root's, after their own is written: of two that come
 * at the same time one sees the other. Whoever has just taken it may not have written yet who it is, and may be another host of the
 * same run: where nobody who lives stands in it, it is looked at again.
 * @param other See {@link otherPlace}.
 */
export function takeLock(user: string, { id, holder }: Holding, other: Script | undefined): Job {
  const script = sh`${folder(user)}
rc_hx=none
[ "$rc_h" != /run/rollcall ] || umask 022
if { [ -d "$rc_h" ] || mkdir -p "$rc_h"; } && { true >>"$rc_h/lock"; } && command -v flock >/dev/null; then
for rc_hn in 1 2 3; do
exec 9<>"$rc_h/lock"
flock -n 9
case $? in
0) rc_hx=taken rc_hl=
{ IFS= read -r rc_hl </proc/$$/stat; } 2>/dev/null
printf '1 %s %s %s\n%s\n' ${id} $$ ${startOf} ${JSON.stringify(holder)} >"$rc_h/lock"
break ;;
1) exec 9>&-
rc_hx=held
{ { IFS= read -r rc_hl && case $rc_hl in '1 '${id}' '*) rc_hx=ours ;; esac; IFS= read -r rc_hl; } <"$rc_h/lock"; } 2>/dev/null
[ "$rc_hx" = held ] && [ "$rc_hn" != 3 ] && ! (${holderIn(sh`"$rc_h/lock"`, id)}) >/dev/null || break
sleep 1 ;;
*) exec 9>&-
break ;;
esac
done
fi
umask 077
${other === undefined ? new Script(':') : heedOther(other, id)}
case $rc_hx in
none) echo none ;;
held) printf '%s\n' "$rc_hl"; (exit ${anotherRun}) ;;
esac`
  return { script, step: true, within: true }
}

// What was taken is given back, with its name: who reads it next must not take this run for the holder.
function heedOther(place: Script, id: string): Script {
  return sh`if rc_hj=$(${holderIn(place, id)}); then
[ "$rc_hx" != taken ] || { : >"$rc_h/lock"; exec 9>&-; }
rc_hx=held rc_hl=$rc_hj
fi`
}

/** For a read of our own, which it ends: prints who holds the lock while that one's shell lives. */
export function readLock(user: string): Script {
  return sh`${folder(user)}
{ read -r v id p t && IFS= read -r j; } 2>/dev/null <"$rc_h/lock" && [ "$v" = 1 ] && {
rc_hl=
{ while IFS= read -r x; do rc_hl=$x; done <"/proc/$p/stat"; } 2>/dev/null
${new Script(fields)}
[ "${new Script(began)}" = "$t" ] && printf 'lock %s %s\n' "$id" "$j"
}
:`
}

/** Learns from a read of records who holds the host. */
export function noteLock({ lock }: HostState, as: As, { stdout }: Pick<Reply, 'stdout'>): void {
  if (!lock) return
  lock.heldBy.delete(as)
  const [, id, text] = /^lock (\S+) (.*)$/m.exec(decode(stdout)) ?? []
  if (id !== undefined && id !== lock.holding.id) lock.heldBy.set(as, holderOf(text))
}

function holderOf(text: string | undefined): Holder | undefined {
  try {
    return JSON.parse(text ?? '') as Holder
  } catch {
    return undefined
  }
}

/** The jobs that take the lock, before the first change of a user. */
export function lockJobs({ lock, access }: HostState, as: As): readonly Job[] {
  return lock?.takes && !lock.taken.has(as)
    ? [takeLock(access.userOf(as), lock.holding, otherPlace(access.userOf(as), access.userOf('login')))]
    : []
}

/** What came of the job that takes the lock. @throws HostHeld where another run holds the host, which then nothing has changed. */
export function tookLock(host: string, { holder }: Holding, reply: Pick<Reply, 'code' | 'stdout'>): 'taken' | 'none' {
  const said = decode(reply.stdout).trim()
  if (reply.code === anotherRun) throw held(host, holderOf(said), holder)
  return said === 'none' ? 'none' : 'taken'
}

/** For a host that takes no lock. */
export const noLock = {
  message: 'the host cannot be locked, so nothing keeps another run off it',
  fix: 'It takes flock (of util-linux or busybox), and a folder for it that can be written.',
}

/** A directory by systemd-nspawn: while a run is connected no other can be, see its lock. */
export function isAlone({ connection }: HostRecord): boolean {
  return connection.type === 'nspawn'
}

/** What came of {@link lockJobs}. @throws HostHeld where nothing was changed since another run holds the host. */
export function noteTaken(context: PlayContext, { lock, host }: HostState, as: As, [reply]: readonly Reply[]): void {
  if (!lock || !reply?.ran) return
  if (reply.code === anotherRun) lock.heldBy.set(as, holderOf(decode(reply.stdout).trim()))
  const took = tookLock(host.name, lock.holding, reply)
  lock.taken.add(as)
  if (took === 'taken' || isAlone(host) || lock.told.has('none')) return
  lock.told.add('none')
  context.emit({ event: 'warning', host: host.name, ...noLock })
}

/** Before anything is decided from what was read. @throws HostHeld where another run holds the host; check mode only tells. */
export function heedLock(context: PlayContext, { lock, host }: HostState, as: As): void {
  if (!lock?.heldBy.has(as) || lock.taken.has(as)) return
  const error = held(host.name, lock.heldBy.get(as), lock.holding.holder)
  if (!context.check) throw error
  if (lock.told.has('held')) return
  lock.told.add('held')
  context.emit({ event: 'warning', host: host.name, message: `another run is changing the host: ${error.details.detail}` })
}
