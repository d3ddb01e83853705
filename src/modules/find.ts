import { Refusal } from '../dsl/definition.ts'
import { defineQuery } from '../dsl/module.ts'
import { instanceOf, oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { walked } from '../resources/find.ts'
import { checksumAlgorithms } from '../resources/inode.ts'
import { canonicalPath } from '../resources/path.ts'
import { ageFilter, hostNames, nameFilter, sizeFilter } from './find-filters.ts'
import { fieldsOf } from './result-fields.ts'
import { absolutePath } from './shared-params.ts'
import { type StatPresent, statPresent } from './stat-fields.ts'

const pattern = { anyOf: [{ type: 'string', minLength: 1 }, instanceOf('RegExp', RegExp)] }
const patterns = (description: string) =>
  Type.Unsafe<string | RegExp | readonly (string | RegExp)[]>({ anyOf: [...pattern.anyOf, { type: 'array', items: pattern }], description })

const params = parameters({
  paths: Type.Unsafe<string | readonly string[]>({
    anyOf: [absolutePath(''), { type: 'array', items: absolutePath(''), minItems: 1 }],
    description: 'the directories to look in, whole paths',
  }),
  patterns: Type.Optional(
    patterns(
      "names that match, without their directories: shell patterns such as '*.log', or what is written as /…/; any of them, in a list or as '*.log,*.txt'; default all",
    ),
  ),
  excludes: Type.Optional(patterns('names that do not, written like patterns')),
  useRegex: Type.Optional(
    Type.Boolean({
      description:
        'patterns and excludes that are text are regular expressions of JavaScript as well, which match from the beginning of a name',
    }),
  ),
  fileType: Type.Optional(
    oneOf(['file', 'directory', 'link', 'any'], { description: 'default file; a symbolic link is a link, whatever it leads to' }),
  ),
  recurse: Type.Optional(Type.Boolean({ description: 'look in the directories below as well; default false' })),
  depth: Type.Optional(Type.Integer({ minimum: 1, description: 'with recurse: how many levels, 1 being what lies in paths themselves' })),
  hidden: Type.Optional(Type.Boolean({ description: 'also names that begin with a dot; what lies in such a directory is found anyhow' })),
  age: Type.Optional(
    Type.String({
      pattern: '^-?\\d+[smhdw]?$',
      description: "at least that old, such as '3600' (seconds), '2h', '5d', '1w'; with a minus at most that old",
    }),
  ),
  ageStamp: Type.Optional(oneOf(['mtime', 'atime', 'ctime'], { description: 'which time says how old it is; default mtime' })),
  size: Type.Optional(
    Type.String({
      pattern: '^-?\\d+[bkmgt]?$',
      description: "files of at least that size, such as '100' (bytes), '10k', '5m', '1g'; with a minus at most that size",
    }),
  ),
  contains: Type.Optional(
    Type.String({
      minLength: 1,
      pattern: '^[^\\n]*$',
      description:
        "files with a line that this matches from its beginning ('.*word' for anywhere): a POSIX extended regular expression, given to the host's grep -E",
    }),
  ),
  follow: Type.Optional(Type.Boolean({ description: 'with recurse: also through symbolic links to directories' })),
  getChecksum: Type.Optional(Type.Boolean({ description: 'the hash of each file as well; default false' })),
  checksumAlgorithm: Type.Optional(oneOf(checksumAlgorithms, { description: 'default sha256' })),
})
type FindParams = Params<typeof params>

/** A file that was found, with all that `stat` tells. */
export type FoundFile = Omit<StatPresent, 'exists'>

export interface FindResult {
  readonly files: readonly FoundFile[]
  readonly matched: number
  /** How many files, directories and links were looked at. */
  readonly examined: number
  /** Which of the paths were not walked, and why. */
  readonly skippedPaths: { readonly [path: string]: string }
  /** Only where something could not be looked at: what has a `msg` is shown in the report. */
  readonly msg?: string
}

function filtersOf({ patterns = [], excludes = [], useRegex = false, age, ageStamp = 'mtime', size }: FindParams) {
  // As with Ansible; but commas of an expression are its own, as in {2,3}.
  const each = (given: NonNullable<FindParams['patterns']>) =>
    typeof given === 'string' && !useRegex ? given.split(',').filter((part) => part !== '') : [given].flat()
  const wanted = each(patterns)
  const unwanted = each(excludes)
  return {
    isNamed: nameFilter('patterns', wanted, useRegex, true),
    isExcluded: nameFilter('excludes', unwanted, useRegex, false),
    isOfAge: ageFilter(age, ageStamp),
    isOfSize: sizeFilter(size),
    names: useRegex ? undefined : hostNames(wanted),
  }
}

function readsOf(given: FindParams) {
  const {
    paths,
    fileType = 'file',
    recurse = false,
    depth,
    hidden,
    contains,
    follow,
    getChecksum,
    checksumAlgorithm = 'sha256',
    size,
  } = given
  const { names } = filtersOf(given)
  if (depth !== undefined && !recurse)
    throw new Refusal('depth needs recurse: true, for without it only the paths themselves are looked in')
  if ((contains ?? size) !== undefined && fileType !== 'file')
    throw new Refusal(`contains and size are for files, and fileType is '${fileType}'`, "Leave fileType out, or set it to 'file'.")
  const levels = recurse ? depth : 1
  return {
    tree: walked({
      paths: [...new Set([paths].flat().map(canonicalPath))],
      ...(levels !== undefined && { depth: levels }),
      ...(follow && recurse && { follow }),
      ...(hidden && { hidden }),
      // Through links the host's own test would look at what they lead to.
      ...(fileType !== 'any' && !follow && { type: ({ file: 'f', directory: 'd', link: 'l' } as const)[fileType] }),
      ...(names && { names }),
      ...(contains !== undefined && { contains }),
      ...(getChecksum && { checksum: checksumAlgorithm }),
    }),
  }
}

/** Files, directories or links below directories of the host, by name, age, size and content. */
export const find = defineQuery({
  name: 'find',
  summary: 'Files and directories of the host by name, age, size and content',
  params,
  reads: readsOf,
  result: (given, { tree: { now, walked } }): FindResult => {
    const { fileType = 'file', contains } = given
    const { isNamed, isExcluded, isOfAge, isOfSize } = filtersOf(given)
    const files = walked.flatMap(({ path, entries }) =>
      entries
        .filter((entry) => {
          const name = entry.path.slice(entry.path.lastIndexOf('/') + 1)
          return (
            (fileType === 'any' || entry.type === fileType) &&
            isNamed(name) &&
            !isExcluded(name) &&
            isOfAge(entry, now) &&
            isOfSize(entry.size) &&
            (contains === undefined || entry.contains === true)
          )
        })
        .map((entry): FoundFile => {
          const { exists: _, ...known } = statPresent(path === '/' ? `/${entry.path}` : `${path}/${entry.path}`, entry.type, entry)
          return { ...known, ...(entry.checksum !== undefined && { checksum: entry.checksum }) }
        }),
    )
    const complete = walked.every((one) => one.complete)
    return {
      files: files.toSorted((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0)),
      matched: files.length,
      examined: walked.reduce((sum, { examined }) => sum + examined, 0),
      skippedPaths: Object.fromEntries(walked.flatMap(({ path, skipped }) => (skipped === undefined ? [] : [[path, skipped]]))),
      ...(!complete && { msg: 'not all paths could be examined' }),
    }
  },
  resultFields: fieldsOf<FindResult>({
    files: 'those that were found, sorted by path; of each what stat tells',
    matched: 'how many were found',
    examined: 'how many files, directories and links were looked at',
    skippedPaths: 'which of the paths were not walked, and why',
    msg: 'only where something could not be looked at',
  }),
})
