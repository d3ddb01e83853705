import { parseProxyJump } from '../../model/jump-spec.ts'
import { shellWords } from './shell-words.ts'

/** What `ansible_ssh_common_args` and its like say, as far as Rollcall can do it. */
export interface SshArgs {
  readonly user?: string
  readonly port?: string
  readonly identityFile?: string
  readonly hostKeyAlias?: string
  readonly connectTimeout?: string
  readonly knownHostsFiles?: readonly string[]
  readonly proxyJump?: string
  /** What is left out, since Rollcall is stricter or has no such thing: the options as they are written. */
  readonly leftOut: readonly string[]
}

/** How a login is done, and changes nothing of where it goes or as whom. */
const idle =
  /^(?:controlmaster|controlpath|controlpersist|serveralive\w+|tcpkeepalive|compression|compressionlevel|loglevel|batchmode|identitiesonly|preferredauthentications|gssapi\w+|pubkeyauthentication|requesttty|addressfamily|connectionattempts|numberofpasswordprompts)$/
/** Host keys are checked whatever stands here, and no agent is lent. */
const leftOut = /^(?:stricthostkeychecking|globalknownhostsfile|updatehostkeys|checkhostip|verifyhostkeydns|forwardagent)$/
/** The gate as it was written before ssh had ProxyJump, and still is in many inventories. */
const throughGate = /^ssh\s+(?:-q\s+)?-W\s+(?:%h|\[%h\]):%p\s+(?:-q\s+)?([^\s-]\S*)$/
const letters: { readonly [letter: string]: string } = {
  p: 'Port',
  l: 'User',
  i: 'IdentityFile',
  J: 'ProxyJump',
  F: 'a file of its own',
  W: 'a host to forward to',
}

/**
 * Takes arguments of ssh apart.
 * @throws RangeError that names the option that Rollcall cannot honour: to leave it out would mean another connection.
 */
export function sshArgs(text: string): SshArgs {
  const words = [...shellWords(text)]
  const left: string[] = []
  const found: Record<string, string> = {}
  const files: string[] = []
  const option = (name: string, value: string, written: string) => {
    const lower = name.toLowerCase()
    if (lower === 'userknownhostsfile') {
      if (value === '/dev/null' || value === 'none') left.push(written)
      else files.push(...value.split(/\s+/))
    } else if (leftOut.test(lower)) left.push(written)
    else if (lower === 'proxyjump' || lower === 'proxycommand') {
      const jump = lower === 'proxyjump' ? value : throughGate.exec(value)?.[1]
      if (jump === undefined || (jump !== 'none' && !parseProxyJump(jump))) throw new RangeError(`${written}: ${name}`)
      found.proxyjump ??= jump
    } else if (['user', 'port', 'identityfile', 'hostkeyalias', 'connecttimeout'].includes(lower)) found[lower] ??= value
    else if (!idle.test(lower)) throw new RangeError(`${written}: ${name}`)
  }
  while (words.length > 0) {
    const word = words.shift()!
    const match = /^-([a-zA-Z])(.*)$/s.exec(word)
    if (!match) throw new RangeError(word)
    const [, letter = '', rest = ''] = match
    if (/^-[qvCTtnN4x]+$/.test(word)) continue
    if (word === '-A') {
      left.push(word)
      continue
    }
    const value = rest === '' ? (words.shift() ?? '') : rest
    const written = rest === '' ? `${word} ${value}` : word
    if (letter === 'o') {
      const [, name = value, given = ''] = /^\s*(\w+)\s*[=\s]\s*(.*)$/s.exec(value) ?? []
      option(name, given.replace(/^"(.*)"$/, '$1'), written)
    } else if (letter in letters) option(letters[letter]!, value, written)
    else throw new RangeError(word)
  }
  return {
    ...(found.user !== undefined && { user: found.user }),
    ...(found.port !== undefined && { port: found.port }),
    ...(found.identityfile !== undefined && { identityFile: found.identityfile }),
    ...(found.hostkeyalias !== undefined && { hostKeyAlias: found.hostkeyalias }),
    ...(found.connecttimeout !== undefined && { connectTimeout: found.connecttimeout }),
    ...(found.proxyjump !== undefined && { proxyJump: found.proxyjump }),
    ...(files.length > 0 && { knownHostsFiles: files }),
    leftOut: left,
  }
}
