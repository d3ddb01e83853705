import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Call } from '../dsl/call.ts'
import { Refusal } from '../dsl/definition.ts'
import { apply, type DriveOptions, fieldsThatDiffer, plan, readStates } from './drive.ts'
import { type LocalHost, localHosts } from './local-host.ts'
import { treeOf } from './tree.ts'

/** One way to use a module. */
export interface LawCase {
  readonly name: string
  /** Makes what is there before, in an empty directory that stands for the host's `/`. */
  readonly before?: (root: string, hostile: string) => void
  /** `hostile` is a harmless word, or with `hostile: true` one value after another that a careless script would run. */
  readonly call: (root: string, hostile: string) => Call<any>
  /** Default `changes`. */
  readonly expect?: 'changes' | 'nothing' | 'refusal'
  /** Tries the case with every hostile value. */
  readonly hostile?: boolean
  /** Only these, for a case that needs a program which not every host has. */
  readonly hosts?: readonly LocalHost[]
  /** What must hold besides the laws. */
  readonly after?: (root: string, hostile: string) => void
}

/** A law to hold in a test: `test.each(laws(…))('$name', ({ check }) => check())`. */
export interface Law {
  readonly name: string
  /** @throws Error saying which law does not hold. */
  readonly check: () => Promise<void>
}

export interface LawOptions extends DriveOptions {
  /** Default: dash, bash and busybox of this machine. */
  readonly hosts?: readonly LocalHost[]
}

/**
 * Values that become commands, options, patterns or several words where a script does not quote. None holds a slash, so
 * each can be a file's name; run as a command, it would make the canary file that local hosts know of.
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

async function checkCase(one: LawCase, host: LocalHost, options: LawOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'law-'))
  try {
    const values = one.hostile ? hostileValues : ['plain']
    for (const [index, hostile] of values.entries()) {
      const root = join(folder, `root${index}`)
      mkdirSync(root)
      const say = (law: string, detail: string) =>
        new Error(`${law}, ${one.name} on ${host.name}${one.hostile ? ` with ${JSON.stringify(hostile)}` : ''}: ${detail}`)
      await hold(one, host, root, hostile, options, say)
      if (existsSync(host.canary)) throw say('hostile values are data', 'the value was run as a command')
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(host.canary, { force: true })
    rmSync(`${host.canary}-state`, { recursive: true, force: true })
  }
}

async function hold(
  one: LawCase,
  host: LocalHost,
  root: string,
  hostile: string,
  options: LawOptions,
  say: (law: string, detail: string) => Error,
): Promise<void> {
  const { expect = 'changes' } = one
  one.before?.(root, hostile)
  const call = one.call(root, hostile)
  const before = treeOf(root)
  const planned = await plan(call, host, options).catch((error: unknown) => {
    if (expect === 'refusal' && error instanceof Refusal) return undefined
    throw error
  })
  const written = treeOf(root).filter((line) => !before.includes(line))
  if (written.length > 0) throw say('check writes nothing', written.join('\n'))
  if (planned === undefined) return
  if (expect === 'refusal') throw say('expected a refusal', `it planned ${planned.differs.join(', ') || 'nothing'}`)
  if (planned.differs.length > 0 !== (expect === 'changes'))
    throw say(expect === 'changes' ? 'expected a change' : 'expected no change', planned.differs.join(', ') || 'it planned nothing')

  await apply(planned, host)
  const wrong = fieldsThatDiffer(await readStates(host, planned.reads), planned.wanted)
  if (wrong.length > 0) throw say('check predicts apply', wrong.join(', '))
  const { kind } = call.definition
  if (kind === 'module' || (kind === 'action' && Object.keys(planned.reads).length > 0)) {
    const again = await plan(call, host, options)
    if (again.differs.length > 0) throw say('apply converges', again.differs.join(', '))
  }
  one.after?.(root, hostile)
}
