import { type ErrorDetails, RollcallError } from '../model/errors.ts'

/** What one check found. */
export interface Checked {
  /** What was looked at, in a word or two. */
  readonly about: string
  /** The host, for checks of hosts. */
  readonly host?: string
  readonly verdict: 'ok' | 'warning' | 'problem'
  /** What was found; the values. */
  readonly message: string
  /** What to do; a command to copy stands alone on its line. */
  readonly fix?: string
}

export function ok(about: string, message: string): Checked {
  return { about, verdict: 'ok', message }
}

export function warning(about: string, message: string, fix: string): Checked {
  return { about, verdict: 'warning', message, fix }
}

export function problem(about: string, message: string, fix: string): Checked {
  return { about, verdict: 'problem', message, fix }
}

/** An error made for people, as a finding. */
export function ofError(about: string, { summary, detail, fix }: ErrorDetails, verdict: 'warning' | 'problem' = 'problem'): Checked {
  return { about, verdict, message: detail === undefined ? summary : `${summary}: ${detail}`, ...(fix !== undefined && { fix }) }
}

/** Runs a check whose errors are findings, too; anything else than an error for people is a bug of ours and thrown on. */
export async function checking(about: string, check: () => Promise<Checked | readonly Checked[]>): Promise<readonly Checked[]> {
  try {
    return [await check()].flat()
  } catch (error) {
    if (error instanceof RollcallError) return [ofError(about, error.details)]
    throw error
  }
}
