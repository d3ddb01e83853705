import { RollcallError } from '../model/errors.ts'
import { hostKeyProblem } from '../model/host-key.ts'
import type { BecomeSettings, GivenLab, LabSettings, LocalSettings, SshSettings } from '../model/inventory.ts'
import { parseProxyJump } from '../model/jump-spec.ts'
import { becomeProblem } from './become.ts'

/** A host reached over SSH. Whatever is not given comes from `~/.ssh/config`, then from SSH's own defaults. */
export function ssh(settings: Omit<SshSettings, 'type'> = {}): SshSettings {
  const wrong = hostKeyProblem({ type: 'ssh', ...settings })
  if (wrong) throw new RollcallError({ summary: 'The inventory is wrong', ...wrong, exitCode: 1 })
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
  const problem = becomeProblem({ ...(method !== undefined && { method }), ...(user !== undefined && { user }) })
  if (problem) throw new RollcallError({ summary: 'The inventory is wrong', ...problem, exitCode: 1 })
  const own: Partial<SshSettings> = settings
  const { connectRetries: retries, proxyJump } = own
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0))
    throw wrong(`connectRetries: ${retries} is no whole number from 0`, 'connectRetries: 3 tries four times in all, 0 once.')
  if (proxyJump !== undefined && proxyJump !== 'none' && parseProxyJump(proxyJump) === undefined)
    throw wrong(
      `proxyJump: '${proxyJump}' names no host to jump over`,
      "Write it as ssh_config does: proxyJump: 'admin@gate.example.com:2222'",
    )
  const { controlPersistSeconds: seconds } = settings
  if (seconds === undefined || (Number.isInteger(seconds) && seconds >= 1)) return settings
  throw wrong(
    `controlPersistSeconds: ${seconds} is no whole number from 1`,
    'Leave it out to keep no connection, or give the seconds: controlPersistSeconds: 300',
  )
}

function wrong(detail: string, fix: string): RollcallError {
  return new RollcallError({ summary: 'The inventory is wrong', detail, fix })
}
