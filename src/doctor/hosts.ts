import { openHost } from '../connect.ts'
import { becomeOf } from '../engine/as.ts'
import type { HostAccess } from '../engine/host-access.ts'
import { RollcallError } from '../model/errors.ts'
import type { HostRecord } from '../model/inventory.ts'
import { sh } from '../util/sh.ts'
import { type Checked, ofError, ok, problem, warning } from './check.ts'
import { type HostSaid, hostScript, parseHost } from './host-script.ts'
import { checkSettings } from './ssh-settings.ts'

/** One host: that it can be reached, logged in to and become root on, and has what modules need. Changes nothing. */
export async function checkHost(host: HostRecord, now: () => number = Date.now): Promise<readonly Checked[]> {
  const on = (checks: readonly Checked[]) => checks.map((check) => ({ ...check, host: host.name }))
  const settings = await checkSettings(host)
  if (settings.some(({ verdict }) => verdict === 'problem')) return on(settings)
  let access: HostAccess
  try {
    // A doctor starts no lab; where none is up, that is what is to be said.
    if (host.connection.type === 'lab') {
      const { defaultLab, requireState } = await import('../lab/index.ts')
      requireState(defaultLab())
    }
    access = await openHost(host, { check: true })
  } catch (error) {
    // Reaching it, its host key and the login each fail with an error that says what to do.
    return on([...settings, failed('reachable', error)])
  }
  try {
    const before = now()
    let said: HostSaid
    try {
      const [reply] = await access.reader.read('login', [{ script: hostScript() }])
      said = parseHost(Buffer.from(reply!.stdout).toString('utf8'))
    } catch (error) {
      return on([...settings, ok('reachable', `logged in as ${access.userOf('login')}`), failed('shell', error)])
    }
    const reached = ok('reachable', `logged in as ${access.userOf('login')}; its key is known and sh works`)
    return on([...settings, reached, await checkBecome(access), ...judge(said, (before + now()) / 2)])
  } finally {
    await access.close()
  }
}

function failed(about: string, error: unknown, verdict?: 'warning'): Checked {
  if (error instanceof RollcallError) return ofError(about, error.details, verdict)
  throw error
}

async function checkBecome(access: HostAccess): Promise<Checked> {
  const as = access.as({ wanted: true, user: 'root' })
  const method = becomeOf(as)?.method
  if (!method) return ok('sudo', 'not needed: the login is root')
  try {
    const [reply] = await access.reader.read(as, [{ script: sh`id -u` }])
    const uid = Buffer.from(reply!.stdout).toString('utf8').trim()
    return uid === '0'
      ? ok(method, 'becomes root')
      : problem(method, `it becomes the user with number ${uid}`, 'See what the host allows this user:\nsudo -l')
  } catch (error) {
    // Only plays with `become` need it.
    return failed(method, error, 'warning')
  }
}

const modulesWith: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  'dpkg-query': 'apt',
  systemctl: 'service, systemdUnit and their handlers',
}

/** What a host said of itself, judged; `now` is the middle of asking, in milliseconds. */
export function judge(said: HostSaid, now: number): readonly Checked[] {
  const checks: Checked[] = []
  if (said.missing.length > 0)
    checks.push(
      problem('tools', `PATH lacks ${said.missing.join(', ')}`, 'Install coreutils and findutils, or busybox with these applets.'),
    )
  else checks.push(ok('tools', 'PATH has all that modules need'))
  for (const tool of said.lacks)
    checks.push(warning('tools', `PATH lacks ${tool}`, `Modules that need it fail here: ${modulesWith[tool] ?? tool}.`))
  if (said.time !== undefined) checks.push(skew(said.time, now))
  for (const place of said.readonly)
    checks.push(
      problem(
        'file systems',
        `${place} is mounted read-only`,
        `Look for errors of its disk, then mount it anew:\ndmesg | tail; mount -o remount,rw ${place}`,
      ),
    )
  if (said.noHome !== undefined)
    checks.push(
      warning(
        'home',
        `the login user's home '${said.noHome}' is not there or cannot be written`,
        'Without it handlers of plays without become cannot be recorded, and their changes are refused.',
      ),
    )
  checks.push(...disks(said))
  if (!said.whole)
    checks.push(
      problem(
        'shell',
        'the script of this check ended half-way',
        'Run the doctor again; if it stays, look for limits on processes of this user.',
      ),
    )
  return checks
}

function skew(time: number, now: number): Checked {
  const seconds = Math.round(time - now / 1000)
  const off = Math.abs(seconds)
  const said = off <= 2 ? 'the same time as here' : `${off} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine`
  if (off <= 5) return ok('clock', said)
  const make = off > 300 ? problem : warning
  return make('clock', said, 'Certificates and package indices are judged by it. Let NTP set it:\ntimedatectl set-ntp true')
}

function disks({ disks: found }: HostSaid): readonly Checked[] {
  const mb = (kb: number) => Math.floor(kb / 1024)
  const short = found.filter(({ freeKb }) => mb(freeKb) < 500)
  if (found.length > 0 && short.length === 0)
    return [ok('disk', found.map(({ place, freeKb }) => `${place} ${Math.floor(mb(freeKb) / 102.4) / 10} GB`).join(', '))]
  return short.map(({ place, freeKb }) =>
    (mb(freeKb) < 50 ? problem : warning)(
      'disk',
      `${place} has ${mb(freeKb)} MB free`,
      `Make room; this shows what takes it:\ndu -xh ${place} | sort -h | tail`,
    ),
  )
}
