import type { Colours, Output, Screen } from '../report/index.ts'
import type { Engine } from './engine.ts'

/** The world a command runs in: main gives it the process's own, a test gives it what it wants to look at. */
export interface World {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** Puts a question to the person at the terminal; absent where there is none. */
  readonly ask?: (question: string) => Promise<boolean>
  readonly engine: Engine
  /** Over the two streams, where whoever gives the world writes to them, too; else it is made. */
  readonly screen?: Screen
}

/** What a command may use besides its arguments. */
export interface Context extends World {
  readonly screen: Screen
  /** For text on stdout. */
  readonly colours: Colours
  readonly colour: boolean
  /** Colours for text on stderr. */
  readonly errorColours: Colours
  /** A line about what takes long, on stderr. */
  readonly progress: (line: string) => void
}
