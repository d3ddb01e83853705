import { randomBytes } from 'node:crypto'
import { RollcallError } from '../model/errors.ts'
import { redact } from '../util/redact.ts'
import { revealCount, type Secret, whileRendering } from '../util/secret.ts'

/** Nobody's data holds it, so a mark can neither be written by chance nor be forged. */
const nonce = randomBytes(8).toString('hex')
const marks = new RegExp(`\ue000${nonce}\\.(\\d+)\ue001`, 'g')
let printed: Secret[] = []

/** Stands for a printed secret until the whole text is there: so it is known where in it secrets stand. */
export function markOf(secret: Secret): string {
  printed.push(secret)
  return `\ue000${nonce}.${printed.length - 1}\ue001`
}

/** A rendered text; `shown`, where a secret stands in it or went into it, is the same for people. */
export interface WithSecrets {
  readonly text: string
  readonly shown?: string
  readonly opaque?: true
}

/**
 * Renders, and puts printed secrets in at the end. A secret that code reveals meanwhile seals the text as well: what was
 * made of it cannot be seen from here.
 */
export function collectSecrets(render: () => string): WithSecrets {
  const outer = printed
  const mine: Secret[] = []
  printed = mine
  const reveals = revealCount()
  try {
    const marked = whileRendering(render)
    const revealed = revealCount() !== reveals
    if (mine.length === 0) return revealed ? { text: marked, shown: redact(marked), opaque: true } : { text: marked }
    if (marked.replace(marks, '').toLowerCase().includes(nonce)) throw changedMark()
    const text = marked.replace(marks, (_, index) => mine[Number(index)]!.reveal())
    return { text, shown: redact(marked.replace(marks, (_, index) => mine[Number(index)]!.shown)), ...(revealed && { opaque: true }) }
  } finally {
    printed = outer
  }
}

function changedMark(): RollcallError {
  return new RollcallError({
    summary: 'A template changes a part in which a secret is printed',
    detail: 'the letters of the part, or a piece of it, were worked on after it was rendered',
    fix: 'Ask for the value before it is worked on: it.password.reveal().',
  })
}
