import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { fieldsOf } from './file-describe.ts'
import { outputReader } from './output-reader.ts'
import { absentOrDenied, canonicalPath, denied, isBelow } from './path.ts'

/** A directory that is, or may become, a git repository. */
export interface GitState {
  /** `broken`: git says in `problem` why it does not work with it; `noGit`: the host has no git to ask. */
  readonly kind: 'absent' | 'empty' | 'repository' | 'other' | 'broken' | 'noGit'
  readonly problem: string
  readonly bare: boolean
  /** What is checked out; empty in a repository without commits. */
  readonly commit: string
  /** The branch that is checked out; empty where none is. */
  readonly branch: string
  readonly remotes: { readonly [name: string]: string }
  /** Tracked files that differ from the commit, as `git status` shows them. */
  readonly modified: readonly string[]
  /** Submodules that are not checked out, or not at the commit they should be. */
  readonly staleSubmodules: readonly string[]
  /** Branches and tags of a bare repository. */
  readonly refs: { readonly [name: string]: string }
}

/** No prompt, no lock that a read would write, and no repository of a directory further up. */
export const gitQuietly = new Script(`LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_ASKPASS= SSH_ASKPASS= GIT_OPTIONAL_LOCKS=0
export LC_ALL GIT_TERMINAL_PROMPT GIT_ASKPASS SSH_ASKPASS GIT_OPTIONAL_LOCKS
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE`)

const look = new Script(`look() {
  d=$1
  command -v git >/dev/null 2>&1 || { printf 'n\\0'; return; }
  if [ ! -e "$d" ] && [ ! -L "$d" ]; then
    absent_or_denied "$d"
    printf '%s\\0' "$s$r"
    return
  fi
  if [ ! -d "$d" ]; then printf 'o\\0'; return; fi
  if [ ! -x "$d" ] || [ ! -r "$d" ]; then printf 'd%s\\0' "$d"; return; fi
  if [ ! -e "$d/.git" ] && { [ ! -f "$d/HEAD" ] || [ ! -d "$d/objects" ]; }; then
    set -- "$d"/* "$d"/.[!.]* "$d"/..?*
    for p do
      if [ -e "$p" ] || [ -L "$p" ]; then printf 'o\\0'; return; fi
    done
    printf 'e\\0'
    return
  fi
  GIT_CEILING_DIRECTORIES=\${d%/*}
  GIT_CEILING_DIRECTORIES=\${GIT_CEILING_DIRECTORIES:-/}
  export GIT_CEILING_DIRECTORIES
  g() { git -C "$d" -c core.fsmonitor=false -c core.quotePath=false "$@"; }
  bare=$(g rev-parse --is-bare-repository 2>&1) || { printf 'x%s\\0' "$bare"; return; }
  commit=$(g rev-parse -q --verify 'HEAD^{commit}' 2>/dev/null)
  branch=$(g symbolic-ref -q --short HEAD 2>/dev/null)
  remotes=$(g config --local --get-regexp '^remote\\..*\\.url$' 2>/dev/null)
  modified= stale= refs=
  if [ "$bare" = true ]; then refs=$(g for-each-ref --format='%(objectname) %(refname)' refs/heads refs/tags)
  else
    [ -z "$commit" ] || modified=$(g status --porcelain --untracked-files=no --ignore-submodules=all 2>&1) || { printf 'x%s\\0' "$modified"; return; }
    [ ! -e "$d/.gitmodules" ] || stale=$(g submodule status --recursive 2>/dev/null)
  fi
  printf 'r%s\\0%s\\0%s\\0%s\\0%s\\0%s\\0%s\\0' "$bare" "$commit" "$branch" "$remotes" "$modified" "$stale" "$refs"
}`)

const nothing = { problem: '', bare: false, commit: '', branch: '', remotes: {}, modified: [], staleSubmodules: [], refs: {} } as const
const lines = (text: string) => text.split('\n').filter((line) => line !== '')

/** `<first word> <rest>` a line, as names and values. */
function pairs(text: string, name: (first: string, rest: string) => readonly [string, string]): { readonly [name: string]: string } {
  return Object.fromEntries(lines(text).map((line) => name(line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1))))
}

function parse(id: string, record: () => string): GitState {
  const first = record()
  const rest = first.slice(1)
  switch (first[0]) {
    case 'a':
      return { ...nothing, kind: 'absent' }
    case 'd':
      throw denied(id, rest)
    case 'o':
      return { ...nothing, kind: 'other' }
    case 'e':
      return { ...nothing, kind: 'empty' }
    case 'n':
      return { ...nothing, kind: 'noGit' }
    case 'x':
      return { ...nothing, kind: 'broken', problem: rest.trim() }
    case 'r': {
      const [commit, branch, remotes, modified, stale, refs] = [record(), record(), record(), record(), record(), record()]
      return {
        ...nothing,
        kind: 'repository',
        bare: rest === 'true',
        commit,
        branch,
        remotes: pairs(remotes, (key, url) => [key.replace(/^remote\.(.*)\.url$/, '$1'), url]),
        modified: lines(modified),
        staleSubmodules: lines(stale).flatMap((line) => (/^[-+U]/.test(line) ? [line.replace(/^.[0-9a-f]+ (.*?)( \(.*\))?$/, '$1')] : [])),
        refs: pairs(refs, (hash, name) => [name, hash]),
      }
    }
    default:
      throw new Error(`the answer about the repository ${id} makes no sense: ${JSON.stringify(first)}`)
  }
}

const shown = (list: unknown) => (Array.isArray(list) && list.length > 0 ? list.join(', ') : undefined)

/** Repositories. What stands in files and is not committed is a state as well. */
export const gitKind: ResourceKind<GitState> = {
  name: 'git',
  needs: ['state'],
  freshness: 'own',
  script: (requests: readonly ReadRequest[]) => sh`${gitQuietly}
${absentOrDenied}
${look}
for dest in ${requests.map(({ id }) => id)}; do ( look "$dest" ); done
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    return requests.map(({ id }) => parse(id, output.record))
  },
  describe: ({ kind, commit, branch, remotes, modified, staleSubmodules, refs = {} }) => ({
    fields: fieldsOf({
      state: kind,
      commit: commit || undefined,
      branch: branch || undefined,
      modified: shown(modified),
      submodules: shown(staleSubmodules),
      ...Object.fromEntries(Object.entries(remotes ?? {}).map(([name, url]) => [`remote ${name}`, url])),
      refs:
        Object.keys(refs).length > 0
          ? Object.entries(refs)
              .map(([name, hash]) => `${name} ${hash.slice(0, 12)}`)
              .join(', ')
          : undefined,
    }),
  }),
  absent: ({ kind }) => kind === 'absent' || kind === 'noGit',
  liesAt: (id) => [id],
  followsFrom: (id, { kind, id: changed, planned: { exists } }, now) => {
    if (kind !== 'file' && kind !== 'link') return undefined
    if (isBelow(changed, id)) return { state: now, assumed: true }
    return exists === false && (id === changed || isBelow(id, changed)) ? { state: { ...nothing, kind: 'absent' } } : undefined
  },
}

/** Reads a repository. */
export function gitRepository(path: string): Read<GitState> {
  return readOf(gitKind, canonicalPath(path))
}
