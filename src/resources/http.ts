import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { identityOf } from '../util/identity.ts'
import { Script, sh } from '../util/sh.ts'
import { checkRequest, type HttpRequest, httpClient, privateFolder, shownUrl } from './http-client.ts'
import { outputReader } from './output-reader.ts'

/** What came of a request that a host made. */
export interface HttpState {
  /** Why there is no answer; empty where there is one, whatever its status. */
  readonly problem: string
  /** Status lines and headers of all answers, redirects included. */
  readonly head: string
  readonly body: Uint8Array
  readonly elapsed: number
}

/** Longer answers are not brought to the controller. */
export const largestBody = 16 * 1024 * 1024

const answer = new Script(`send() {
  if [ -s "$1" ]; then n=$(wc -c <"$1"); n=$((n)); else n=0; fi
  printf '%s\\0' "$n"
  [ "$n" = 0 ] || head -c "$n" <"$1"
}
began=$(date +%s)
fetch "$private/answer"
now=$(date +%s)
[ -e "$private/answer" ] || : >"$private/answer"
if [ "$(($(wc -c <"$private/answer")))" -gt "$largest" ]; then
  problem="the answer is longer than $largest bytes"
  : >"$private/answer"
fi
printf '%s\\0%s\\0' "$problem" "$((now - began))"
send "$private/head"
send "$private/answer"`)

/** Makes a request and prints what came of it, for {@link parseHttp}; always ends with 0. */
export function httpScript(request: HttpRequest): Script {
  return sh`private=
trap '[ -z "$private" ] || rm -rf -- "$private"' EXIT
trap 'exit 129' HUP INT TERM
largest=${largestBody}
${privateFolder(sh`printf 'no temporary folder can be made\0%s\0%s\0%s\0' 0 0 0; exit 0`)}
${httpClient(request)}
${answer}
exit 0`
}

/** Takes the output of {@link httpScript} apart. */
export function parseHttp(stdout: Uint8Array): HttpState {
  const output = outputReader(stdout)
  const [problem, elapsed] = [output.record(), Number(output.record())]
  const head = Buffer.from(output.take(Number(output.record()))).toString('latin1')
  return { problem, elapsed, head, body: Uint8Array.from(output.take(Number(output.record()))) }
}

/**
 * Reads what a URL answers to the host. One kind for each request, since a request may hold what no key may show.
 * @param owner The parameters that the request is made from: one owner, one key.
 */
export function http(request: HttpRequest, owner: object): Read<HttpState> {
  checkRequest(request)
  const kind: ResourceKind<HttpState> = {
    name: 'http',
    needs: ['answer'],
    freshness: 'live',
    script: () => httpScript(request),
    parse: (stdout) => [parseHttp(stdout)],
    describe: ({ problem, head }) => ({ fields: { answer: problem === '' ? (head.split('\n')[0] ?? '').trim() : problem } }),
    absent: ({ problem }) => problem !== '',
    liesAt: () => [],
  }
  return readOf(kind, `${request.method} ${shownUrl(request.url)} #${identityOf(owner)}`)
}
