import type { Call } from '../dsl/call.ts'
import { Refusal } from '../dsl/definition.ts'
import { Script } from '../util/sh.ts'
import { apply, type DriveOptions, fieldsThatDiffer, plan, readStates, type States } from './drive.ts'
import type { LawHost, LawPlace } from './law-host.ts'
import { localHosts } from './local-host.ts'

/** A script that runs on the host, or what prepares or looks at its tree from outside; it may give a script to run as well. */
type Hand = Script | ((root: string, hostile: string) => unknown)

/** One way to use a module. */
export interface LawCase {
  readonly name: string
  /** Makes what is there before. `root` stands for the host's `/`: an empty folder, or a whole system (see `sandboxHost`). */
  readonly before?: Hand
  /** `hostile` is a harmless word, or with `hostile: true` one value after another that a careless script would run. */
  readonly call: (root: string, hostile: string) => Call<any>
  /** Default `changes`. */
  readonly expect?: 'changes' | 'nothing' | 'refusal'
  /** Tries the case with every hostile value. */
  readonly hostile?: boolean
  /** Only these, for a case that needs a program which not every host has. */
  readonly hosts?: readonly LawHost[]
  /** What must hold besides the laws: throws where it does not, or gives a script that ends with 0 where it does. */
  readonly after?: Hand
}

/** A law to hold in a test: `test.each(laws(…))('$name', ({ check }) => check())`. */
export interface Law {
  readonly name: string
  /** @throws Error saying which law does not hold. */
  readonly check: () => Promise<void>
}

export interface LawOptions extends DriveOptions {
  /** Default: dash, bash and busybox of this machine. */
  readonly hosts?: readonly LawHost[]
}

/**
 * Values that become commands, options, patterns or several words where a script does not quote. None holds a slash, so
 * each can be a file's name; run as a command, it would make the canary file that law hosts know of.
 */
export const hostileValues: readonly string[] = [
  `'; touch $CANARY; '`,
  '$(touch $CANARY)',
  '`touch $CANARY`',
  '"; touch "$CANARY" #',
  'x\ntouch $CANARY\n',
  '-rf',
  '*',
  'two  words ',
  '\\',
  "it's",
  '$HOME',
  '%s%n\\n',
  '!#&|<>()[]{};~?',
  'ünï→',
  "'",
  '"',
]

/**
 * The laws that every module obeys: check writes nothing · check predicts apply · apply converges · hostile values are
 * data. One law set for each case, shell and, where asked, hostile value.
 */
export function laws(cases: readonly LawCase[], options: LawOptions = {}): readonly Law[] {
  return cases.flatMap((one) =>
    (one.hosts ?? options.hosts ?? localHosts()).map((host) => ({
      name: `${one.name} (${host.name})`,
      check: () => checkCase(one, host, options),
    })),
  )
}

async function checkCase(one: LawCase, host: LawHost, options: LawOptions): Promise<void> {
  // A refusal changes nothing, so that all values may meet it in one place.
  const shares = one.expect === 'refusal' && typeof one.before !== 'function' && typeof one.after !== 'function'
  let place: LawPlace | undefined
  try {
    for (const hostile of one.hostile ? hostileValues : ['plain']) {
      const say: Say = (law, detail) =>
        new Error(`${law}, ${one.name} on ${host.name}${one.hostile ? ` with ${JSON.stringify(hostile)}` : ''}: ${detail}`)
      const fresh = place === undefined
      place ??= await host.open()
      if (fresh) await lend(one.before, 'before', place, hostile, say)
      await hold(one, place, hostile, options, say)
      if (await place.canaryRan()) throw say('hostile values are data', 'the value was run as a command')
      if (shares) continue
      await place.close()
      place = undefined
    }
  } finally {
    await place?.close()
  }
}

type Say = (law: string, detail: string) => Error

/** What of the wanted state must hold after the steps. */
function leftBy({ definition, params }: Call<any>, wanted: States, after: States): States {
  return (definition.kind === 'module' && (definition.leaves?.(params, { wanted, after }) as States | undefined)) || wanted
}

async function hold(one: LawCase, place: LawPlace, hostile: string, options: LawOptions, say: Say): Promise<void> {
  const { expect = 'changes' } = one
  const call = one.call(place.inside, hostile)
  const written = await place.watch()
  const planned = await plan(call, place, options).catch((error: unknown) => {
    if (expect === 'refusal' && error instanceof Refusal) return undefined
    throw error
  })
  const lines = await written()
  if (lines.length > 0) throw say('check writes nothing', lines.join('\n'))
  if (planned === undefined) return lend(one.after, 'after', place, hostile, say)
  if (expect === 'refusal') throw say('expected a refusal', `it planned ${planned.differs.join(', ') || 'nothing'}`)
  if (planned.differs.length > 0 !== (expect === 'changes'))
    throw say(expect === 'changes' ? 'expected a change' : 'expected no change', planned.differs.join(', ') || 'it planned nothing')

  await apply(planned, place)
  const after = await readStates(place, planned.reads)
  const wrong = fieldsThatDiffer(after, leftBy(call, planned.wanted, after))
  if (wrong.length > 0) throw say('check predicts apply', wrong.join(', '))
  const { definition } = call
  // An action that reads does so to know whether it is due, but one that the host returns from: that compares boots.
  const isConditional = definition.kind === 'action' && Object.keys(planned.reads).length > 0 && !definition.returns
  if (definition.kind === 'module' || isConditional) {
    const again = await plan(call, place, options)
    if (again.differs.length > 0) throw say('apply converges', again.differs.join(', '))
  }
  await lend(one.after, 'after', place, hostile, say)
}

/** Lends a case a hand on its host. */
async function lend(hand: Hand | undefined, when: 'before' | 'after', place: LawPlace, hostile: string, say: Say): Promise<void> {
  const script = hand instanceof Script ? hand : await hand?.(place.root, hostile)
  if (!(script instanceof Script)) return
  const { code, stdout, stderr } = await place.run({ script })
  const said = [stdout, stderr].map((bytes) => Buffer.from(bytes).toString('utf8').trim()).join('\n')
  if (code !== 0) throw say(`the script of '${when}' ended with exit code ${code}`, `${script.shown}\n${said}`)
}
