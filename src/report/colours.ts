import picocolors from 'picocolors'

type Paint = (text: string) => string

/** Colours by what they mean, so that a report never names one. Without colour each returns its text unchanged. */
export interface Colours {
  readonly strong: Paint
  readonly faint: Paint
  readonly ok: Paint
  readonly changed: Paint
  readonly failed: Paint
  readonly warning: Paint
  /** A command to copy, or the place of a hunk. */
  readonly hint: Paint
  readonly added: Paint
  readonly removed: Paint
}

/** The palette of every report. */
export function colours(enabled: boolean): Colours {
  const c = picocolors.createColors(enabled)
  return {
    strong: c.bold,
    faint: c.dim,
    ok: c.green,
    changed: c.yellow,
    failed: (text) => c.bold(c.red(text)),
    warning: c.yellow,
    hint: c.cyan,
    added: c.green,
    removed: c.red,
  }
}

/** Whether to colour: only a terminal, unless NO_COLOR or FORCE_COLOR decide (NO_COLOR wins). */
export function wantsColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false
  const forced = env.FORCE_COLOR
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return isTerminal && env.TERM !== 'dumb'
}
