import { inLines, type Script, sh } from '../util/sh.ts'

/** Far below the least limit of a kernel, which is 128 KiB with the environment. */
const mostBytes = 60_000
/** A script that takes its words apart by `set -- "$@" word` copies all of them each time. */
const mostWords = 250

/** Words that may be more than one command takes, in parts that are not. */
export function chunksOf(words: readonly string[], most = mostWords): readonly (readonly string[])[] {
  const chunks: string[][] = []
  let bytes = 0
  for (const word of words) {
    bytes += Buffer.byteLength(word) + 1
    const last = chunks.at(-1)
    if (last && last.length < most && bytes <= mostBytes) last.push(word)
    else {
      chunks.push([word])
      bytes = Buffer.byteLength(word) + 1
    }
  }
  return chunks
}

/** A script for words that may be more than one command takes: `of` is asked for each part of them. None: no command. */
export function inChunks(words: readonly string[], of: (chunk: readonly string[]) => Script, most = mostWords): Script {
  return words.length === 0 ? sh`:` : inLines(chunksOf(words, most).map(of))
}
