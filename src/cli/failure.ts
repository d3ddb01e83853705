import { RollcallError } from '../model/errors.ts'
import { type Colours, describeError, printable, printableDeep } from '../report/index.ts'
import { ownVersion } from '../util/own-root.ts'
import { redact, redactDeep } from '../util/redact.ts'

/** An error that ended a command: its text for stderr and the exit code. */
export interface Failure {
  readonly lines: readonly string[]
  readonly exitCode: number
}

/** Errors made for people are told as they are; anything else is our mistake and says so. */
export function failureOf(error: unknown, colours: Colours, cwd: string): Failure {
  if (error instanceof RollcallError)
    return { lines: describeError(printableDeep(redactDeep(error.details)), colours, cwd), exitCode: error.details.exitCode ?? 1 }
  return {
    lines: [
      colours.failed('Rollcall has a bug'),
      ...causes(error)
        .flatMap((text) => printable(redact(text)).split('\n'))
        .map((line) => `  ${line}`),
      '  It is a mistake in Rollcall, not in your files. Please report it to the maintainers of Rollcall with the lines above and these:',
      `  rollcall ${ownVersion()}, node ${process.version}, ${process.platform} ${process.arch}`,
    ],
    exitCode: 1,
  }
}

/** The stack of an error and of what caused it. */
function causes(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)]
  return [error.stack ?? error.message, ...(error.cause === undefined ? [] : causes(error.cause).map((text) => `caused by ${text}`))]
}
