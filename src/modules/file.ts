import { defineModule } from '../dsl/module.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { canonicalPath } from '../resources/path.ts'
import { planOf, readsOf } from './file-plan.ts'
import { attributesOf, type FileResult } from './file-result.ts'
import { leftOfDirectory, stepsOf } from './file-steps.ts'
import { fieldsOf, owners, states } from './result-fields.ts'
import { absolutePath, group, mode, owner } from './shared-params.ts'

const time = (what: string) =>
  Type.String({
    pattern: '^(preserve|now|\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d)?(Z|[-+]\\d\\d:\\d\\d)?)?)$',
    description: `${what}: 'preserve' (default), 'now' (set unless it is less than a minute old), or a time such as '2026-01-31T12:00:00Z', UTC unless it says otherwise`,
  })

const params = parameters({
  path: absolutePath('the file, directory or link'),
  state: Type.Optional(
    oneOf(['file', 'directory', 'link', 'hard', 'touch', 'absent'], {
      description:
        'file: it must be there, only its owner and mode are set (without a state also those of a directory); touch: an empty file unless it is there; link: a symbolic link to src; hard: another name of the file src; absent: removed, a directory with all in it',
    }),
  ),
  src: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'for a link: where it leads, and a relative path starts at the directory of the link; for a hard link: the file, by its whole path',
    }),
  ),
  force: Type.Optional(
    Type.Boolean({
      description: 'for a link: make it even if src is not there, and replace a file that stands in its place (never a directory)',
    }),
  ),
  follow: Type.Optional(
    Type.Boolean({
      description:
        'default true: of a symbolic link at path, what it leads to is meant. false: it is refused in the place of a file or directory, and with state link owner and group are those of the link itself',
    }),
  ),
  mode: Type.Optional(mode),
  owner: Type.Optional(owner),
  group: Type.Optional(group),
  recurse: Type.Optional(
    Type.Boolean({
      description:
        "for a directory: mode, owner and group hold for all that lies in it as well, but for symbolic links; digits give files and directories the same bits, 'u=rwX,go=rX' gives x to directories alone",
    }),
  ),
  modificationTime: Type.Optional(time('when its content changed last')),
  accessTime: Type.Optional(time('when it was read last')),
})
export type FileParams = Params<typeof params>

/** What `file` left. */
export interface PathResult extends Omit<FileResult, 'state' | 'backupFile'> {
  readonly state: 'file' | 'directory' | 'other' | 'link' | 'hard' | 'absent'
  /** The path, but of links. */
  readonly path?: string
  /** Of a link: the link, and where it leads. */
  readonly dest?: string
  readonly src?: string
}

/** Files, directories and links: their being there, owner, mode and times. What is in a file is copy's and template's. */
export const file = defineModule({
  name: 'file',
  summary: 'A file, directory or link: there or not, its owner, mode and times',
  params,
  reads: readsOf,
  plan: planOf,
  steps: (given, { found, wanted }) => stepsOf(given, found, wanted),
  leaves: ({ mode }, { wanted, after }) => (wanted.file ? { ...wanted, file: leftOfDirectory(wanted.file, after.file, mode)! } : wanted),
  touches: ({ path, state, recurse }) =>
    state === 'link' || state === 'hard'
      ? [`file:${canonicalPath(path)}`, `file:${canonicalPath(path)}/*`, `link:${canonicalPath(path)}/*`]
      : recurse
        ? [`file:${canonicalPath(path)}/*`]
        : [],
  result: ({ path, src, state }, { before, after }): PathResult => ({
    ...(state === 'link' || state === 'hard' ? { dest: path, src: src! } : { path }),
    ...(state === 'absent' ? {} : attributesOf(after.file)),
    state: state === 'absent' || state === 'link' || state === 'hard' ? state : after.file.exists ? after.file.type : 'absent',
    before,
    after,
  }),
  resultFields: fieldsOf<PathResult>({
    path: 'the path, but of links',
    dest: 'of a link: the link',
    src: 'of a link: where it leads',
    state: "what is there now: 'file', 'directory', 'link', 'hard', 'other' or 'absent'",
    ...owners,
    uid: 'number of the user',
    gid: 'number of the group',
    checksum: 'sha256 of the content, lower-case hex, where it was read',
    ...states,
  }),
})
