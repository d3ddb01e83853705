import { type FoundSoFar, Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { type Read, unknown, type WantedState } from '../dsl/resource.ts'
import { type Params, parameters, Type } from '../dsl/schema.ts'
import { run, type Step } from '../dsl/step.ts'
import { type DownloadState, download } from '../resources/download.ts'
import { type FileState, file } from '../resources/file.ts'
import { type FileHashState, fileHash } from '../resources/file-hash.ts'
import { type HttpState, http } from '../resources/http.ts'
import { parseHead } from '../resources/http-answer.ts'
import { type HttpRequest, shownUrl } from '../resources/http-client.ts'
import { canonicalPath } from '../resources/path.ts'
import { attributeSteps, wantedAttributes } from './attributes.ts'
import { findChecksum, parseChecksum } from './checksum.ts'
import { downloadStep } from './get-url-step.ts'
import { noAnswerFix, octalMode, requestOf, requestParams } from './request-params.ts'
import { fieldsOf, owners } from './result-fields.ts'
import { absolutePath, group, owner } from './shared-params.ts'

const params = parameters({
  url: Type.String({ pattern: '^(https?|ftp)://', description: 'where the host gets it: http://, https:// or ftp://' }),
  dest: absolutePath('where the file goes on the host; in a directory that is there, or with / at its end, it is named as in the URL'),
  checksum: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9]+:.',
      description:
        "'sha256:…', also md5, sha1, sha224, sha384 and sha512: what the file must hold. A file that has it costs no download. In place of the hash may stand the URL of a list of them (SHA256SUMS)",
    }),
  ),
  force: Type.Optional(
    Type.Boolean({
      description:
        'true, without checksum: download each time, in check mode too, and replace a file that differs; default false: a file that is there stays',
    }),
  ),
  mode: Type.Optional(octalMode),
  owner: Type.Optional(owner),
  group: Type.Optional(group),
  backup: Type.Optional(Type.Boolean({ description: 'keep the old content beside the file, named with the time' })),
  unsafeWrites: Type.Optional(Type.Boolean({ description: 'write into the file where it cannot be replaced (a bind mount); not atomic' })),
  tmpDest: Type.Optional(absolutePath('a directory of the host to download to first; default beside the file')),
  ...requestParams,
})
export type GetUrlParams = Params<typeof params>

/** What `result(task)` gives of a downloaded file. */
export interface Downloaded {
  readonly url: string
  readonly dest: string
  /** sha256 of the file as it is now; in check mode absent where it is not known. */
  readonly checksumDest?: string
  readonly size?: number
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

interface Found {
  readonly file: FileState
  readonly hash?: FileHashState
  readonly sums?: HttpState
  readonly download?: DownloadState
}

/** @throws Refusal for a URL that names no file. */
function nameIn(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? ''
  const name = decode(last)
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
    throw new Refusal(`${shownUrl(url)} names no file`, 'Give the name in dest, and with checksum the hash itself.')
  return name
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The file itself, once it is known whether dest is a directory. */
function target({ url, dest }: GetUrlParams, found: FoundSoFar): string | undefined {
  if (dest.endsWith('/')) return `${dest}${nameIn(url)}`
  const state = found.get(file(dest))
  if (state === undefined) return undefined
  return state.exists && state.type === 'directory' ? `${dest}/${nameIn(url)}` : dest
}

const requestFor = (params: GetUrlParams, url = params.url): HttpRequest => ({
  url,
  method: 'GET',
  followRedirects: true,
  ...requestOf(params),
})

function readsOf(params: GetUrlParams, found: FoundSoFar): { readonly [name: string]: Read<any> } {
  const { checksum, force } = params
  const sum = checksum === undefined ? undefined : parseChecksum(checksum)
  const path = target(params, found)
  if (path === undefined) return { file: file(params.dest, 'sha256') }
  const of = file(path, 'sha256')
  const state = found.get(of)
  return {
    file: of,
    ...(sum !== undefined && sum.name !== 'sha256' && { hash: fileHash(sum.name, path) }),
    ...(sum?.url !== undefined && { sums: http(requestFor(params, sum.url), params) }),
    ...(force && !sum && state?.exists && state.type === 'file' && { download: download(requestFor(params), path, params) }),
  }
}

/** The hash that the file must have; undefined where none was asked for. */
function expected(params: GetUrlParams, { sums }: Found): { readonly name: string; readonly value: string } | undefined {
  if (params.checksum === undefined) return undefined
  const sum = parseChecksum(params.checksum)
  if (sum.value !== undefined) return { name: sum.name, value: sum.value }
  if (sums?.problem !== '') throw new Refusal(`${shownUrl(sum.url!)} gave no answer: ${sums?.problem}`, noAnswerFix(sums?.problem))
  const status = parseHead(sums.head, sum.url!)?.status
  if (status !== 200) throw new Refusal(`${sum.url} answered ${status}`)
  return { name: sum.name, value: findChecksum(Buffer.from(sums.body).toString('utf8'), sum, nameIn(params.url)) }
}

function isRight(params: GetUrlParams, found: Found): boolean {
  const { file: state, hash, download: compared } = found
  const wanted = expected(params, found)
  if (hash && hash.lacks !== '') throw new Refusal(`this host has no ${hash.lacks}`, 'Give a sha256 as checksum.')
  if (!state.exists) return false
  if (wanted) return (wanted.name === 'sha256' ? state.sha256 : hash?.value) === wanted.value
  if (compared && compared.problem !== '')
    throw new Refusal(`${shownUrl(params.url)} cannot be compared: ${compared.problem}`, noAnswerFix(compared.problem))
  return compared ? compared.same : true
}

function planOf(params: GetUrlParams, found: Found): { readonly [name: string]: WantedState<any> } {
  const { file: state } = found
  if (state.exists && state.type === 'directory') throw new Refusal(`${state.realPath} is a directory on this host`, 'Name the file in it.')
  if (state.exists && state.type === 'other') throw new Refusal(`${state.realPath} is neither a file nor a directory on this host`)
  const attributes = wantedAttributes(params)
  if (isRight(params, found)) return { file: attributes }
  const wanted = expected(params, found)
  return {
    file: {
      ...(!state.exists && { exists: true, type: 'file', mode: '0644' }),
      ...attributes,
      size: unknown,
      sha256: wanted?.name === 'sha256' ? wanted.value : unknown,
    },
    ...(wanted && wanted.name !== 'sha256' && { hash: { value: wanted.value } }),
    ...(found.download && { download: { same: true } }),
  }
}

function stepsOf(params: GetUrlParams, found: Found): readonly Step[] {
  const { file: state } = found
  if (isRight(params, found)) return attributeSteps(state.realPath, state, params)
  const script = downloadStep(params, requestFor(params), state.realPath, expected(params, found))
  return [{ ...run(script), title: `download ${shownUrl(params.url)} to ${state.realPath}` }]
}

/** A file that the host downloads. */
export const getUrl = defineModule({
  name: 'getUrl',
  summary: 'A file that the host downloads by its own curl or wget',
  params,
  reads: readsOf,
  plan: (params, found) => planOf(params, found as unknown as Found),
  steps: (params, { found }) => stepsOf(params, found as unknown as Found),
  touches: ({ dest }) => [`fileHash:*${canonicalPath(dest)}*`],
  result: ({ url }, { after }): Downloaded => {
    const state = (after as unknown as Found).file
    if (!state.exists) return { url, dest: state.realPath }
    const { sha256: checksumDest, size, mode, owner, group, realPath } = state
    const fields = Object.entries({ checksumDest, size, mode, owner, group })
    return {
      url,
      dest: realPath,
      ...Object.fromEntries(fields.filter(([, value]) => value !== undefined && typeof value !== 'symbol')),
    }
  },
  resultFields: fieldsOf<Downloaded>({
    url: 'the URL as it was given',
    dest: 'the file, at the end of all links',
    checksumDest: 'sha256 of the file as it is now; in check mode absent where that is not known',
    ...owners,
  }),
})
