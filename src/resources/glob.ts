import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { quote, Script, sh } from '../util/sh.ts'
import { file } from './file.ts'
import { canonicalPath, isBelow } from './path.ts'

/** Whether anything has a name that a pattern fits, or the very name that the pattern is. */
export interface GlobState {
  readonly exists: boolean
}

const special = /[*?[\]]/
/** What a shell may read as part of a pattern; all else is quoted, letter by letter. */
const plain = /[A-Za-z0-9_/.,*?[\]!^-]/

/** A pattern as a word of a script: the shell expands it, and nothing else in it. */
function globWord(pattern: string): Script {
  return new Script([...pattern].map((letter) => (plain.test(letter) ? letter : quote(letter))).join(''))
}

// A pattern that fits nothing stays itself, and is then looked at as a name.
const any = new Script(`any() {
  for f do
    if [ -e "$f" ] || [ -L "$f" ]; then echo yes; return; fi
  done
  echo no
}`)

/** Built-ins only: the shell's own expansion. */
const globKind: ResourceKind<GlobState> = {
  name: 'glob',
  needs: ['any'],
  freshness: 'own',
  sharesShell: true,
  script: (requests: readonly ReadRequest[]) =>
    requests.reduce(
      (all, { id }) => sh`${all}
any ${id} ${globWord(id)}`,
      sh`LC_ALL=C; export LC_ALL
${any}`,
    ),
  parse: (stdout, requests) => {
    const lines = Buffer.from(stdout).toString('utf8').split('\n')
    return requests.map(({ id }, index) => {
      if (lines[index] !== 'yes' && lines[index] !== 'no') throw new Error(`what fits ${id} could not be looked for: ${lines[index]}`)
      return { exists: lines[index] === 'yes' }
    })
  },
  describe: ({ exists }) => ({ fields: { state: exists ? 'present' : 'absent' } }),
  absent: ({ exists }) => !exists,
  affectedBy: (id, kind, changed) => (kind === 'file' || kind === 'link') && meets(id, changed),
}

/** Whether a change of a path may be one of what a pattern fits: they meet where the pattern is still a plain directory. */
function meets(pattern: string, changed: string): boolean {
  const parts = pattern.split('/')
  const fixed =
    parts
      .slice(
        0,
        parts.findIndex((part) => special.test(part)),
      )
      .join('/') || '/'
  return changed === fixed || isBelow(changed, fixed) || isBelow(fixed, changed)
}

/**
 * Reads whether something is there: a path, or where it holds `*`, `?` or `[…]` any path that it fits, as with Ansible's
 * `creates` and `removes`.
 * @throws Refusal when the path is not absolute or holds `..`.
 */
export function whatIsThere(path: string): Read<GlobState> {
  // Of a file no more is asked here.
  return special.test(path) ? readOf(globKind, canonicalPath(path)) : (file(path) as unknown as Read<GlobState>)
}
