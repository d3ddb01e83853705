import sshConfig from 'ssh-config'
import { RollcallError } from '../model/errors.ts'
import { matchesPatterns } from './wildcard.ts'

/** The values that apply to one host; keywords in lower case. */
export interface SshConfigValues {
  one(keyword: string): string | undefined
  /** A keyword that stands on one line with several words. */
  list(keyword: string): readonly string[] | undefined
  /** A keyword that may be repeated. */
  all(keyword: string): readonly string[]
}

type Computed = Readonly<Record<string, string | string[]>>

/**
 * Finds what the configuration says about a host, as `ssh <name>` would: under the inventory's name when a `Host` line
 * means it, else under its declared address.
 */
export function lookUp(text: string, host: string, address: string | undefined): SshConfigValues {
  const name = address === undefined || namesHost(text, host) ? host : address
  const computed = compute(text, name)
  refuseExec(text, name, computed)
  const all = (keyword: string): readonly string[] => [computed[keyword] ?? []].flat()
  return {
    one: (keyword) => all(keyword)[0],
    list: (keyword) => (computed[keyword] === undefined ? undefined : all(keyword).flatMap((value) => value.split(/\s+/))),
    all,
  }
}

function namesHost(text: string, host: string): boolean {
  return sshConfig.parse(text).some((line) => {
    if (line.type !== sshConfig.DIRECTIVE || !/^host$/i.test(line.param)) return false
    const patterns = typeof line.value === 'string' ? [line.value] : line.value.map(({ val }) => val)
    return !patterns.includes('*') && matchesPatterns(patterns, host)
  })
}

function compute(text: string, name: string, withoutExec = false): Computed {
  const config = sshConfig.parse(text)
  if (withoutExec) {
    for (const line of config)
      if ('criteria' in line)
        line.criteria = Object.fromEntries(Object.entries(line.criteria).filter(([key]) => key.toLowerCase() !== 'exec'))
  }
  return config.compute(name, { ignoreCase: true, matchExec: false })
}

const honoured = [
  'hostname',
  'port',
  'user',
  'identityfile',
  'identitiesonly',
  'identityagent',
  'userknownhostsfile',
  'hostkeyalias',
  'connecttimeout',
  'stricthostkeychecking',
  'proxyjump',
  'proxycommand',
]

/** The package runs `Match exec` through bash syntax in `sh`, so it would silently never match. */
function refuseExec(text: string, name: string, computed: Computed): void {
  const otherwise = compute(text, name, true)
  const different = honoured.filter((keyword) => JSON.stringify(computed[keyword]) !== JSON.stringify(otherwise[keyword]))
  if (different.length === 0) return
  throw new RollcallError({
    summary: "'Match exec' in the ssh configuration is not supported",
    detail: `it would decide ${different.join(', ')} for '${name}'`,
    host: name,
    fix: `Let the system's ssh log in (connection: ssh({ transport: 'openssh' })), or declare these in the inventory and exclude the host there, e.g. with 'Match !host ${name} exec …'.`,
  })
}
