import { Refusal } from '../dsl/definition.ts'
import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { textOfBytes } from '../util/lossless-text.ts'
import { inLines, Script, sh } from '../util/sh.ts'
import { applySymbolic, isSymbolic } from '../util/symbolic-mode.ts'
import { fieldsOf } from './file-describe.ts'
import { statFields } from './inode.ts'
import { statFormat } from './inode-script.ts'
import { outputReader } from './output-reader.ts'
import { canonicalPath, follow, isRelated } from './path.ts'

/** Mode and owners that everything below a directory shall have. */
export interface TreeAttributes {
  /** Four octal digits, or symbolic. */
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}
export interface TreeEntry {
  /** From the directory on, `./a/b`; bytes as `textOfBytes` makes them text. */
  readonly path: string
  readonly mode: string
  readonly owner: string
  readonly group: string
  readonly uid: number
  readonly gid: number
  readonly directory: boolean
}
/** What below a directory is not as asked; of symbolic links nothing is asked. */
export interface AttributeTreeState {
  readonly differing: readonly TreeEntry[]
  /** The directory without a symbolic link in its path. */
  readonly realPath?: string
}

interface TreeRequest extends TreeAttributes {
  readonly path: string
}
const requestOf = (id: string) => JSON.parse(id) as TreeRequest

/** The mode of an entry as it shall be. */
export function modeInTree({ mode }: TreeAttributes, entry: TreeEntry): string {
  return mode === undefined ? entry.mode : isSymbolic(mode) ? applySymbolic(mode, entry.mode, entry.directory) : mode
}

/** Whether owner or group of an entry are not as asked, by number where a number is asked. */
export function ownersDiffer({ owner, group }: TreeAttributes, entry: TreeEntry): boolean {
  const differs = (asked: string | undefined, name: string, id: number) =>
    asked !== undefined && (/^\d+$/.test(asked) ? Number(asked) !== id : asked !== name)
  return differs(owner, entry.owner, entry.uid) || differs(group, entry.group, entry.gid)
}

// A name that the host does not know stops find; then everything is looked at, and differs.
const known = new Script(`known() { find / -maxdepth 0 "$1" "$2" >/dev/null 2>&1; }`)

/**
 * `find` leaves out what is as asked, so that a converged tree sends nothing; symbolic modes only the parser can judge.
 * Before each entry stands `//`, which is in no path of find's.
 */
function look({ path, mode, owner, group }: TreeRequest): Script {
  const all = sh`set -- "$@" -o ! -type l`
  const by = (test: string, name: string) => sh`if known ${test} ${name}; then set -- "$@" -o ! ${test} ${name}; else ${all}; fi`
  return sh`set -- -type l
${mode === undefined ? sh`:` : isSymbolic(mode) ? all : sh`set -- "$@" -o ! -perm ${mode}`}
${owner === undefined ? sh`:` : by('-user', owner)}
${group === undefined ? sh`:` : by('-group', group)}
c=0
if [ -d ${path} ]; then
  (cd -- ${path} && exec find . -mindepth 1 ! -type l \( "$@" \) -exec stat -c ${`//${statFormat}:%n`} -- {} + 2>/dev/null)
  c=$?
fi
follow ${path} || r=${path}
cd /
printf '\0%s\0%s\0' "$c" "$r"`
}

function entryOf(record: string): TreeEntry {
  const [, stat, path] = /^((?:[^:]*:){11}[^:]*):(.*)\n$/s.exec(record) ?? []
  const fields = stat === undefined ? undefined : statFields(stat)
  if (!fields) throw new Error(`an entry of the tree makes no sense: ${JSON.stringify(record)}`)
  const { mode, owner, group, uid, gid, type } = fields
  return { path: path!, mode, owner, group, uid, gid, directory: type === 'directory' }
}

/** Owners and modes of all that lies below directories: one `find` a directory. */
export const attributeTreeKind: ResourceKind<AttributeTreeState> = {
  name: 'attributeTree',
  needs: ['differing'],
  freshness: 'own',
  sharesShell: true,
  script: (requests) => sh`LC_ALL=C; export LC_ALL
${known}
${follow}
${inLines(requests.map(({ id }) => look(requestOf(id))))}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    return requests.map(({ id }) => {
      const request = requestOf(id)
      const entries = textOfBytes(output.until('\0')).split('//').slice(1).map(entryOf)
      const code = output.record()
      if (code !== '0')
        throw new Refusal(
          `not everything below ${request.path} can be looked at: permission denied, or it changes meanwhile`,
          'Run the task with become, or as a user who may read all of it.',
        )
      return {
        differing: entries.filter((entry) => ownersDiffer(request, entry) || modeInTree(request, entry) !== entry.mode),
        realPath: output.record(),
      }
    })
  },
  describe: ({ differing }) => ({
    fields: fieldsOf({ 'not as asked': Array.isArray(differing) ? shown(differing) : differing }),
  }),
  canonical: ({ realPath: path }, id) => JSON.stringify({ ...requestOf(id), ...(path && { path }) }),
  absent: () => false,
  liesAt: (id) => [requestOf(id).path],
  affectedBy: (id, kind, changed) => (kind === 'file' || kind === 'link') && isRelated(changed, requestOf(id).path),
}

function shown(differing: readonly TreeEntry[]): string {
  const names = differing.slice(0, 5).map(({ path }) => path.slice(2))
  return differing.length === 0 ? '0' : `${differing.length} (${names.join(', ')}${differing.length > 5 ? ', …' : ''})`
}

/** Reads what below a directory has not the attributes asked; nothing where there is no directory. */
export function attributeTree(path: string, { mode, owner, group }: TreeAttributes): Read<AttributeTreeState> {
  const request: TreeRequest = {
    path: canonicalPath(path),
    ...(mode !== undefined && { mode: isSymbolic(mode) ? mode : mode.slice(-4).padStart(4, '0') }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  }
  return readOf(attributeTreeKind, JSON.stringify(request))
}
