import { RollcallError } from '../model/errors.ts'
import type { FactFamilies, Family } from '../model/facts.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import { Script, sh } from '../util/sh.ts'
import type { FactFamily } from './family.ts'
import { hardware } from './hardware.ts'
import { network } from './network.ts'
import { os } from './os.ts'

/** Every family with its script and parser. */
export const factFamilies: { readonly [K in Family]: FactFamily<K> } = { os, network, hardware }

/** A shell's variables cannot hold NUL, so nothing that a host prints looks like the head of a section. */
const end = 'end'

/**
 * The scripts of all families as one job: facts of a host cost one exchange and ride with others. Each family runs in
 * a subshell, so that none sees another's variables or options.
 */
export function factsJobs(families: readonly Family[]): Job[] {
  if (families.length === 0) return []
  const sections = families.map((name) => sh`printf '\000%s\n' ${name}; ( ${factFamilies[name].script} ) </dev/null`.text)
  return [{ script: new Script([...sections, sh`printf '\000%s\n' ${end}`.text].join('\n')) }]
}

function parseFamily<K extends Family>(name: K, section: Uint8Array | undefined): FactFamilies[K] {
  try {
    if (section === undefined) throw new Error('the host printed nothing of it')
    return factFamilies[name].parse(section)
  } catch (error) {
    throw new RollcallError(
      {
        summary: 'The facts that a host gave make no sense',
        detail: `${name}: ${error instanceof Error ? error.message : String(error)}`,
        fix: 'Log in to the host and look at the files named here.',
      },
      { cause: error },
    )
  }
}

/**
 * What the jobs of {@link factsJobs}, given the same families, brought back.
 * @throws RollcallError when the host's answer was cut off or is not facts.
 */
export function parseFacts(families: readonly Family[], replies: readonly Reply[]): Partial<FactFamilies> {
  if (families.length === 0) return {}
  const sections = new Map<string, Uint8Array>()
  const reply = replies[0]
  const bytes = Buffer.from(reply?.stdout ?? [])
  for (let head = bytes.indexOf(0); head !== -1; ) {
    const next = bytes.indexOf(0, head + 1)
    const line = bytes.indexOf(10, head)
    if (line === -1) break
    sections.set(bytes.toString('utf8', head + 1, line), bytes.subarray(line + 1, next === -1 ? undefined : next))
    head = next
  }
  if (reply === undefined || !sections.has(end)) {
    throw new RollcallError({
      summary: 'The facts of a host were cut off',
      detail:
        reply === undefined
          ? 'the host sent no answer'
          : `exit code ${reply.code}\n${Buffer.from(reply.stderr).toString('utf8').trim()}`.trim(),
      fix: 'Run again. If it stays so, the shell of the login user on this host ends scripts early.',
    })
  }
  return Object.fromEntries(families.map((name) => [name, parseFamily(name, sections.get(name))])) as Partial<FactFamilies>
}
