import { RollcallError } from '../model/errors.ts'
import type { Secret } from '../util/secret.ts'
import { sh } from '../util/sh.ts'
import { option, runProgram } from './openssh-program.ts'
import { viaWords } from './openssh-words.ts'
import type { DeclaredTarget } from './ssh-config.ts'
import type { Via } from './target.ts'

/** Where the system's ssh goes: what the inventory declares as options, and what ssh itself makes of the rest. */
export interface OpensshTarget {
  readonly host: string
  readonly program: string
  /** What stands on ssh's command line as the destination: a name that its configuration may know. */
  readonly destination: string
  /** The inventory's settings (and the file of configuration) as words of the command line. */
  readonly words: readonly string[]
  /** As ssh resolves them; with a jump host the address is the one seen from there. */
  readonly address: string
  readonly port: number
  readonly user: string
  readonly hostKeyAlias?: string
  readonly password?: Secret
  readonly connectTimeoutMs: number
  readonly keepaliveSeconds: number
  readonly checking: 'yes' | 'accept-new'
  /** As of {@link SshTarget}. */
  readonly connectRetries?: number
  readonly retryTimeouts?: boolean
  /** Whether a jump host or a proxy command leads there. */
  readonly proxy: boolean
  /** Options that keep settings of the configuration from making another thing of the master. */
  readonly against: readonly string[]
  /** All that ssh's configuration comes to (`ssh -G`), where it was asked. */
  readonly effective?: string
}

/** How ssh is called; the defaults are what a user's shell would do. */
export interface OpensshOptions {
  readonly program?: string
  /** Another file than `~/.ssh/config`, and nothing of the system's. */
  readonly configFile?: string
}

interface Configuration extends ReadonlyMap<string, string> {
  /** As ssh printed it, with keywords that are repeated. */
  readonly text: string
}

/** As for the other transport; where the configuration has ConnectionAttempts, ssh itself tries again. */
const presetRetries = 2

/** A name that no `Host` line means by itself (RFC 2606). */
const nobody = 'rollcall.invalid'

/**
 * Asks ssh (`ssh -G`) where and as whom it would log in.
 * @throws RollcallError when ssh is not installed or refuses its configuration.
 */
export async function resolveOpensshTarget(declared: DeclaredTarget, options: OpensshOptions = {}): Promise<OpensshTarget> {
  const program = options.program ?? 'ssh'
  const from = options.configFile === undefined ? [] : ['-F', options.configFile]
  const settings = [...from, ...declaredWords(declared), ...(await jumpWords(declared))]
  const ask = (name: string) => effectiveConfiguration(program, settings, name, declared.host)

  const address = declared.address ?? declared.fallbackAddress
  const [asName, asNobody] = await Promise.all([ask(declared.host), address === undefined ? undefined : ask(nobody)])
  // `Host 10.0.*` means an address, `Host viper` a name: the name goes first where the configuration says something of it.
  const destination = address === undefined || asNobody === undefined || meansMore(asName, asNobody) ? declared.host : address
  const found = destination === declared.host ? asName : await ask(destination)
  const hostName = declared.address ?? (found.get('hostname') === destination ? declared.fallbackAddress : undefined)
  const words = [...settings, ...(hostName === undefined ? [] : option('HostName', hostName))]
  const alias = declared.hostKeyAlias ?? found.get('hostkeyalias')
  const seconds = declared.connectTimeoutSeconds ?? number(found.get('connecttimeout')) ?? 10
  return {
    host: declared.host,
    program,
    destination,
    words,
    address: hostName ?? found.get('hostname') ?? destination,
    port: number(found.get('port')) ?? 22,
    user: found.get('user') ?? '',
    connectTimeoutMs: seconds * 1000,
    keepaliveSeconds: number(found.get('serveraliveinterval')) ?? 15,
    checking:
      declared.acceptNewHostKeys || ['accept-new', 'no', 'off', 'false'].includes(found.get('stricthostkeychecking') ?? '')
        ? 'accept-new'
        : 'yes',
    connectRetries:
      declared.connectRetries ?? ((number(found.get('connectionattempts')) ?? 1) > 1 ? 0 : (declared.usualRetries ?? presetRetries)),
    retryTimeouts: declared.connectRetries !== undefined,
    proxy: ['proxyjump', 'proxycommand'].some((keyword) => (found.get(keyword) ?? 'none') !== 'none'),
    against: [
      ...(found.get('forkafterauthentication') === 'yes' ? option('ForkAfterAuthentication', 'no') : []),
      ...((found.get('remotecommand') ?? 'none') === 'none' ? [] : option('RemoteCommand', 'none')),
    ],
    effective: found.text,
    ...(alias !== undefined && { hostKeyAlias: alias }),
    ...(declared.password !== undefined && { password: declared.password }),
  }
}

/** The login that a person would type to see what ssh sees; `more` stands before the destination. */
export function loginByHand(target: OpensshTarget, more: readonly string[] = []): string {
  return sh`${[target.program, ...more, ...target.words, target.destination, 'true']}`.text
}

/** Jump hosts that the inventory knows are logged in to as it says; of others ssh's own configuration knows. */
async function jumpWords(declared: DeclaredTarget): Promise<readonly string[]> {
  const { proxyJump, jumpHosts } = declared
  if (proxyJump === undefined) return []
  if (proxyJump === 'none') return [...option('ProxyJump', 'none'), ...option('ProxyCommand', 'none')]
  if (!jumpHosts?.size) return option('ProxyJump', proxyJump)
  const { resolveTarget } = await import('./ssh-config.ts')
  const { via }: { readonly via?: Via } = await resolveTarget(declared)
  return viaWords(via)
}

function declaredWords(declared: DeclaredTarget): string[] {
  const { port, user, identityFile, hostKeyAlias, knownHostsFiles } = declared
  return [
    ...(port === undefined ? [] : option('Port', String(port))),
    ...(user === undefined ? [] : option('User', user)),
    ...(identityFile === undefined ? [] : option('IdentityFile', identityFile)),
    ...(hostKeyAlias === undefined ? [] : option('HostKeyAlias', hostKeyAlias)),
    // Declared files are all there are, as for the other transport.
    ...(knownHostsFiles === undefined
      ? []
      : [...option('UserKnownHostsFile', ...knownHostsFiles), ...option('GlobalKnownHostsFile', '/dev/null')]),
  ]
}

/**
 * What ssh would do for a name, keyword by keyword.
 * @throws RollcallError when ssh is not installed or refuses its configuration.
 */
export async function effectiveConfiguration(
  program: string,
  words: readonly string[],
  name: string,
  host: string,
): Promise<Configuration> {
  const { code, stdout, stderr } = await runProgram(program, ['-G', ...words, '--', name])
  if (code !== 0)
    throw new RollcallError({
      summary: 'ssh does not accept its configuration',
      detail: stderr.trim() || `ssh -G ended with code ${code}`,
      host,
      fix: `Correct it; this shows what ssh makes of it:\n${sh`${[program, '-G', ...words, name]}`.text}`,
    })
  const lines = stdout.split('\n').filter((line) => line.includes(' '))
  // Of a repeated keyword (identityfile) only the first is looked at here.
  const values = new Map(lines.reverse().map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
  return Object.assign(values, { text: stdout })
}

/** Keywords whose values may hold the name itself. */
const ownWords = ['host', 'hostname', 'controlpath']

function meansMore(one: Configuration, other: Configuration): boolean {
  if (one.get('hostname') !== one.get('host') && other.get('hostname') === nobody) return true
  return [...one].some(([keyword, value]) => !ownWords.includes(keyword) && other.get(keyword) !== value)
}

function number(value: string | undefined): number | undefined {
  return value !== undefined && /^[1-9]\d*$/.test(value) ? Number(value) : undefined
}
