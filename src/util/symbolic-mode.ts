const clause = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/
const shift = { u: 6, g: 3, o: 0 } as const
const bit = { r: 4, w: 2, x: 1 } as const
const special = { u: 0o4000, g: 0o2000, o: 0o1000 } as const

/** Pattern of modes as chmod writes them: `u+x`, `u=rwX,go=rX`. */
export const symbolicMode = '[ugoa]*([-+=]([rwxXst]*|[ugo]))+(,[ugoa]*([-+=]([rwxXst]*|[ugo]))+)*'

/** Whether a mode says what to change of the one there is, instead of all its bits. */
export function isSymbolic(mode: string): boolean {
  return /[-+=]/.test(mode)
}

/**
 * The four octal digits that a symbolic mode makes of others, as chmod does: X is x for directories and for what
 * somebody may execute already. Where nobody is named all are meant, but for what the umask 022 forbids.
 */
export function applySymbolic(mode: string, now: string, directory: boolean): string {
  let bits = Number.parseInt(now, 8)
  for (const part of mode.split(',')) {
    const [, who = '', changes = ''] = clause.exec(part) ?? []
    const everybody = who === '' || who.includes('a')
    const masked = who === '' ? ~0o022 : ~0
    for (const [, sign, names = ''] of changes.matchAll(/([-+=])([^-+=]*)/g)) {
      const executable = directory || (bits & 0o111) !== 0
      const before = bits
      for (const user of ['u', 'g', 'o'] as const) {
        if (!everybody && !who.includes(user)) continue
        const given = bitsFor(names, user, before, executable) & masked
        // `=` leaves a directory's set-ID bits, as GNU's chmod does.
        const all = (7 << shift[user]) | (directory && user !== 'o' ? 0 : special[user])
        bits = sign === '-' ? bits & ~given : sign === '+' ? bits | given : (bits & ~all) | given
      }
    }
  }
  return bits.toString(8).padStart(4, '0')
}

function bitsFor(names: string, user: 'u' | 'g' | 'o', now: number, executable: boolean): number {
  if (names === 'u' || names === 'g' || names === 'o') return ((now >> shift[names]) & 7) << shift[user]
  let bits = 0
  for (const name of names) {
    if (name === 'r' || name === 'w' || name === 'x') bits |= bit[name] << shift[user]
    if (name === 'X' && executable) bits |= 1 << shift[user]
    if (name === 's' && user !== 'o') bits |= special[user]
    if (name === 't' && user === 'o') bits |= special[user]
  }
  return bits
}
