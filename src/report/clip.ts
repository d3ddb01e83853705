// Two columns wide: what East Asian scripts and pictures take up on a terminal. In doubt a character counts as wide: then a line ends too
// early, which does no harm; one that is too long wraps.
const wide =
  /[\u1100-\u115f\u231a-\u231b\u23e9-\u23f3\u25fd-\u25fe\u2600-\u27bf\u2b00-\u2bff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{10000}-\u{10ffff}]/u
const tab = 8

/** The beginning of a line that fits into a terminal of so many columns, with tabs as spaces. The last column stays free. */
export function clip(line: string, columns: number): string {
  let shown = ''
  let at = 0
  for (const character of line) {
    const piece = character === '\t' ? ' '.repeat(tab - (at % tab)) : character === '\n' ? ' ' : character
    const width = character === '\t' ? piece.length : wide.test(character) ? 2 : 1
    if (at + width > columns - 1) return shown
    shown += piece
    at += width
  }
  return shown
}
