/** The programs by which one user becomes another. */
export const becomeMethods = ['sudo', 'su', 'doas'] as const
export type BecomeMethod = (typeof becomeMethods)[number]

/** Which user, and by which program. What is left out is as outside says, then as the host's connection does: else root, by sudo. */
export interface BecomeAs {
  readonly method?: BecomeMethod
  readonly user?: string
}
/** What a play, a block or a task says. An object says `true` as well. */
export type BecomeOption = boolean | BecomeAs

/** What was said from the outside in, key by key; also what an option says alone. */
export interface Becoming extends BecomeAs {
  /** Absent: nobody has said. */
  readonly wanted?: boolean
}

/** An option by itself. */
export function becomingOf(option: BecomeOption | undefined): Becoming {
  if (option === undefined) return {}
  return typeof option === 'boolean' ? { wanted: option } : { ...option, wanted: true }
}

/** What holds inside: each thing as the inner one says it, else as the outer does. `true` inside keeps the outer's user. */
export function becomeInside(outer: Becoming, inner: Becoming): Becoming {
  return { ...outer, ...inner }
}

/** A name that neither a shell nor the three programs can take for anything else. */
export function isUserName(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*\$?$/.test(name)
}
