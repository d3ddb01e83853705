import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { matchesWildcard } from './wildcard.ts'

/**
 * The text of an ssh_config with the files that it includes in place; empty when there is none. Wildcards are
 * understood in the last part of an included path.
 */
export async function readSshConfig(file: string, depth = 0): Promise<string> {
  if (depth > 16)
    throw new RollcallError({ summary: 'The ssh configuration includes itself', detail: file, fix: 'Remove the Include line.' })
  const text = await readText(file)
  const lines: string[] = []
  let inSection = false
  for (const [at, line] of text.split('\n').entries()) {
    const included = /^\s*include(?:\s*=\s*|\s+)(.*)$/i.exec(line)?.[1]
    if (included === undefined) {
      if (/^\s*(host|match)\b/i.test(line)) inSection = true
      lines.push(line)
      continue
    }
    if (inSection) {
      throw new RollcallError({
        summary: 'An Include below Host or Match in the ssh configuration is not supported',
        detail: `${file}:${at + 1}`,
        fix: "Move the Include line to the top of the file, or let the system's ssh log in: connection: ssh({ transport: 'openssh' }).",
      })
    }
    for (const path of await includedFiles(included)) lines.push(await readSshConfig(path, depth + 1))
    // What follows is for every host again, whatever section the included file ended in.
    lines.push('Host *')
  }
  return lines.join('\n')
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new RollcallError(
      { summary: 'The ssh configuration cannot be read', detail: (error as Error).message, fix: `Make it readable:\nls -l ${file}` },
      { cause: error },
    )
  }
}

async function includedFiles(words: string): Promise<readonly string[]> {
  const patterns = [...words.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
  const files = await Promise.all(
    patterns.map(async (pattern) => {
      const path = resolve(join(homedir(), '.ssh'), pattern.replace(/^~(?=\/)/, homedir()))
      if (!/[*?]/.test(basename(path))) return [path]
      const names = await readdir(dirname(path)).catch(() => [])
      return names
        .filter((name) => matchesWildcard(basename(path), name) && !name.startsWith('.'))
        .sort()
        .map((name) => join(dirname(path), name))
    }),
  )
  return files.flat()
}
