import type { Algorithms } from 'ssh2'
import { RollcallError } from '../model/errors.ts'
import { matchesPatterns } from './wildcard.ts'

/** Lists of an ssh_config as they stand there: names by commas, or a change of the default (`+`, `-`, `^`). */
export interface AlgorithmWishes {
  readonly kex?: string
  readonly cipher?: string
  readonly hmac?: string
  readonly serverHostKey?: string
}

const keywords = { kex: 'KexAlgorithms', cipher: 'Ciphers', hmac: 'MACs', serverHostKey: 'HostKeyAlgorithms' } as const
const lists = {
  kex: ['DEFAULT_KEX', 'SUPPORTED_KEX'],
  cipher: ['DEFAULT_CIPHER', 'SUPPORTED_CIPHER'],
  hmac: ['DEFAULT_MAC', 'SUPPORTED_MAC'],
  serverHostKey: ['DEFAULT_SERVER_HOST_KEY', 'SUPPORTED_SERVER_HOST_KEY'],
} as const

/** Fast without a native binding: these are in Node's own crypto. */
const fast = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'],
} as const

/**
 * What is offered to a host. Its host-key algorithms come in the order of what is known of it.
 * @throws RollcallError where the configuration allows nothing that this client has.
 */
export async function algorithmsFor(host: string, wishes: AlgorithmWishes, hostKeys: readonly string[]): Promise<Algorithms> {
  const { default: constants } = await import('ssh2/lib/protocol/constants.js')
  const listOf = (kind: keyof typeof keywords, preset: readonly string[]): readonly string[] => {
    const wish = wishes[kind]
    if (wish === undefined) return preset
    const supported = constants[lists[kind][1]] ?? []
    const wanted = chosen(wish, preset, supported)
    if (wanted.length > 0) return wanted
    throw new RollcallError({
      summary: `${keywords[kind]} of the ssh configuration allows nothing that the transport ssh2 has`,
      detail: `${wish}\nit has: ${supported.join(', ')}`,
      host,
      fix: "Allow one of these, or let the system's ssh log in, by the host's connection in the inventory:\nconnection: ssh({ transport: 'openssh' })",
    })
  }
  const withFast = (kind: keyof typeof fast): readonly string[] => [...new Set([...fast[kind], ...(constants[lists[kind][0]] ?? [])])]
  return {
    kex: listOf('kex', withFast('kex')),
    cipher: listOf('cipher', withFast('cipher')),
    ...(wishes.hmac !== undefined && { hmac: listOf('hmac', constants.DEFAULT_MAC ?? []) }),
    serverHostKey: hostKeys.length === 0 ? listOf('serverHostKey', []) : ordered(hostKeys, listOf('serverHostKey', hostKeys)),
    compress: ['none'],
  } as Algorithms
}

/** Those of `allowed` that keys are known for go first, or the host would look changed. */
function ordered(known: readonly string[], allowed: readonly string[]): readonly string[] {
  return [...known.filter((name) => allowed.includes(name)), ...allowed.filter((name) => !known.includes(name))]
}

function chosen(wish: string, preset: readonly string[], supported: readonly string[]): readonly string[] {
  const names = wish.replace(/^[+^-]/, '').split(',')
  const named = names.filter((name) => supported.includes(name))
  if (wish.startsWith('+')) return [...new Set([...preset, ...named])]
  if (wish.startsWith('^')) return [...new Set([...named, ...preset])]
  if (wish.startsWith('-')) return preset.filter((name) => !matchesPatterns(names, name))
  return named
}
