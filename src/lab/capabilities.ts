/**
 * Taken from every process of a host. Without this a host can move the machine's clock, load modules, make a node for
 * the machine's disk or read its kernel log: user namespaces are not used, so root in a host is root.
 */
export const droppedCapabilities = [
  'sys_time',
  'sys_module',
  'sys_rawio',
  'syslog',
  'wake_alarm',
  'mac_admin',
  'mac_override',
  'block_suspend',
  'bpf',
  'perfmon',
  'mknod',
]
  .map((name) => `-${name}`)
  .join(',')
