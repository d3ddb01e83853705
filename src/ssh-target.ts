import { RollcallError } from './model/errors.ts'
import type { HostRecord, LabSettings, SshSettings } from './model/inventory.ts'
import type { DeclaredTarget } from './transport/ssh-config.ts'
import type { SshTarget } from './transport/target.ts'
import { loginSettings } from './util/login-settings.ts'

type Declaring = Pick<HostRecord, 'name' | 'publicIp' | 'privateIp' | 'jumpHosts'>

/** Whether a host is what is meant, or only on the way there. */
type Part = 'host' | 'jump'

/**
 * What the inventory and the command line declare about the way to a host over SSH. Hosts that are jumped over do not get the
 * command line's password: it is meant for those behind them.
 */
export function declaredTarget(host: Declaring, settings: Omit<SshSettings, 'type'>, part: Part = 'host'): DeclaredTarget {
  const { acceptNewHostKeys, connectRetries, password } = loginSettings()
  const { jumpHosts } = host
  return {
    host: host.name,
    ...settings,
    password: settings.password ?? (part === 'host' ? password?.value : undefined),
    fallbackAddress: host.publicIp ?? host.privateIp,
    connectRetries: settings.connectRetries ?? connectRetries,
    acceptNewHostKeys,
    jumpHosts: jumpHosts && new Map([...jumpHosts].map(([name, record]) => [name, () => targetOf(record, 'jump')])),
  }
}

/**
 * Where and how a host of the inventory is logged in to by the transport ssh2.
 * @throws RollcallError for one that is not reached over SSH.
 */
export async function targetOf(host: HostRecord, part: Part = 'host'): Promise<SshTarget> {
  const { connection } = host
  if (connection.type === 'lab') return labTarget(host, connection)
  if (connection.type !== 'ssh')
    throw new RollcallError({
      summary: 'The host is not reached over SSH',
      detail: `its connection is '${connection.type}'`,
      host: host.name,
    })
  const { resolveTarget } = await import('./transport/ssh-config.ts')
  return resolveTarget(declaredTarget(host, connection, part))
}

/** A host of the lab, whose key and address the lab knows. @throws RollcallError where no lab is up. */
export async function labTarget({ name, privateIp }: HostRecord, { user }: LabSettings, connectTimeoutMs = 10_000): Promise<SshTarget> {
  if (privateIp === undefined)
    throw new RollcallError({
      summary: 'A lab host needs a private address',
      detail: name,
      fix: `Give it one in the inventory: '${name}': { privateIp: '10.108.0.x', … }.`,
    })
  const lab = await import('./lab/index.ts')
  const id = lab.defaultLab()
  const { identityFile, knownHostsFile } = lab.sshFiles(id)
  return {
    host: name,
    address: privateIp,
    port: 22,
    user,
    identityFiles: [identityFile],
    knownHosts: { files: [knownHostsFile], policy: 'strict' },
    connectTimeoutMs,
    keepaliveMs: 15_000,
    dial: (address, port) => lab.dial(id, address, port),
  }
}
