import type { LabSettings, LocalSettings, SshSettings } from '../model/inventory.ts'

/** A host reached over SSH. Whatever is not given comes from `~/.ssh/config`, then from SSH's own defaults. */
export function ssh(settings: Omit<SshSettings, 'type'> = {}): SshSettings {
  return { type: 'ssh', ...settings }
}

/** A host of the lab on this machine: started when a run needs it, reached over real SSH at its private address. */
export function lab(settings: Partial<Omit<LabSettings, 'type'>> = {}): LabSettings {
  return { type: 'lab', kind: 'systemd', user: 'admin', ...settings }
}

/** The controller itself, without SSH; `connection: 'local'` says the same. */
export function local(settings: Omit<LocalSettings, 'type'> = {}): LocalSettings {
  return { type: 'local', ...settings }
}
