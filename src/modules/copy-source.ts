import { type FoundSoFar, type InputSource, Refusal, type ResolvedInput } from '../dsl/definition.ts'
import { type FileState, file } from '../resources/file.ts'
import { canonicalPath } from '../resources/path.ts'
import type { CopyParams } from './copy.ts'

/** What is copied, as the engine resolves it; nothing when it is on the host already. */
export function sourceOf({ src, content, remoteSrc, checksum, dest }: CopyParams): InputSource | undefined {
  if ((src === undefined) === (content === undefined)) throw new Refusal('copy takes either src or content', 'Give exactly one of the two.')
  if (content !== undefined && dest.endsWith('/'))
    throw new Refusal(`${dest} is a directory`, 'Name the file in it that shall have this content.')
  if (!remoteSrc)
    return src === undefined
      ? typeof content === 'string'
        ? new TextEncoder().encode(content)
        : content!
      : { kind: 'controllerFile', path: src, orDirectory: true }
  if (typeof src !== 'string' || !src.startsWith('/'))
    throw new Refusal('with remoteSrc, src must be the whole path of a file or directory on the host', 'Give it from / on.')
  if (checksum !== undefined && src.endsWith('/')) throw new Refusal('a directory has no checksum')
  return undefined
}

const textOf = (src: string | URL) => (src instanceof URL ? decodeURIComponent(src.pathname) : src)

/** The last part of a path, whatever slashes end it. */
function nameOf(src: string | URL): string {
  const parts = textOf(src)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  return parts.at(-1) ?? ''
}

/** Whether only what is in a directory is meant, by Ansible's rule: its path ends in a slash. */
export function meansContents(src: string | URL): boolean {
  return /(^|\/)\.?$/.test(textOf(src))
}

/** Where one file goes: into dest where that is a directory, or is written with a slash at its end. */
export function targetOfFile({ dest, src }: CopyParams, at: FileState | undefined): string {
  if (src === undefined) return canonicalPath(dest)
  return dest.endsWith('/') || (at?.exists && at.type === 'directory') ? canonicalPath(`${dest}/${nameOf(src)}`) : canonicalPath(dest)
}

/** Where what is in a directory goes. */
export function targetOfDirectory({ dest, src }: CopyParams): string {
  return canonicalPath(meansContents(src!) ? dest : `${dest}/${nameOf(src!)}`)
}

/** What stands at dest, as far as that is known. */
export const atDest = ({ dest }: CopyParams, found: FoundSoFar): FileState | undefined => found.get(file(dest, 'sha256'))

/** @throws Refusal when what shall be copied is not what the user says it is. */
export function checkSum({ checksum, src }: CopyParams, sha256: string | undefined): void {
  if (checksum !== undefined && sha256 !== checksum.toLowerCase())
    throw new Refusal(
      `${src === undefined ? 'the content' : textOf(src)} has not the checksum that is asked for: it is ${sha256 ?? 'not a file'}`,
      'Either it is another file than meant, or checksum is that of another version.',
    )
}

/** The parameters with `preserve` replaced by the mode of what is copied. */
export function withMode<P extends { readonly mode?: string | undefined }>(params: P, source: Pick<ResolvedInput, 'mode'>): P {
  if (params.mode !== 'preserve') return params
  const { mode: _, ...rest } = params
  return { ...rest, ...(source.mode !== undefined && { mode: source.mode }) } as P
}
