/*
 * The wire of OpenSSH's connection sharing (its file PROTOCOL.mux), and of the SSH connection protocol (RFC 4254) that is
 * spoken over it in proxy mode. Both send messages behind their length.
 */

/** Messages of connection sharing. */
export const mux = {
  version: 4,
  hello: 0x00000001,
  askAlive: 0x10000004,
  terminate: 0x10000005,
  askProxy: 0x1000000f,
  alive: 0x80000005,
  proxy: 0x8000000f,
} as const

/** Messages of the connection protocol, those that a client of sessions meets. */
export const ssh = {
  open: 90,
  openConfirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const

/** Four bytes, the most significant first. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Bytes behind their length. */
export function string(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** A message of connection sharing. */
export function muxMessage(type: number, ...fields: readonly Buffer[]): Buffer {
  return string(Buffer.concat([uint32(type), ...fields]))
}

/** A message of the connection protocol as the master takes it: no padding, which is said by a zero. */
export function sshMessage(type: number, channel: number, ...fields: readonly Uint8Array[]): Buffer {
  return string(Buffer.concat([Buffer.from([0, type]), uint32(channel), ...fields]))
}

/** Asks for a channel with a session in it. */
export function openMessage(channel: number, window: number, packet: number): Buffer {
  return string(Buffer.concat([Buffer.from([0, ssh.open]), string('session'), uint32(channel), uint32(window), uint32(packet)]))
}

/** What is left of a message, read from its front. */
export interface MessageReader {
  byte(): number
  uint32(): number
  bytes(): Buffer
  text(): string
}

/** @throws RangeError at the end of the message. */
export function readMessage(message: Buffer): MessageReader {
  let at = 0
  const reader = {
    byte: () => message.readUInt8(at++),
    uint32: () => {
      at += 4
      return message.readUInt32BE(at - 4)
    },
    bytes: () => {
      const length = reader.uint32()
      if (at + length > message.length) throw new RangeError('a field is longer than its message')
      at += length
      return message.subarray(at - length, at)
    },
    text: () => reader.bytes().toString('utf8'),
  }
  return reader
}

/** More than any message has; what claims to be longer is no message. */
const longest = 1024 * 1024

/**
 * Cuts what comes in into messages.
 * @throws RangeError for a length that no message has.
 */
export function messageSplitter(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const messages: Buffer[] = []
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0)
      if (length > longest) throw new RangeError(`a message of ${length} bytes`)
      if (rest.length < 4 + length) break
      messages.push(rest.subarray(4, 4 + length))
      rest = rest.subarray(4 + length)
    }
    return messages
  }
}
