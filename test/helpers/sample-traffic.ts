import type { HostTraffic } from '../../src/model/event.ts'

/** What may be said to a host and what its time may go to, for reports; exchanges differ by what a test tells. */
export const sampleTraffic: Omit<HostTraffic, 'exchanges'> = {
  bytesSent: 12_345,
  bytesReceived: 987,
  connectMs: 210,
  factsMs: 31,
  readMs: 48,
  applyMs: 0,
}
