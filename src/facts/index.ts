import { type OwnFacts, ownFacts } from '../dsl/define-facts.ts'
import { RollcallError } from '../model/errors.ts'
import { type BuiltInFamily, builtInFamilies, type FactValues } from '../model/facts.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import { Script, sh } from '../util/sh.ts'
import type { FactFamily } from './family.ts'
import { hardware } from './hardware.ts'
import { network } from './network.ts'
import { os } from './os.ts'

/** Every built-in family with its script and parser. */
export const factFamilies: { readonly [K in BuiltInFamily]: FactFamily<K> } = { os, network, hardware }

/** Names of all families there are: the built-in ones, and those that the files loaded so far define. */
export function familyNames(): readonly string[] {
  return [...builtInFamilies, ...ownFacts.keys()]
}

/**
 * A family by its name.
 * @throws RollcallError for a name that there is not.
 */
export function familyNamed(name: string): Omit<OwnFacts, 'at'> {
  const family = (factFamilies as { readonly [name: string]: Omit<OwnFacts, 'at'> })[name] ?? ownFacts.get(name)
  if (family) return family
  throw new RollcallError({
    summary: 'There is no such family of facts',
    detail: `'${name}'`,
    fix: `There are: ${familyNames().join(', ')}.`,
  })
}

/** A shell's variables cannot hold NUL, so nothing that a host prints looks like the head of a section. */
const end = 'end'

/**
 * The scripts of all families as one job: facts of a host cost one exchange and ride with others. Ours follow each other
 * in one shell and leave its options as they were. With families of the user's own, which want a shell of their own, each
 * family runs in a subshell, so that none sees another's variables or options.
 */
export function factsJobs(families: readonly string[]): Job[] {
  if (families.length === 0) return []
  const ours = !families.some((name) => ownFacts.has(name))
  const section = (name: string) => {
    const { script } = familyNamed(name)
    return ours
      ? sh`head=${`\\000${name}\\n`}
{ ${script} } </dev/null`
      : sh`printf '\000%s\n' ${name}; head=; ( ${script} ) </dev/null`
  }
  const sections = families.map((name) => section(name).text)
  const script = new Script([...sections, sh`printf '\000%s\n' ${end}`.text].join('\n'))
  return [{ script, own: ours, open: ours }]
}

function parseFamily(name: string, section: Uint8Array | undefined): object {
  try {
    if (section === undefined) throw new Error('the host printed nothing of it')
    return familyNamed(name).parse(section)
  } catch (error) {
    throw new RollcallError(
      {
        summary: 'The facts that a host gave make no sense',
        detail: `${name}: ${error instanceof Error ? error.message : String(error)}`,
        fix: ownFacts.has(name)
          ? 'Run its script on the host by hand, and see what its parse makes of the output.'
          : 'Log in to the host and look at the files named here.',
      },
      { cause: error },
    )
  }
}

/**
 * What the jobs of {@link factsJobs}, given the same families, brought back. A family of the user's own that makes no
 * sense is left out and told to `onProblem`: it harms only who reads it.
 * @throws RollcallError when the host's answer was cut off or a built-in family is not facts.
 */
export function parseFacts(
  families: readonly string[],
  replies: readonly Reply[],
  onProblem?: (family: string, error: RollcallError) => void,
): FactValues {
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
  return Object.fromEntries(
    families.flatMap((name) => {
      try {
        return [[name, parseFamily(name, sections.get(name))]]
      } catch (error) {
        if (!onProblem || !ownFacts.has(name)) throw error
        onProblem(name, error as RollcallError)
        return []
      }
    }),
  )
}
