/** Takes a read's output apart, byte by byte: content may hold anything, so nothing is decoded before it is cut. */
export interface OutputReader {
  /** The text up to the next NUL. */
  readonly record: () => string
  /** The bytes up to a mark, which is dropped. */
  readonly until: (mark: string) => Uint8Array
  /** The next `length` bytes. */
  readonly take: (length: number) => Uint8Array
}

/** Reads output of a resource's script. Every method throws when the output ends too early. */
export function outputReader(output: Uint8Array): OutputReader {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.byteLength)
  let at = 0
  const until = (mark: string) => {
    const end = bytes.indexOf(mark, at)
    if (end < 0)
      throw new Error(
        `the host's answer ends too early; it ends with: ${JSON.stringify(bytes.subarray(Math.max(at, bytes.length - 200)).toString('utf8'))}`,
      )
    const part = bytes.subarray(at, end)
    at = end + Buffer.byteLength(mark)
    return part
  }
  return {
    until,
    record: () => Buffer.from(until('\0')).toString('utf8'),
    take: (length) => {
      if (at + length > bytes.length)
        throw new Error(`the host's answer ends too early: ${length} bytes announced, ${bytes.length - at} came`)
      at += length
      return bytes.subarray(at - length, at)
    },
  }
}
