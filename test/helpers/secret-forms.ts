import { createHash } from 'node:crypto'

/** Base64 of a text inside of a longer one, at each of three places: the characters that hang on nothing but the text. */
function insideBase64(text: string): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${'\0'.repeat(shift)}${text}`)
      .toString('base64')
      .replace(/=+$/, '')
    const whole = Math.floor(((shift + Buffer.byteLength(text)) * 8) / 6)
    return encoded.slice(Math.ceil((shift * 8) / 6), whole)
  })
}

/** A text in every form in which a program may repeat it, worked out without the code that hides them. */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  const base64 = insideBase64(value)
  const percent = [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
  const url = encodeURIComponent(value)
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const lines = value.split('\n').filter((line) => line.length > 12 && !line.startsWith('-----'))
  return [
    ...new Set([
      value.trim(),
      ...lines,
      JSON.stringify(value).slice(1, -1),
      JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1),
      value.replaceAll("'", "'\\''"),
      value.replaceAll("'", `'"'"'`),
      value.replace(/["$`\\]/g, '\\$&'),
      value.replace(/[^\w@%+=:./-]/g, '\\$&'),
      url,
      url.replaceAll('%20', '+'),
      url.toLowerCase(),
      percent,
      ...base64,
      ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      hash(value),
      hash(`${value}\n`),
    ]),
  ].filter((form) => form.length > 6)
}
