import { inspect } from 'node:util'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import type { BuiltInFamily, Facts, HostKnowledge } from '../model/facts.ts'
import { familyNamed, familyNames } from './index.ts'

/** What {@link MissingFact} knows; `at` is added by whoever knows the line that reads the fact. */
export interface Missing {
  readonly host: string
  /** `hardware.memoryMb`, or `hardware` where the whole family is asked for. */
  readonly fact: string
  readonly reason: string
  readonly fix?: string
  readonly at?: SourceLine
}

/** What to write in an inventory to declare a fact. */
function declaration(fact: string): string {
  const [family, field] = fact.split('.')
  return `facts: { ${family}: { ${field === undefined ? '…' : `${field}: …`} } }`
}

/**
 * A fact was read that is neither live, remembered nor declared. Raised only when it is really read. Its `host` is the
 * one whose fact is missing; `details.host` is left for the host whose task fails by it.
 */
export class MissingFact extends RollcallError {
  override readonly name = 'MissingFact'
  readonly host: string
  readonly fact: string
  readonly reason: string
  constructor(missing: Missing, options?: { cause?: unknown }) {
    super(
      {
        summary: 'A fact of a host is not known',
        detail: `${missing.fact} of ${missing.host}: ${missing.reason}`,
        fix:
          missing.fix ??
          `Start the host, or run once with it up so that its facts are remembered, or declare the fact in the inventory:\n${declaration(missing.fact)}`,
        ...(missing.at && { at: missing.at }),
      },
      options,
    )
    this.host = missing.host
    this.fact = missing.fact
    this.reason = missing.reason
  }
}

/** The play on whose behalf facts are read. */
export interface FactsContext {
  readonly play: string
  /** False for a host outside the play's `facts.of`; default true. */
  readonly inScope?: boolean
  /** False where no host is asked at all (`explain`): then a missing fact says nothing about the host. Default true. */
  readonly asked?: boolean
}

/** Why a family of a host is not known, as a clause for people. */
export function missingReason(knowledge: HostKnowledge, family: string, context: FactsContext): string {
  if (context.asked === false) return 'no host is asked here, and it is neither remembered nor declared'
  if (context.inScope === false) return `the host stands outside the facts scope of play '${context.play}'`
  if (knowledge.contact === 'answered')
    return `the host answered, but its ${family} facts could not be read${knowledge.reason === undefined ? '' : ` (${knowledge.reason})`}`
  if (knowledge.contact !== 'failed') return `the host was not asked${knowledge.reason === undefined ? '' : ` (${knowledge.reason})`}`
  const seen = Object.values(knowledge.families).some((known) => known?.origin === 'cached')
  const down = `the host is down${knowledge.reason === undefined ? '' : ` (${knowledge.reason})`}`
  return seen ? `${down} and its ${family} facts were never gathered` : `${down} and was never seen before`
}

/** One family of which nothing, or only some declared fields, are known: the others fail by name when they are read. */
function missingFamily(family: string, knowledge: HostKnowledge, context: FactsContext): object {
  const declared: object = knowledge.declared?.[family] ?? {}
  const { fields } = familyNamed(family)
  const reason = missingReason(knowledge, family, context)
  const missing = (field: PropertyKey | undefined): MissingFact =>
    new MissingFact({
      host: knowledge.host,
      fact: field === undefined ? family : `${family}.${String(field)}`,
      reason,
      ...(context.inScope === false && { fix: `Widen facts.of of play '${context.play}', so that this host is asked too.` }),
    })
  const unknown = (field: PropertyKey): boolean => Object.hasOwn(fields, field) && !Object.hasOwn(declared, field)
  const shown = Object.create(null, {
    [inspect.custom]: {
      value: () => `[${family} facts of ${knowledge.host} are not known: ${reason}; declared: ${inspect(declared)}]`,
      configurable: true,
    },
  }) as object
  return new Proxy(shown, {
    get(_, field) {
      if (unknown(field)) throw missing(field)
      // Text, JSON and arithmetic would show the declared part as if it were all.
      if (field === 'toJSON' || field === 'toString' || field === 'valueOf' || field === Symbol.toPrimitive) throw missing(undefined)
      return Reflect.get(declared, field)
    },
    has(_, field) {
      if (unknown(field)) throw missing(field)
      return Object.hasOwn(declared, field)
    },
    ownKeys() {
      throw missing(undefined)
    },
    getOwnPropertyDescriptor(_, field) {
      if (unknown(field)) throw missing(field)
      const own = Reflect.getOwnPropertyDescriptor(declared, field)
      return own && { ...own, configurable: true }
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  })
}

/**
 * The facts of a host as a play reads them. Known families are plain frozen data. A missing one fails, naming host
 * and fact, only when a field of it is read, spread or serialised, so a host that is down harms only who needs it.
 * @throws RollcallError on reading a family that the play does not list.
 */
export function factsView<F extends BuiltInFamily>(knowledge: HostKnowledge, families: readonly F[], context: FactsContext): Facts<F>
export function factsView(knowledge: HostKnowledge, families: readonly string[], context: FactsContext): Facts
export function factsView(knowledge: HostKnowledge, families: readonly string[], context: FactsContext): object {
  const listed = Object.fromEntries(
    families.map((family) => [family, knowledge.families[family]?.value ?? missingFamily(family, knowledge, context)]),
  )
  return new Proxy(Object.freeze(listed), {
    get(target, name, receiver) {
      if (Object.hasOwn(target, name) || !familyNames().includes(name as string)) return Reflect.get(target, name, receiver) as unknown
      throw new RollcallError({
        summary: 'A play reads facts that it does not list',
        detail: `${String(name)} of ${knowledge.host}: play '${context.play}' lists ${families.join(', ') || 'none'}`,
        fix: `List it under facts.families of the play:\nfacts: { families: [${[...families, String(name)].map((family) => `'${family}'`).join(', ')}] }`,
      })
    },
  })
}
