import { RollcallError } from '../model/errors.ts'
import type { BecomeSettings, GivenLab, LabSettings, LocalSettings, SshSettings } from '../model/inventory.ts'
import { becomeProblem } from './become.ts'

/** A host reached over SSH. Whatever is not given comes from `~/.ssh/config`, then from SSH's own defaults. */
export function ssh(settings: Omit<SshSettings, 'type'> = {}): SshSettings {
  return checked({ type: 'ssh', ...settings })
}

/** A host of the lab on this machine: started when a run needs it, reached over real SSH at its private address. */
export function lab(settings: Partial<Omit<LabSettings, 'type'>> = {}): GivenLab {
  return checked({ type: 'lab', ...settings })
}

/** The controller itself, without SSH; `connection: 'local'` says the same. */
export function local(settings: Omit<LocalSettings, 'type'> = {}): LocalSettings {
  return checked({ type: 'local', ...settings })
}

/** What ssh calls 0 is for ever, and what others call 0 is off. */
function checked<S extends BecomeSettings & { readonly controlPersistSeconds?: number }>(settings: S): S {
  const { becomeMethod: method, becomeUser: user } = settings
  const wrong = becomeProblem({ ...(method !== undefined && { method }), ...(user !== undefined && { user }) })
  if (wrong) throw new RollcallError({ summary: 'The inventory is wrong', ...wrong, exitCode: 1 })
  const { controlPersistSeconds: seconds } = settings
  if (seconds === undefined || (Number.isInteger(seconds) && seconds >= 1)) return settings
  throw new RollcallError({
    summary: 'The inventory is wrong',
    detail: `controlPersistSeconds: ${seconds} is no whole number from 1`,
    fix: 'Leave it out to keep no connection, or give the seconds: controlPersistSeconds: 300',
  })
}
