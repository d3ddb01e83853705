import type { BecomeMethod, Becoming } from '../model/become.ts'
import type { BecomeSettings } from '../model/inventory.ts'

/** Which user of a host acts: the one who logged in, or one become by a program. One session, one cache and one state each. */
export type As = 'login' | `${BecomeMethod} ${string}`

/** What was said of becoming, on a host: whoever is that user already becomes nobody. */
export function asOf({ wanted, method, user }: Becoming, login: string, settings: BecomeSettings): As {
  const whom = user ?? settings.becomeUser ?? 'root'
  return wanted && whom !== login ? `${method ?? settings.becomeMethod ?? 'sudo'} ${whom}` : 'login'
}

/** The program and the user; undefined for the login. */
export function becomeOf(as: As): { readonly method: BecomeMethod; readonly user: string } | undefined {
  if (as === 'login') return undefined
  const [method, user] = as.split(' ') as [BecomeMethod, string]
  return { method, user }
}
