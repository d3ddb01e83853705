import type { HostTraffic } from '../model/event.ts'
import type { Colours } from './colours.ts'
import { type HostColumn, hostTable } from './host-table.ts'

const columns: readonly HostColumn<HostTraffic>[] = [
  { title: 'exchanges', of: ({ exchanges }) => String(exchanges) },
  { title: 'sent', of: ({ bytesSent }) => formatBytes(bytesSent) },
  { title: 'received', of: ({ bytesReceived }) => formatBytes(bytesReceived) },
  { title: 'connect', of: ({ connectMs }) => formatTime(connectMs) },
  { title: 'facts', of: ({ factsMs }) => formatTime(factsMs) },
  { title: 'read', of: ({ readMs }) => formatTime(readMs) },
  { title: 'apply', of: ({ applyMs }) => formatTime(applyMs) },
]

/** The table of `--timing`: what was said to each host, and what its time went to. */
export function timingLines(hosts: { readonly [host: string]: HostTraffic }, colours: Colours): string[] {
  return hostTable('timing', hosts, columns, colours)
}

/** What a recap holds of traffic alone. */
export function trafficOf({ exchanges, bytesSent, bytesReceived, connectMs, factsMs, readMs, applyMs }: HostTraffic): HostTraffic {
  return { exchanges, bytesSent, bytesReceived, connectMs, factsMs, readMs, applyMs }
}

/** `420 ms`, `12.3 s`, `312 s`: narrower than elsewhere, so that the table fits a terminal. */
function formatTime(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`
  return milliseconds < 100_000 ? `${(Math.floor(milliseconds / 100) / 10).toFixed(1)} s` : `${Math.floor(milliseconds / 1000)} s`
}

/** `812 B`, `12.3 kB`, `64.0 MB`: thousands, since links are sold by them. Rounded down. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const [size, unit] = bytes < 1e6 ? [1e3, 'kB'] : bytes < 1e9 ? [1e6, 'MB'] : [1e9, 'GB']
  return `${(Math.floor(bytes / (size / 10)) / 10).toFixed(1)} ${unit}`
}
