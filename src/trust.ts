import { type ErrorDetails, RollcallError, UnreachableError } from './model/errors.ts'
import type { HostRecord } from './model/inventory.ts'
import { type HostsRequest, nobody, openHosts } from './open-hosts.ts'
import { targetOf } from './ssh-target.ts'
import { fingerprint, keyLine, knownHostName } from './transport/known-hosts.ts'
import { recordHostKey, replaceHostKey } from './transport/record-host-key.ts'
import { scanHostKey } from './transport/scan-host-key.ts'
import type { SshTarget } from './transport/target.ts'
import { changedKey, judgeHostKey, readKnownHosts, revokedKey } from './transport/verify-host-key.ts'
import { unlockSecrets } from './unlock-secrets.ts'
import { limitConcurrency } from './util/concurrency.ts'
import { redactDeep } from './util/redact.ts'

/** A key that a host has shown, and somebody may vouch for. */
export interface ShownKey {
  readonly host: string
  /** The jump host on the way to it, whose key this is. */
  readonly jumpHost?: string
  /** As `ssh-keygen -l` prints it. */
  readonly key: string
  readonly fingerprint: string
  /** The key that is known and would be given up, and where it stands. */
  readonly known?: string
}

export interface TrustRequest extends HostsRequest {
  /** Keys are taken as they are shown. */
  readonly yes: boolean
  /** Only keys with one of these are taken. */
  readonly fingerprints: readonly string[]
  /** A key that has changed is put in the place of the one that is known. */
  readonly replace: boolean
  readonly forks: number
  /** Asks a person whether this is the host's key. */
  readonly vouch?: (key: ShownKey) => Promise<boolean>
  /** Gets what became of each key as soon as it is known. */
  readonly done: (result: Trusted) => void
  readonly progress: (line: string) => void
}

export interface Trusted extends Partial<Omit<ShownKey, 'host'>> {
  readonly host: string
  readonly outcome: 'recorded' | 'known' | 'replaced' | 'declined' | 'skipped' | 'failed' | 'unreachable'
  /** Where it was noted down. */
  readonly file?: string
  readonly error?: ErrorDetails
  /** Why there is nothing to be done. */
  readonly reason?: string
}

/**
 * Notes down the keys of hosts, and of the jump hosts on the way to them. Gives the exit code: 0, 2 when a key was not taken, 4 when
 * a host was unreachable.
 * @throws RollcallError (exit 1) before any connection, where nobody can vouch for a key.
 */
export async function trust(request: TrustRequest): Promise<number> {
  const { yes, fingerprints, vouch } = request
  if (!yes && fingerprints.length === 0 && vouch === undefined)
    throw new RollcallError({
      summary: 'Nobody is there to compare fingerprints',
      detail: 'standard input or standard error is no terminal',
      fix: 'Give the fingerprints, as ssh-keygen -lf prints them on the hosts: --fingerprint SHA256:…; or take what is shown: --yes',
      exitCode: 1,
    })
  const { hosts } = await openHosts(request)
  if (hosts.length === 0) request.progress(nobody)
  await unlockSecrets()
  const together = limitConcurrency(request.forks)
  const decide = oneAfterTheOther()
  const outcomes: Trusted['outcome'][] = []
  await Promise.all(
    hosts.map((host) =>
      together(() =>
        trustHost(host, request, decide, (result) => {
          outcomes.push(result.outcome)
          request.done(redactDeep(result))
        }),
      ),
    ),
  )
  if (outcomes.some((outcome) => outcome === 'failed' || outcome === 'declined')) return 2
  return outcomes.includes('unreachable') ? 4 : 0
}

type Decide = <T>(work: () => Promise<T>) => Promise<T>

/** A person is asked one thing at a time; and hosts behind one gate have one key of it to note down. */
function oneAfterTheOther(): Decide {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }
}

async function trustHost(host: HostRecord, request: TrustRequest, decide: Decide, done: (result: Trusted) => void): Promise<void> {
  const { name, connection } = host
  if (connection.type === 'local') return done({ host: name, outcome: 'skipped', reason: 'it is this machine' })
  if (connection.type === 'lab') return done({ host: name, outcome: 'skipped', reason: 'the lab knows the keys of its hosts' })
  try {
    const target = await targetOf(host)
    for (const hop of [...hopsTo(target), target]) {
      const result = await trustHop(hop, request, decide)
      const { outcome } = result
      if (hop === target || outcome !== 'known') done(result)
      if (outcome === 'declined' || outcome === 'failed') return
    }
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    done({ host: name, outcome: error instanceof UnreachableError ? 'unreachable' : 'failed', error: { ...error.details, host: name } })
  }
}

/** The jump hosts on the way, from the nearest on. A host of the lab is known to it. */
function hopsTo({ via }: SshTarget): readonly SshTarget[] {
  if (via?.kind !== 'jump' || via.target.dial) return []
  return [...hopsTo(via.target), via.target]
}

async function trustHop(target: SshTarget, request: TrustRequest, decide: Decide): Promise<Trusted> {
  const { knownHosts } = target
  const name = knownHostName(target.address, target.port, target.hostKeyAlias)
  const host = target.jumpTo ?? target.host
  const key = await scanHostKey(target, await readKnownHosts(knownHosts.files))
  const shown = {
    host,
    key: keyLine(name, key),
    fingerprint: fingerprint(key),
    ...(target.jumpTo !== undefined && { jumpHost: target.host }),
  }
  return decide(async () => {
    const verdict = await judgeHostKey(name, key, await readKnownHosts(knownHosts.files), knownHosts)
    if (verdict.kind === 'ok') return { ...shown, outcome: 'known' }
    if (verdict.kind === 'revoked') throw revokedKey(target, name, key, verdict.known)
    if (verdict.kind === 'changed' && !request.replace) throw changedKey(target, name, key, verdict.known)
    const known = verdict.kind === 'changed' ? verdict.known : undefined
    const asked = known ? { ...shown, known: `${keyLine(name, known.key)}  (${known.file}:${known.line})` } : shown
    if (!(await vouched(asked, request))) return { ...asked, outcome: 'declined' }
    if (known) await replaceHostKey(knownHosts, known.file, name, key)
    else await recordHostKey(knownHosts, name, key)
    return { ...asked, outcome: known ? 'replaced' : 'recorded', file: known?.file ?? knownHosts.files[0] ?? '' }
  })
}

async function vouched(shown: ShownKey, { fingerprints, yes, vouch }: TrustRequest): Promise<boolean> {
  if (fingerprints.length === 0) return yes || ((await vouch?.(shown)) ?? false)
  if (fingerprints.includes(shown.fingerprint)) return true
  throw new RollcallError({
    summary: 'The host shows a key with another fingerprint',
    detail: `${shown.key}\nexpected ${fingerprints.join(', ')}`,
    host: shown.host,
    fix: 'It is not noted down. Look on the host itself which keys it has:\nfor key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$key"; done',
  })
}
