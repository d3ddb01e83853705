import { stripVTControlCharacters } from 'node:util'
import { longestForm, redact, settledLength } from './redact.ts'

/** What a person is shown of an output's end, in bytes; what is read besides is for finding secrets. */
const shownBytes = 4096
/** Of an output with secrets longer than this nothing is shown while it is written. */
const longestWatched = 32 * 1024

/** How many bytes to read from the end of an output for {@link lastLines}; undefined where nothing of it can be shown. */
export function tailBytes(): number | undefined {
  const longest = longestForm()
  return longest > longestWatched ? undefined : shownBytes + 2 * longest
}

/**
 * The last lines of an output that is still being written, without secrets: neither one that the beginning of the tail cuts in
 * two, nor one that is written only in part. Of a line that was written over (a progress bar) what stands there last.
 * @param whole The bytes are all that was written, not only its end.
 */
export function lastLines(bytes: Uint8Array, whole: boolean, most: number): readonly string[] {
  if (bytes.includes(0)) return [] // It is for programs.
  // A character that is there in part waits, too.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })
  // What a program colours may be a part of a secret.
  const plain = stripVTControlCharacters(redact(text)).replace(/\u001b(\[[\d;?]*)?$/, '')
  const shown = redact(plain.slice(0, settledLength(plain)))
  return linesOf(whole ? shown : behindCut(shown)).slice(-most)
}

/** Without what may be the end of a secret, which a shorter one in it can have made twice as long, and of the line it stands in. */
function behindCut(text: string): string {
  const rest = text.slice(2 * longestForm())
  const end = rest.search(/[\r\n]/)
  return end === -1 ? '' : rest.slice(end + 1)
}

function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\r+$/, ''))
    .map((line) => line.slice(line.lastIndexOf('\r') + 1).trimEnd())
    .filter((line) => line !== '')
}
