import { Refusal } from '../dsl/definition.ts'
import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { type Script, sh } from '../util/sh.ts'
import { fieldsOf } from './file-describe.ts'
import { outputReader } from './output-reader.ts'

export interface UnitState {
  readonly exists: boolean
  /** The unit's own name: an alias leads here (`sshd.service` to `ssh.service`). */
  readonly name: string
  /** Active, or on the way there. */
  readonly running: boolean
  /**
   * Running; or of type oneshot without RemainAfterExit, which is never found running, and it has run well since the boot.
   * systemd forgets that of units that nothing refers to.
   */
  readonly started: boolean
  /** Of type oneshot without RemainAfterExit: it does its work and is stopped again. */
  readonly oneshot: boolean
  /** Started at boot. */
  readonly enabled: boolean
  readonly masked: boolean
  /** The unit's file changed since systemd read it. */
  readonly needDaemonReload: boolean
  /** systemd itself was updated and does not run its new version yet. Of systemd, not of the unit; false where it cannot be told. */
  readonly needDaemonReexec: boolean
  /** systemd's words: `active`, `running`, `enabled`, and the unit's file (empty where there is none). */
  readonly active: string
  readonly sub: string
  readonly fileState: string
  readonly path: string
}

const properties = [
  ...['Id', 'Names', 'LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'NeedDaemonReload', 'FragmentPath'],
  ...['Type', 'RemainAfterExit', 'Result', 'ExecMainExitTimestampMonotonic'],
]
const suffix = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/
const unitName = /^[A-Za-z0-9:_.\\@-]+$/
const atBoot = new Set(['enabled', 'enabled-runtime', 'alias', 'generated'])

function script(requests: readonly ReadRequest[]): Script {
  return sh`LC_ALL=C; export LC_ALL
if ! [ -d /run/systemd/system ]; then printf 'no\0'; exit 0; fi
# An executable that was replaced is another file than the one that runs. Only root may look.
if [ -e /proc/1/exe ] && [ -e /lib/systemd/systemd ] && ! [ /proc/1/exe -ef /lib/systemd/systemd ]; then printf 'old\0'; else printf 'yes\0'; fi
systemctl show --no-pager -p ${properties.join(',')} -- ${requests.map(({ id }) => id)} 2>&1
exit 0`
}

function parse(stdout: Uint8Array, requests: readonly ReadRequest[]): UnitState[] {
  const output = outputReader(stdout)
  const systemd = output.record()
  if (systemd !== 'yes' && systemd !== 'old')
    throw new Refusal('systemd does not run on this host, so its units cannot be read', 'The host must be booted with systemd as PID 1.')
  const text = Buffer.from(stdout).toString('utf8').slice(`${systemd}\0`.length)
  const blocks = text.split('\n\n').filter((block) => block.trim() !== '')
  return requests.map(({ id }, index) => {
    const block = parseBlock(blocks[index] ?? '')
    if (block.get('Id') === undefined || !`${block.get('Id')} ${block.get('Names') ?? ''}`.split(' ').includes(id))
      throw new Error(`systemctl did not tell about the unit ${id}: ${text.trim()}`)
    return stateOf(id, block, systemd === 'old')
  })
}

function parseBlock(block: string): Map<string, string> {
  return new Map(
    block.split('\n').flatMap((line) => {
      const equals = line.indexOf('=')
      return equals > 0 ? [[line.slice(0, equals), line.slice(equals + 1)] as const] : []
    }),
  )
}

function stateOf(id: string, block: ReadonlyMap<string, string>, needDaemonReexec: boolean): UnitState {
  const of = (name: string) => block.get(name) ?? ''
  const active = of('ActiveState')
  const running = active === 'active' || active === 'reloading' || active === 'activating'
  const oneshot = of('Type') === 'oneshot' && of('RemainAfterExit') !== 'yes'
  return {
    exists: of('LoadState') !== 'not-found',
    name: of('Id') || id,
    running,
    started: running || (oneshot && of('Result') === 'success' && Number(of('ExecMainExitTimestampMonotonic') || 0) > 0),
    oneshot,
    enabled: atBoot.has(of('UnitFileState')),
    masked: of('LoadState') === 'masked',
    needDaemonReload: of('NeedDaemonReload') === 'yes',
    needDaemonReexec,
    active,
    sub: of('SubState'),
    fileState: of('UnitFileState'),
    path: of('FragmentPath'),
  }
}

/** Units of systemd: one `systemctl` for all of them. */
export const unitKind: ResourceKind<UnitState> = {
  name: 'unit',
  needs: ['show'],
  freshness: 'own',
  sharesShell: true,
  script,
  parse,
  describe: ({ exists, running, started, enabled, masked, active, needDaemonReload, needDaemonReexec }) => ({
    fields: exists
      ? fieldsOf({
          state: started || running ? 'started' : active === 'failed' ? 'failed' : 'stopped',
          enabled,
          masked: masked || undefined,
          'known to systemd': needDaemonReload ? 'an older file' : undefined,
          'version of systemd': needDaemonReexec ? 'an older one' : undefined,
        })
      : { state: 'absent' },
  }),
  canonical: (state, id) => (typeof state.name === 'string' ? state.name : id),
  absent: (state) => !state.exists,
  liesAt: () => [], // systemd itself puts in order what is asked of it at once.
}

/** The full name of a unit: `haproxy` is `haproxy.service`. */
export function unitId(name: string): string {
  if (!unitName.test(name)) throw new Refusal(`'${name}' is not the name of a systemd unit`, 'Letters, digits and : - _ . \\ @ only.')
  return suffix.test(name) ? name : `${name}.service`
}

/** Reads one unit of systemd. */
export function unit(name: string): Read<UnitState> {
  return readOf(unitKind, unitId(name))
}
