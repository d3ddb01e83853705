import type { Wanted, WantedState } from '../dsl/resource.ts'
import { run, runQuick, type Step } from '../dsl/step.ts'
import { type AttributeTreeState, modeInTree, ownersDiffer, type TreeEntry } from '../resources/attribute-tree.ts'
import type { FileState } from '../resources/file.ts'
import type { LinkState } from '../resources/link.ts'
import { canonicalPath, parentOf } from '../resources/path.ts'
import { bytesOfText } from '../util/lossless-text.ts'
import { Script, sh } from '../util/sh.ts'
import { isSymbolic } from '../util/symbolic-mode.ts'
import { type Attributes, attributeSteps, exactDigits, exactMode } from './attributes.ts'
import type { FileParams } from './file.ts'
import { type FileFound, type FileReads, given, ownsLink, secondsOf } from './file-plan.ts'

const makeEach = new Script(`for d do
  [ -d "$d" ] && continue
  mkdir -- "$d" || exit
  [ -z "$owners" ] || chown -- "$owners" "$d" || exit
  [ -z "$bits" ] || chmod -- "$bits" "$d" || exit
done`)

const ownersOf = ({ owner, group }: Attributes) => `${owner ?? ''}${group === undefined ? '' : `:${group}`}`

/**
 * Makes a directory and those above it that are missing, then those `below`; all of them get its owner and mode, as with
 * Ansible. Where no digits say otherwise, they keep the set-group-ID bit that they inherit.
 */
export function makeDirectories(path: string, attributes: Attributes, below: readonly string[] = []): readonly Step[] {
  const parts = path.split('/').slice(1)
  const all = [...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`), ...below]
  const { mode } = exactMode(attributes, { exists: false, realPath: path }, 'directory')
  const bits = mode === undefined ? '' : isSymbolic(attributes.mode!) ? mode : exactDigits(mode)
  return [
    runQuick(sh`umask 022
owners=${ownersOf(attributes)} bits=${bits}
set -- ${all}
${makeEach}`),
  ]
}

/** What is left of a directory that was planned, where its mode was not asked for in digits: it may have inherited that bit. */
export function leftOfDirectory(
  wanted: WantedState<FileState> | undefined,
  after: FileState | undefined,
  mode: string | undefined,
): WantedState<FileState> | undefined {
  if (!wanted?.exists || wanted.type !== 'directory' || typeof wanted.mode !== 'string' || !after?.exists) return wanted
  if (mode !== undefined && !isSymbolic(mode)) return wanted
  const inherited = (Number.parseInt(wanted.mode, 8) | 0o2000).toString(8).padStart(4, '0')
  return after.mode === inherited ? { ...wanted, mode: inherited } : wanted
}

/** Removes what stands at a path; of a link only the link. */
function removeSteps(path: string): readonly Step[] {
  return [runQuick(sh`rm -rf -- ${path}`)]
}

/** Makes a link by `ln` with an option or none; what stands there is replaced in one move where `mv` knows -T. */
function linkSteps(path: string, target: string, found: LinkState, option: Script): readonly Step[] {
  if (!found.exists) return [runQuick(sh`ln ${option} -- ${target} ${path}`)]
  const beside = `${parentOf(path) === '/' ? '' : parentOf(path)}/.rollcall-link`
  return [
    runQuick(sh`new=${beside}-$$
trap 'rm -f -- "$new"' EXIT
ln ${option} -- ${target} "$new" || exit
mv -fT -- "$new" ${path} 2>/dev/null || { rm -f -- ${path} && mv -f -- "$new" ${path}; }`),
  ]
}

/** What one step does to many paths: they go in as records, so no command line is too long for them. */
function onEach(path: string, entries: readonly TreeEntry[], command: Script): Step {
  return run(sh`cd -- ${path} && xargs -0 ${command}`, bytesOfText(entries.map((entry) => `${entry.path}\0`).join('')))
}

/** Owners first, since they clear special bits; then one `chmod` for each mode. */
function treeSteps(path: string, asked: Attributes, { differing }: AttributeTreeState): readonly Step[] {
  const { owner, group, mode } = asked
  const wishes = { ...(owner !== undefined && { owner }), ...(group !== undefined && { group }), ...(mode !== undefined && { mode }) }
  const owned = differing.filter((entry) => ownersDiffer(wishes, entry))
  const modes = new Map<string, TreeEntry[]>()
  for (const entry of differing) {
    const bits = modeInTree(wishes, entry)
    if (bits !== entry.mode || (bits > '0777' && owned.includes(entry))) modes.set(bits, [...(modes.get(bits) ?? []), entry])
  }
  return [
    ...(owned.length === 0 ? [] : [onEach(path, owned, sh`chown -- ${ownersOf(asked)}`)]),
    ...[...modes].map(([bits, entries]) => onEach(path, entries, sh`chmod -- ${exactDigits(bits)}`)),
  ]
}

function timeSteps(path: string, { modificationTime, accessTime }: FileParams): readonly Step[] {
  const set = (time: string | undefined, option: string) =>
    time === undefined || time === 'preserve'
      ? []
      : [runQuick(time === 'now' ? sh`touch -c ${option} -- ${path}` : sh`touch -c ${option} -d ${`@${secondsOf(time)}`} -- ${path}`)]
  return [...set(modificationTime, '-m'), ...set(accessTime, '-a')]
}

/** Says what is missing in the words of a write, for which the engine knows what to do. */
function touch(path: string): Step {
  const script = sh`dir=${parentOf(path)}
[ -d "$dir" ] || { printf 'cannot write %s: the directory %s does not exist\n' ${path} "$dir" >&2; exit 1; }
umask 022; : >> ${path}`
  return { ...runQuick(script), title: sh`: >> ${path}`.shown }
}

export function stepsOf(params: FileParams, { link, file, end, inode, below }: FileFound, wanted: Wanted<FileReads>): readonly Step[] {
  const { state = 'file', src } = params
  const path = canonicalPath(params.path)
  if (state === 'absent') return removeSteps(path)
  if (state === 'link') {
    const stays = link.exists && link.type === 'link' && link.target === src
    const owns = ownsLink(params) ? [runQuick(sh`chown -h -- ${ownersOf(params)} ${path}`)] : []
    return [...(stays ? [] : linkSteps(path, src!, link, sh`-s`)), ...owns]
  }
  if (state === 'hard') {
    const target = end!.realPath
    const same = inode?.exists && wanted.inode?.inode === inode.inode && wanted.inode?.dev === inode.dev
    return [...(same ? [] : linkSteps(path, target, link, sh``)), ...attributeSteps(target, end!, exactMode(given(params), end!))]
  }
  const times = timeSteps(file.realPath, params)
  if (file.exists)
    return [
      ...attributeSteps(file.realPath, file, exactMode(given(params), file)),
      ...(below ? treeSteps(file.realPath, params, below) : []),
      ...times,
    ]
  if (state === 'directory') return [...makeDirectories(path, params), ...times]
  const asked = exactMode({ mode: '0644', ...given(params) }, file)
  return [touch(path), ...attributeSteps(path, file, asked), ...times]
}
