import type { Emit } from '../model/event.ts'
import { colours } from './colours.ts'
import { createDoHuman, createDoJson } from './do.ts'
import { createHuman } from './human.ts'
import { createJson } from './json.ts'
import type { Screen } from './screen.ts'

export const formats = ['human', 'json'] as const
export type Format = (typeof formats)[number]

/** Options that some format has a use for. */
export interface ReporterOptions {
  readonly colour: boolean
  /** 0: changes and failures in full; 1: every task, with steps and results. */
  readonly verbosity: number
  readonly diff: boolean
  /** Folder that places in files are told from. */
  readonly cwd: string
  /** Tell of each host what its time went to. Events always do; default false. */
  readonly timing?: boolean
  /** Show tasks that changed nothing one by one, too; default false. */
  readonly each?: boolean
}

/** A listener that turns the events of one run into text on the screen. It has no other effect. */
export function createReporter(format: Format, screen: Screen, { colour, ...options }: ReporterOptions): Emit {
  switch (format) {
    case 'human':
      return createHuman(screen, { ...options, colours: colours(colour) })
    case 'json':
      return createJson(screen)
    default:
      return format satisfies never
  }
}

/** {@link createReporter} for one module on many hosts. */
export function createDoReporter(format: Format, screen: Screen, module: string, { colour, ...options }: ReporterOptions): Emit {
  switch (format) {
    case 'human':
      return createDoHuman(screen, { ...options, colours: colours(colour) })
    case 'json':
      return createDoJson(screen, module, options.timing)
    default:
      return format satisfies never
  }
}
