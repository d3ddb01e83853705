import { RollcallError } from '../model/errors.ts'
import { type JumpSpec, parseProxyJump } from '../model/jump-spec.ts'
import { type DeclaredTarget, resolveTarget } from './ssh-config.ts'
import type { SshConfigValues } from './ssh-config-lookup.ts'
import type { SshConfig } from './ssh-config-parse.ts'
import { expandTokens, type Tokens } from './ssh-tokens.ts'
import type { SshTarget, Via } from './target.ts'

/** How a host comes to be resolved: for itself, or as one of a chain. */
export interface WayOptions {
  /** The hosts whose way this one is on, to find chains that end in themselves. */
  readonly trail?: readonly string[]
  /** The way is known already: this host is in the middle of a chain. */
  readonly before?: Via
}

interface About {
  readonly address: string
  readonly port: number
  readonly user: string
  readonly tokens: Tokens
  readonly files: readonly SshConfig[]
}

/**
 * What leads to a host. As with OpenSSH, only the first host of a chain goes its own configured way; each of the others is
 * reached from the one before it.
 * @throws RollcallError for a chain that comes back to where it began.
 */
export async function resolveVia(
  declared: DeclaredTarget,
  values: SshConfigValues,
  about: About,
  { trail = [], before }: WayOptions,
): Promise<Via | undefined> {
  if (before !== undefined) return before
  const { host } = declared
  const jump = values.one('proxyjump')
  if (jump !== undefined && jump.toLowerCase() !== 'none') {
    const specs = parseProxyJump(jump)
    if (specs === undefined) throw wrongJump(jump, values.from('proxyjump'), host)
    const here = [...trail, placeOf({ host: values.name, user: about.user, port: about.port })]
    return jumps(specs, declared, here, about, `${jump} (${values.from('proxyjump')})`)
  }
  const command = values.one('proxycommand')
  if (command === undefined || command.toLowerCase() === 'none') return undefined
  const { h, k, n, p, r } = about.tokens
  for (const part of [h, k, n, r]) if (part !== undefined && /[`'"\\$;&<>|(){}\s]|^-/.test(part)) throw unfit(part, host)
  return { kind: 'command', command: expandTokens(command, { h, k, n, p, r } as Tokens, host) }
}

async function jumps(
  specs: readonly JumpSpec[],
  declared: DeclaredTarget,
  trail: readonly string[],
  { files }: About,
  said: string,
): Promise<Via | undefined> {
  let before: Via | undefined
  for (const spec of specs) {
    const target = await resolveHop(spec, declared, trail, files, before, said)
    before = { kind: 'jump', target: { ...target, jumpTo: declared.host, ...(before && { via: before }) } }
  }
  return before
}

async function resolveHop(
  spec: JumpSpec,
  declared: DeclaredTarget,
  trail: readonly string[],
  files: readonly SshConfig[],
  before: Via | undefined,
  said: string,
): Promise<SshTarget> {
  const fromInventory = declared.jumpHosts?.get(spec.host)
  if (fromInventory !== undefined) {
    const target = await fromInventory()
    return { ...target, ...(spec.user !== undefined && { user: spec.user }), ...(spec.port !== undefined && { port: spec.port }) }
  }
  // A chain is found by what is written, before it has been followed to where it ends.
  const written = `${spec.user ?? ''}@${spec.host}:${spec.port ?? ''}`
  if (trail.includes(written) || trail.length > 32) throw loop(declared.host, spec.host, said)
  const hop = { host: spec.host, user: spec.user, port: spec.port, acceptNewHostKeys: declared.acceptNewHostKeys }
  const target = await resolveTarget(hop, files, { trail: [...trail, written], ...(before && { before }) })
  if (trail.includes(placeOf({ host: spec.host, user: target.user, port: target.port }))) throw loop(declared.host, spec.host, said)
  return target
}

/** A host as OpenSSH compares it with the one that is jumped to. */
function placeOf({ host, user, port }: { readonly host: string; readonly user: string; readonly port: number }): string {
  return `${user}@${host.toLowerCase()} port ${port}`
}

function loop(host: string, via: string, said: string): RollcallError {
  return new RollcallError({
    summary: 'The jump hosts of the ssh configuration lead back to where they began',
    detail: `'${via}' is jumped over to reach itself: ProxyJump ${said}`,
    host,
    fix: `Say that it is reached by itself, above the line that sends all hosts through it:\nHost ${via}\n  ProxyJump none`,
  })
}

function wrongJump(value: string, from: string | undefined, host: string): RollcallError {
  return new RollcallError({
    summary: 'ProxyJump names no host to jump over',
    detail: `'${value}' (${from ?? 'inventory'})`,
    host,
    fix: 'It is a list by commas of hosts as [user@]host[:port], e.g. admin@gate.example.com:2222.',
  })
}

/** A shell reads the command: as OpenSSH does, nothing goes into it that means something to a shell. */
function unfit(part: string, host: string): RollcallError {
  return new RollcallError({
    summary: 'A name cannot be put into a ProxyCommand',
    detail: `'${part}'`,
    host,
    fix: 'Correct the address or user in the inventory or in ~/.ssh/config.',
  })
}
