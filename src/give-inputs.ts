import type { Playbook } from './dsl/playbook.ts'
import type { Terminal } from './engine/context.ts'
import { readGiven } from './given-words.ts'
import { fillPlaybook } from './load/import.ts'
import type { Project } from './load/project.ts'
import { formatLine, RollcallError, type SourceLine } from './model/errors.ts'
import type { GivenInput } from './model/input.ts'
import { type Override, overrideVars, varsOf } from './override-vars.ts'
import { takeGiven } from './take-given.ts'

export interface GiveRequest {
  readonly playbook: Playbook
  readonly path: string
  readonly project: Project
  /** The words behind `-e`. */
  readonly words: readonly string[]
  /** The folder the command was given in. */
  readonly cwd: string
  readonly terminal: Terminal | undefined
  readonly standIns: boolean
  /** The compiler's verdict. */
  readonly compiled: Promise<unknown>
  readonly relative: (file: string) => string
}
export interface GivenPlaybook {
  readonly playbook: Playbook
  readonly given: readonly GivenInput[]
  /** Laid over an inventory whose sources are asked again. */
  readonly overrides: ReadonlyMap<string, Override>
}

/**
 * A playbook with values for all that it declares: its body has run, and vars that `-e` overrides are so in its inventory.
 * @throws RollcallError (exit 1) for what is not declared, does not fit, or is missing.
 */
export async function giveInputs({ playbook, words, ...request }: GiveRequest): Promise<GivenPlaybook> {
  if (words.length === 0 && playbook.withInputs === undefined) return { playbook, given: [], overrides: new Map() }
  const { project, path, cwd, terminal, standIns, compiled, relative } = request
  const { model } = playbook.inventory
  const placeOf = (at: SourceLine) => formatLine({ ...at, file: relative(at.file) })
  const inputs = new Map(Object.entries(playbook.inputs ?? {}))
  const overridable = model.overridable ?? new Map()
  for (const name of inputs.keys()) if (overridable.has(name)) throw oneName(name, playbook)
  const taken = await takeGiven(
    await readGiven(words, cwd),
    {
      playbook: `playbook '${playbook.name}'`,
      inputs,
      overridable,
      vars: varsOf(model),
      placeOf,
      ...(model.at && { inventoryAt: placeOf(model.at) }),
    },
    { terminal, standIns, beforeAsking: compiled },
  )
  const filled = await fillPlaybook(project, path, playbook, taken.inputs).catch(async (error: unknown) => {
    await compiled // Where both fail the compiler's message shows more.
    throw taken.standIns.length === 0 || !(error instanceof RollcallError) ? error : notGiven(error, taken.standIns)
  })
  const inventory = { ...filled.inventory, model: overrideVars(model, taken.overrides) }
  return { playbook: taken.overrides.size === 0 ? filled : { ...filled, inventory }, given: taken.given, overrides: taken.overrides }
}

function oneName(name: string, { name: playbook, at }: Playbook): RollcallError {
  return new RollcallError({
    summary: 'An input and a var that may be overridden have one name',
    detail: `'${name}' of playbook '${playbook}' and of the inventory`,
    fix: 'Rename one of them: -e could not tell which is meant.',
    exitCode: 1,
    ...(at && { at }),
  })
}

/** A body that cannot do with what stands for a value that is not given. */
function notGiven({ details }: RollcallError, standIns: readonly string[]): RollcallError {
  const words = standIns.map((name) => `-e ${name}=…`).join(' ')
  return new RollcallError({
    ...details,
    fix: `${details.fix === undefined ? '' : `${details.fix}\n`}It may be that it needs what is not given:\n${words}`,
  })
}
