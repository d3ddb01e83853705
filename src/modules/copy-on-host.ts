import { Refusal } from '../dsl/definition.ts'
import { run, type Step } from '../dsl/step.ts'
import type { FileState } from '../resources/file.ts'
import { isBelow } from '../resources/path.ts'
import type { TreeCopyState } from '../resources/tree-copy.ts'
import { bytesOfText } from '../util/lossless-text.ts'
import { Script, sh } from '../util/sh.ts'
import type { CopyParams } from './copy.ts'
import { makeDirectories } from './file-steps.ts'

/** @throws Refusal for what a copied tree of the host cannot have. */
export function refuseForTree(params: CopyParams, source: FileState, target: FileState): void {
  const { mode, directoryMode, owner, group, validate, backup, src } = params
  if (target.exists && target.type !== 'directory')
    throw new Refusal(`${target.realPath} is there and is no directory`, 'Remove it first, by a task of its own.')
  if (target.realPath === source.realPath || isBelow(target.realPath, source.realPath))
    throw new Refusal(`${source.realPath} cannot be copied into itself`, 'Name another dest.')
  if ((mode ?? directoryMode ?? owner ?? group) !== undefined)
    throw new Refusal(
      `${String(src)} is a directory of the host, whose files keep their own modes and owners when they are copied`,
      "Set others by a task of its own: file({ state: 'directory', recurse: true, … }).",
    )
  if (validate !== undefined || backup)
    throw new Refusal(`${String(src)} is a directory of the host: validate and backup are for single files`)
}

/** A file that is not there, or is neither file nor directory, cannot be copied. */
export function refuseSource(src: string, source: FileState): void {
  if (!source.exists)
    throw new Refusal(
      `${src} is not there on this host`,
      'Make it first, by a task of its own, or leave out remoteSrc for a file of the controller.',
    )
  if (source.type === 'other') throw new Refusal(`${src} is neither a file nor a directory on this host`)
}

// Each file takes its place in one move. A directory that stands where a file shall be stays, and the move fails.
const copyEach = new Script(`to=$1
shift
for p do
  q=$to/$p
  if [ -d "$p" ] && [ ! -L "$p" ]; then
    mkdir -- "$q" && chmod -- "00$(stat -c %a -- "$p")" "$q" && chown -- "$(stat -c %u:%g -- "$p")" "$q" || exit
    continue
  fi
  if [ -d "$q" ] && [ ! -L "$q" ]; then
    printf '%s is a directory\\n' "$q" >&2
    exit 1
  fi
  new=\${q%/*}/.rollcall-copy-$$
  cp -pP -- "$p" "$new" || { rm -f -- "$new"; exit 1; }
  mv -f -- "$new" "$q" || { rm -f -- "$new"; exit 1; }
done`)

/** Copies what differs, its names going in as records. */
export function copyTreeSteps(from: string, to: string, exists: boolean, { differing }: TreeCopyState): readonly Step[] {
  const names = bytesOfText(differing.map((path) => `${path}\0`).join(''))
  return [
    ...(exists ? [] : makeDirectories(to, {})),
    ...(differing.length === 0 ? [] : [run(sh`cd -- ${from} && xargs -0 sh -c ${copyEach.text} sh ${to}`, names)]),
  ]
}
