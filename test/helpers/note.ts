import { instanceOf, parameters, Type } from '../../src/dsl/schema.ts'
import { defineAction, defineModule, defineQuery, Refusal, type ResourceKind, readOf, run, sh, write } from '../../src/index.ts'
import { Script } from '../../src/util/sh.ts'

/** A state for engine tests: one line of text in a file, read without any process. */
export interface NoteState {
  readonly exists: boolean
  readonly text?: string
}

export const noteKind: ResourceKind<NoteState> = {
  name: 'note',
  needs: ['text'],
  freshness: 'own',
  script: (requests) =>
    sh`for f in ${requests.map(({ id }) => id)}; do if [ -f "$f" ]; then IFS= read -r l <"$f"; printf '+%s\n' "$l"; else printf -- '-\n'; fi; done`,
  parse: (stdout) =>
    Buffer.from(stdout)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => (line.startsWith('+') ? { exists: true, text: line.slice(1) } : { exists: false })),
  describe: (state) => ({
    fields: { state: state.exists ? 'present' : 'absent' },
    ...(state.text !== undefined && { text: `${state.text}\n` }),
  }),
  absent: (state) => !state.exists,
}

/** A note with one line of text. `needs`: another note that must be there first, or the module refuses. */
export const note = defineModule({
  name: 'note',
  summary: 'A line of text in a file',
  params: parameters({ path: Type.String(), text: Type.String(), needs: Type.Optional(Type.String()), lie: Type.Optional(Type.Boolean()) }),
  reads: ({ path, needs }) => ({ note: readOf(noteKind, path), ...(needs !== undefined && { other: readOf(noteKind, needs) }) }),
  plan: ({ text, needs }, found) => {
    if (needs !== undefined && !(found as { other?: NoteState }).other?.exists) throw new Refusal(`${needs} is not there`, 'Make it first.')
    return { note: { exists: true, text } }
  },
  steps: ({ path, text, lie }) => [write(path, new TextEncoder().encode(lie ? 'something else\n' : `${text}\n`))],
})

/** Appends a word to a log file: something that happens. */
export const happen = defineAction({
  name: 'happen',
  summary: 'Appends a word to a file',
  params: parameters({ log: Type.String(), word: Type.String(), exit: Type.Optional(Type.Integer()) }),
  steps: ({ log, word, exit }) => [run(sh`printf '%s\n' ${word} >>${log}; exit ${exit ?? 0}`)],
})

const askKind: ResourceKind<{ answer: string }> = {
  name: 'ask',
  needs: ['answer'],
  freshness: 'live',
  script: ([request]) => new Script(request!.id),
  parse: (stdout) => [{ answer: Buffer.from(stdout).toString() }],
  describe: ({ answer }) => ({ fields: { answer } }),
  absent: () => false,
}
/** A user's read-only command. */
export const ask = defineQuery({
  name: 'ask',
  summary: 'Asks',
  params: parameters({ script: instanceOf('Script', Script), refuse: Type.Optional(Type.String()) }),
  reads: ({ script }) => ({ said: readOf(askKind, script.text) }),
  result: ({ refuse }, { said }) => {
    if (refuse !== undefined) throw new Refusal(refuse)
    return said
  },
})
