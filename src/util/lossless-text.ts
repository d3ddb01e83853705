const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Bytes as text that turns back into the same bytes: UTF-8 where they are UTF-8, and U+DC80 to U+DCFF for each byte
 * that is none (no UTF-8 decodes to those). So expressions match characters, and bytes of another encoding survive.
 */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return escapeWrongBytes(bytes)
  }
}

/** The bytes of such a text. */
export function bytesOfText(text: string): Uint8Array {
  const parts = text.split(/((?<![\uD800-\uDBFF])[\uDC80-\uDCFF]+)/)
  if (parts.length === 1) return new TextEncoder().encode(text)
  // Odd parts are runs of such bytes.
  const encoded = parts.map((part, index) =>
    index % 2 === 0 ? new TextEncoder().encode(part) : Uint8Array.from(part, (unit) => unit.charCodeAt(0) - 0xdc00),
  )
  const all = new Uint8Array(encoded.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of encoded) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function escapeWrongBytes(bytes: Uint8Array): string {
  const parts: string[] = []
  let start = 0
  let at = 0
  const flush = () => {
    if (at > start) parts.push(strict.decode(bytes.subarray(start, at)))
  }
  while (at < bytes.length) {
    const length = sequenceAt(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    flush()
    parts.push(String.fromCharCode(0xdc00 + bytes[at]!))
    start = ++at
  }
  flush()
  return parts.join('')
}

/** How many bytes the UTF-8 character at a place has; 0 where there is none (table 3-7 of the Unicode standard). */
function sequenceAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  const length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0
  if (length === 0 || at + length > bytes.length) return 0
  const second = bytes[at + 1]!
  const [least, most] =
    first === 0xe0
      ? [0xa0, 0xbf]
      : first === 0xed
        ? [0x80, 0x9f]
        : first === 0xf0
          ? [0x90, 0xbf]
          : first === 0xf4
            ? [0x80, 0x8f]
            : [0x80, 0xbf]
  if (second < least! || second > most!) return 0
  for (let next = at + 2; next < at + length; next++) if ((bytes[next]! & 0xc0) !== 0x80) return 0
  return length
}
