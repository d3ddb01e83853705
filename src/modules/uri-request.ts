import { Refusal } from '../dsl/definition.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import type { HttpState } from '../resources/http.ts'
import { parseHead } from '../resources/http-answer.ts'
import { type HttpRequest, shownUrl } from '../resources/http-client.ts'
import { encodeBody, type UriBody } from './request-body.ts'
import { noAnswerFix, octalMode, requestOf, requestParams } from './request-params.ts'
import { absolutePath, group, owner } from './shared-params.ts'

const status = { type: 'integer', minimum: 100, maximum: 599 } as const
export const uriParams = parameters({
  url: Type.String({ pattern: '^https?://', description: 'what to ask, http:// or https://, as seen from the host' }),
  method: Type.Optional(
    Type.String({
      pattern: '^[A-Z]+$',
      description: 'the method in capitals; default GET. GET and HEAD without dest, creates and removes run in check mode too',
    }),
  ),
  body: Type.Optional(
    Type.Unsafe<UriBody>({
      anyOf: [{ type: 'string' }, { type: 'object' }, { type: 'array' }],
      description: 'what to send: text, or for json and form-urlencoded an object; a Secret may be the whole of it or stand in it',
    }),
  ),
  bodyFormat: Type.Optional(
    oneOf(['raw', 'json', 'form-urlencoded'], {
      description: 'how body is written, and the contentType that goes with it; default raw, as it is',
    }),
  ),
  statusCode: Type.Optional(
    Type.Unsafe<number | readonly number[]>({
      anyOf: [status, { type: 'array', items: status, minItems: 1 }],
      description: 'the status, or several, that is no failure; default 200',
    }),
  ),
  returnContent: Type.Optional(Type.Boolean({ description: 'the answer as text in content; default false. json is there in any case' })),
  followRedirects: Type.Optional(
    oneOf(['safe', 'all', 'none'], {
      description: 'safe (default): those of GET and HEAD; all; none. The wget of busybox follows all of them',
    }),
  ),
  dest: Type.Optional(absolutePath('a file on the host that the answer is written to; then nothing is returned of it')),
  mode: Type.Optional(octalMode),
  owner: Type.Optional(owner),
  group: Type.Optional(group),
  creates: Type.Optional(absolutePath('asks nothing when this is there; may be a pattern')),
  removes: Type.Optional(absolutePath('asks nothing unless this is there; may be a pattern')),
  ...requestParams,
})
export type UriParams = Params<typeof uriParams>

/** What `result(task)` has of an answer. */
export interface Answer {
  readonly status: number
  /** Where the answer came from, after redirects. */
  readonly url: string
  readonly redirected: boolean
  /** `OK (1234 bytes)`. */
  readonly msg: string
  /** Seconds. */
  readonly elapsed: number
  /** Names in camelCase, as in `contentType`. */
  readonly headers: { readonly [name: string]: string }
  /** The answer as text, with returnContent. */
  readonly content?: string
  /** The answer as a value, where its type says that it is JSON. */
  readonly json?: any
  /** The file it was written to, where dest asked for that. */
  readonly dest?: string
}

/** What they are. */
export const answerFields = {
  status: 'the status of the answer: 200',
  url: 'where the answer came from, after redirects',
  redirected: 'whether it was redirected',
  msg: "'OK (1234 bytes)'",
  elapsed: 'seconds',
  headers: 'the headers of the answer, by names in camelCase: contentType',
  content: 'the answer as text, with returnContent',
  json: 'the answer as a value, where its type says that it is JSON',
  dest: 'the file it was written to, where dest asked for that',
}

/** The request that parameters ask for. */
export function requestFor(params: UriParams): HttpRequest {
  const { url, method = 'GET', body, bodyFormat = 'raw', followRedirects = 'safe' } = params
  const safe = method === 'GET' || method === 'HEAD'
  const encoded = encodeBody(body, bodyFormat)
  const base = requestOf(params)
  const typed = Object.keys(base.headers ?? {}).some((name) => name.toLowerCase() === 'content-type')
  return {
    url,
    method,
    ...base,
    followRedirects: followRedirects === 'all' || (followRedirects === 'safe' && safe),
    mustNotFollow: followRedirects === 'none',
    body: encoded?.text,
    ...(encoded?.type !== undefined && !typed && { headers: { ...base.headers, 'Content-Type': encoded.type } }),
  }
}

const text = (body: Uint8Array) => Buffer.from(body).toString('utf8')

/** What a request's answer is to a user. @throws Refusal for no answer and for a status that was not asked for. */
export function answerOf(params: UriParams, { problem, head, body, elapsed }: HttpState): Answer {
  const { statusCode = 200, returnContent = false, dest } = params
  const url = shownUrl(params.url)
  if (problem !== '') throw new Refusal(`${url} gave no answer: ${problem}`, noAnswerFix(problem))
  const answer = parseHead(head, url)
  if (!answer) throw new Refusal(`${url} gave an answer without a status`)
  const wanted = [statusCode].flat()
  if (!wanted.includes(answer.status)) {
    const said = text(body).trim()
    throw new Refusal(
      `${answer.url} answered ${answer.status} ${answer.reason}, not ${wanted.join(' or ')}${said === '' ? '' : `: ${said.slice(0, 400)}`}`,
      `Where that is no failure, set statusCode: [${[...wanted, answer.status].join(', ')}].`,
    )
  }
  return {
    ...partOf(answer),
    msg: `${answer.reason || answer.status} (${dest === undefined ? `${body.length} bytes` : `written to ${dest}`})`,
    elapsed,
    ...(returnContent && dest === undefined && { content: text(body) }),
    ...jsonOf(answer.headers.contentType, body),
    ...(dest !== undefined && { dest }),
  }
}

const partOf = ({ status, url, redirected, headers }: NonNullable<ReturnType<typeof parseHead>>) => ({ status, url, redirected, headers })

function jsonOf(type = '', body: Uint8Array): { readonly json?: unknown } {
  if (body.length === 0 || !/^[^;]*\bjson\b/i.test(type)) return {}
  try {
    return { json: JSON.parse(text(body)) }
  } catch {
    return {}
  }
}
