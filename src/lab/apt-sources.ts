import { readFileSync } from 'node:fs'
import { RollcallError } from '../model/errors.ts'
import { run } from './process.ts'
import { toolEnvironment } from './tools.ts'

/** Package sources of this machine in apt's two formats, as apt would read them from files. */
export interface AptSources {
  /** One-line style. */
  readonly list: string
  /** deb822 style. */
  readonly sources: string
}

/** An entry of the machine's sources: `/etc/apt/sources.list:3` counts lines, `…/debian.sources:2` counts stanzas. */
function entryText(sourcesEntry: string): { format: keyof AptSources; text: string } | undefined {
  const match = /^(.*):(\d+)$/.exec(sourcesEntry)
  const [, file, number] = match ?? []
  if (file === undefined || number === undefined) return undefined
  const content = readFileSync(file, 'utf8')
  if (!file.endsWith('.sources')) {
    const text = content.split('\n')[Number(number) - 1]
    return text === undefined ? undefined : { format: 'list', text }
  }
  const withoutComments = content
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
  const stanzas = withoutComments.split(/\n\s*\n/).filter((stanza) => stanza.trim() !== '')
  const text = stanzas[Number(number) - 1]
  return text === undefined ? undefined : { format: 'sources', text: text.trim() }
}

/** From the output of `apt-get indextargets`: the entries whose origin is Debian and whose release is the wanted one. */
export function debianEntries(indexTargets: string, codename: string): readonly string[] {
  const entries = new Set<string>()
  for (const line of indexTargets.split('\n')) {
    const [origin, name, component, entry] = line.split('|')
    if (origin !== 'Debian' || component !== 'main' || entry === undefined) continue
    if (name === codename || name === `${codename}-updates` || name === `${codename}-security`) entries.add(entry)
  }
  return [...entries]
}

/**
 * What this machine itself would install Debian from: its mirror and keys, but none of its third-party sources. Who
 * published a source is asked of apt, which has verified it, not guessed from its URL.
 */
export async function debianSources(codename: string): Promise<AptSources> {
  const env = toolEnvironment()
  const ask = async () => {
    const result = await run(['apt-get', 'indextargets', '--format', '$(ORIGIN)|$(CODENAME)|$(COMPONENT)|$(SOURCESENTRY)'], { env })
    return debianEntries(result.stdout.toString(), codename)
  }
  // The origin of a source is known only once its index has been fetched.
  const update = await run(['apt-get', 'update'], { env })
  const found = (await ask()).map(entryText).filter((entry) => entry !== undefined)
  if (found.length === 0) {
    throw new RollcallError({
      summary: `This machine has no package source of Debian ${codename}, from which the lab's hosts are made`,
      detail: update.stderr.toString().trim() || 'apt-get indextargets names none',
      fix: `Add a mirror of Debian, suite ${codename}, component main, to /etc/apt/sources.list, then try:\napt-get update`,
    })
  }
  const of = (format: keyof AptSources, separator: string) =>
    found
      .filter((entry) => entry.format === format)
      .map((entry) => entry.text)
      .join(separator)
  return { list: of('list', '\n'), sources: of('sources', '\n\n') }
}

/** How this machine's apt reaches its mirrors (proxies, retries, clock checks), one apt.conf line each. */
export async function aptTransport(): Promise<string> {
  const dump = await run(['apt-config', 'dump'], { env: toolEnvironment() })
  return dump.stdout
    .toString()
    .split('\n')
    .filter((line) => /^Acquire::(https?::|ftp::|Retries |Check-Valid-Until |Check-Date |ForceIPv)/.test(line))
    .join('\n')
}
