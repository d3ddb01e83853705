import { RollcallError } from '../model/errors.ts'
import type { SshConfigValues } from './ssh-config-lookup.ts'
import type { LoginMethod } from './target.ts'

/** A whole number of the configuration. @throws RollcallError for what is none. */
export function numberOf(values: SshConfigValues, keyword: string, host: string): number | undefined {
  const value = values.one(keyword)
  if (value === undefined || value === 'none') return undefined
  if (/^[1-9]\d*$/.test(value)) return Number(value)
  throw noNumber(values, keyword, host, value)
}

/** Seconds, also as `1m30s`; undefined for `none` and for 0, which leave it to the default. */
export function secondsOf(values: SshConfigValues, keyword: string, host: string): number | undefined {
  const value = values.one(keyword)
  if (value === undefined || value === 'none') return undefined
  const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
  const parts = [...value.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)]
  if (parts.map(([part]) => part).join('') !== value.toLowerCase() || parts.length === 0) throw noNumber(values, keyword, host, value)
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 1), 0) || undefined
}

function noNumber(values: SshConfigValues, keyword: string, host: string, value: string): RollcallError {
  return new RollcallError({
    summary: 'The ssh configuration holds a value that is no number',
    detail: `${values.from(keyword)}: ${keyword} ${value}`,
    host,
    fix: 'Correct it in ~/.ssh/config.',
  })
}

/** Whether a keyword says so; `preset` where it says nothing. */
export function saysYes(values: SshConfigValues, keyword: string, preset: boolean): boolean {
  const value = values.one(keyword)?.toLowerCase()
  return value === undefined ? preset : !['no', 'false', 'off'].includes(value)
}

const all: readonly LoginMethod[] = ['publickey', 'keyboard-interactive', 'password']

/** Which ways to log in the configuration leaves, in its order. */
export function methodsOf(values: SshConfigValues): readonly LoginMethod[] {
  const preferred = values.one('preferredauthentications')?.split(',') ?? all
  const allowed = {
    publickey: saysYes(values, 'pubkeyauthentication', true),
    'keyboard-interactive': saysYes(values, 'kbdinteractiveauthentication', true),
    password: saysYes(values, 'passwordauthentication', true),
  }
  return preferred.filter((method): method is LoginMethod => all.includes(method as LoginMethod) && allowed[method as LoginMethod])
}

/** Settings that nothing here can do, and that must not be passed over: they say who is trusted, or which way to go. */
const beyondUs: readonly { readonly keyword: string; readonly name: string; readonly matters: (value: string) => boolean }[] = [
  { keyword: 'proxyusefdpass', name: 'ProxyUseFdpass', matters: (value) => value === 'yes' },
  { keyword: 'bindinterface', name: 'BindInterface', matters: (value) => value !== 'none' },
  { keyword: 'knownhostscommand', name: 'KnownHostsCommand', matters: (value) => value !== 'none' },
]

/** @throws RollcallError for a setting that only the system's ssh can follow. */
export function refuseBeyondUs(values: SshConfigValues, host: string): void {
  for (const { keyword, name, matters } of beyondUs) {
    const value = values.one(keyword)
    if (value !== undefined && matters(value.toLowerCase())) throw needsOpenssh(values, keyword, name, host, value)
  }
  const canonicalize = values.one('canonicalizehostname')?.toLowerCase() ?? 'no'
  const domains = values.list('canonicaldomains') ?? []
  if (canonicalize === 'no' || domains.length === 0 || domains[0] === 'none') return
  const proxied = [values.one('proxyjump'), values.one('proxycommand')].some((way) => way !== undefined && way !== 'none')
  if (proxied && canonicalize !== 'always') return
  const dots = (values.one('hostname') ?? values.name).split('.').length - 1
  if (dots <= (Number(values.one('canonicalizemaxdots') ?? 1) || 0))
    throw needsOpenssh(values, 'canonicalizehostname', 'CanonicalizeHostname', host, `${canonicalize}, ${domains.join(' ')}`)
}

function needsOpenssh(values: SshConfigValues, keyword: string, name: string, host: string, value: string): RollcallError {
  return new RollcallError({
    summary: `${name} needs the system's ssh`,
    detail: `${values.from(keyword)}: ${name} ${value}`,
    host,
    fix: `Let it log in, by the host's connection in the inventory:\nconnection: ssh({ transport: 'openssh' })\nOr take the setting back for this host in ~/.ssh/config.`,
  })
}
