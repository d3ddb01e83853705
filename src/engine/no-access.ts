import { RollcallError } from '../model/errors.ts'
import type { HostAccess } from './host-access.ts'
import { noTraffic } from './traffic.ts'

/** For commands that must touch no host: every use of it is an error of ours. */
export const noAccess: HostAccess = {
  reader: { read: () => Promise.reject(new RollcallError({ summary: 'This command must not contact a host' })) },
  writer: undefined,
  abandon: () => {},
  as: () => 'login',
  cancel: async () => false,
  userOf: () => '',
  stats: () => noTraffic,
  close: async () => {},
}
