/** Compares two versions as dpkg does: negative where the first is older, 0 where they are equal. */
export function compareDebianVersions(left: string, right: string): number {
  const [a, b] = [partsOf(left), partsOf(right)]
  return a.epoch - b.epoch || comparePart(a.upstream, b.upstream) || comparePart(a.revision, b.revision)
}

function partsOf(version: string): { readonly epoch: number; readonly upstream: string; readonly revision: string } {
  const colon = version.indexOf(':')
  const rest = version.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

/** A tilde sorts before the end, the end before letters, letters before all else. */
function rank(letter: string | undefined): number {
  if (letter === '~') return -1
  if (letter === undefined || /\d/.test(letter)) return 0
  return /[A-Za-z]/.test(letter) ? letter.charCodeAt(0) : letter.charCodeAt(0) + 256
}

function comparePart(left: string, right: string): number {
  let [i, j] = [0, 0]
  while (i < left.length || j < right.length) {
    while ((i < left.length && !/\d/.test(left[i]!)) || (j < right.length && !/\d/.test(right[j]!))) {
      const difference = rank(left[i]) - rank(right[j])
      if (difference !== 0) return difference
      i++
      j++
    }
    const [a = ''] = /^\d*/.exec(left.slice(i)) ?? []
    const [b = ''] = /^\d*/.exec(right.slice(j)) ?? []
    const difference = BigInt(a || 0) - BigInt(b || 0)
    if (difference !== 0n) return difference < 0n ? -1 : 1
    i += a.length
    j += b.length
  }
  return 0
}
