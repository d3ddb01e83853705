import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { knownHostName, matchesHost } from './known-hosts.ts'
import { effectiveConfiguration, type OpensshOptions, type OpensshTarget, resolveOpensshTarget } from './openssh-target.ts'
import { explicitWords } from './openssh-words.ts'
import type { DeclaredTarget } from './ssh-config.ts'
import type { SshTarget } from './target.ts'
import { readKnownHosts } from './verify-host-key.ts'

/** A login of which all is known that decides it. */
export interface DecidedLogin {
  readonly ssh: OpensshTarget
  readonly decides: unknown
  readonly hostKeys: () => Promise<string>
}

/**
 * What Rollcall itself has resolved, in words for ssh, which then reads no configuration. No process is needed to find
 * out whether a kept connection is the right one.
 */
export async function explicitLogin(target: SshTarget): Promise<DecidedLogin> {
  const { host, address, port, user, hostKeyAlias, password, knownHosts } = target
  const chain = hopsOf(target)
  const words = explicitWords(target)
  const ssh: OpensshTarget = {
    host,
    program: 'ssh',
    destination: host,
    words,
    address,
    port,
    user,
    connectTimeoutMs: target.connectTimeoutMs ?? 10_000,
    keepaliveSeconds: Math.ceil((target.keepaliveMs ?? 15_000) / 1000),
    checking: knownHosts.policy === 'acceptNew' ? 'accept-new' : 'yes',
    proxy: target.via !== undefined,
    against: [],
    connectRetries: target.connectRetries ?? 0,
    retryTimeouts: target.retryTimeouts ?? false,
    ...(hostKeyAlias !== undefined && { hostKeyAlias }),
    ...(password !== undefined && { password }),
  }
  return {
    ssh,
    decides: [
      words,
      ssh.checking,
      ssh.keepaliveSeconds,
      await identities(chain.flatMap((hop) => (hop.identityFiles ?? []).map((file) => resolve(file)))),
      password?.reveal(),
    ],
    hostKeys: () =>
      hostKeysOf(
        chain.map((hop) => ({
          files: hop.knownHosts.files.map((file) => resolve(file)),
          name: knownHostName(hop.address, hop.port, hop.hostKeyAlias),
        })),
      ),
  }
}

/** A host and those that it is jumped over. */
function hopsOf(target: SshTarget): readonly SshTarget[] {
  return [target, ...(target.via?.kind === 'jump' ? hopsOf(target.via.target) : [])]
}

/**
 * A login that ssh's own configuration decides, with the hosts that it jumps over.
 * @throws RollcallError when ssh is not installed or refuses its configuration.
 */
export async function configuredLogin(declared: DeclaredTarget, options: OpensshOptions = {}): Promise<DecidedLogin> {
  const ssh = await resolveOpensshTarget(declared, options)
  const from = options.configFile === undefined ? [] : ['-F', options.configFile]
  const configurations = [ssh.effective ?? '', ...(await jumps(ssh, from))]
  const files = configurations.flatMap((text) => [...valuesOf(text, 'identityfile'), ...valuesOf(text, 'certificatefile')])
  return {
    ssh,
    decides: [
      configurations,
      ssh.words,
      ssh.destination,
      ssh.keepaliveSeconds,
      ssh.checking,
      process.env.SSH_AUTH_SOCK ?? '',
      await identities(files.map(ownPath)),
      declared.password?.reveal(),
    ],
    hostKeys: () => hostKeysOf(configurations.map(placeOf)),
  }
}

/** What is asked of each host on the way; each may itself lie behind others. */
async function jumps({ program, host, effective = '' }: OpensshTarget, from: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  let via = jumpNames(effective)
  for (let depth = 0; via.length > 0 && depth < 8; depth++) {
    const texts = await Promise.all(via.map(async (name) => (await effectiveConfiguration(program, from, name, host)).text))
    found.push(...texts)
    via = texts.flatMap(jumpNames)
  }
  return found
}

/** `user@gate:22,ssh://other`: what ssh's configuration knows of them goes by their names. */
function jumpNames(configuration: string): readonly string[] {
  const [value = 'none'] = valuesOf(configuration, 'proxyjump')
  if (value === 'none') return []
  return value.split(',').map((word) =>
    word
      .replace(/^ssh:\/\//, '')
      .replace(/^.*@/, '')
      .replace(/:\d+$/, '')
      .replace(/^\[(.*)\]$/, '$1'),
  )
}

function valuesOf(configuration: string, keyword: string): readonly string[] {
  return configuration
    .split('\n')
    .filter((line) => line.startsWith(`${keyword} `))
    .map((line) => line.slice(keyword.length + 1))
}

const ownPath = (file: string) => resolve(file.replace(/^~(?=\/|$)/, homedir()))

/** Where the keys of the host that a configuration leads to are looked up, and under which name. */
function placeOf(configuration: string): { readonly files: readonly string[]; readonly name: string } {
  const one = (keyword: string) => valuesOf(configuration, keyword)[0]
  const files = ['userknownhostsfile', 'globalknownhostsfile'].flatMap((keyword) => one(keyword)?.split(' ') ?? [])
  return {
    files: files.filter((file) => file !== 'none').map(ownPath),
    name: knownHostName(one('hostname') ?? '', Number(one('port') ?? 22), one('hostkeyalias')),
  }
}

/** A key that was replaced is another one, whatever its file is called. */
async function identities(files: readonly string[]): Promise<unknown> {
  return Promise.all(
    files.map(async (file) => {
      const [{ ino = 0, size = 0, mtimeMs = 0 } = {}, pub] = await Promise.all([
        stat(file).catch(() => undefined),
        readFile(`${file}.pub`, 'utf8').catch(() => ''),
      ])
      return [file, ino, size, mtimeMs, pub]
    }),
  )
}

/** A digest of the lines that speak of these names, and of those that speak of all hosts (authorities, revoked keys). */
async function hostKeysOf(places: readonly { readonly files: readonly string[]; readonly name: string }[]): Promise<string> {
  const hash = createHash('sha256')
  for (const { files, name } of places) {
    const [{ entries }, ...texts] = await Promise.all([
      readKnownHosts(files),
      ...files.map((file) => readFile(file, 'utf8').catch(() => '')),
    ])
    const plain = /^\[(.*)\]:\d+$/.exec(name)?.[1] ?? name
    const own = entries.filter(({ hosts }) => matchesHost(hosts, name) || matchesHost(hosts, plain))
    const marked = texts.flatMap((text) => text.split('\n').filter((line) => line.trimStart().startsWith('@')))
    hash.update(JSON.stringify([name, own.map(({ type, key, revoked }) => [type, key.toString('base64'), revoked]), marked]))
  }
  return hash.digest('hex')
}
