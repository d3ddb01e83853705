import { Refusal } from '../dsl/definition.ts'
import { Secret } from '../util/secret.ts'
import { Script, sh } from '../util/sh.ts'

/** A request that the host makes by its own curl or wget. */
export interface HttpRequest {
  readonly url: string
  readonly method: string
  readonly headers?: { readonly [name: string]: string | Secret } | undefined
  readonly body?: string | Secret | undefined
  /** Seconds without any progress until it is given up. */
  readonly timeout: number
  readonly validateCerts: boolean
  readonly followRedirects: boolean
  /** Rather no request than one that follows a redirect. */
  readonly mustNotFollow?: boolean | undefined
  readonly urlUsername?: string | Secret | undefined
  readonly urlPassword?: string | Secret | undefined
  /** wget sends a password only when asked for one, unless this is set; curl always sends it at once. */
  readonly forceBasicAuth?: boolean | undefined
}

type Word = string | Secret

const plain = (word: Word) => (word instanceof Secret ? word.reveal() : word)
/** Text that is secret when a part of it is. */
const text = (made: string, ...parts: readonly (Word | undefined)[]): Word =>
  parts.some((part) => part instanceof Secret) ? new Secret(made) : made

/** A word in a configuration file of curl, which alone knows escapes. */
function quoted(value: string): string {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
  return `"${escaped}"`
}

/** @throws Refusal for what would be two lines of a request, or of a configuration file. */
function refuseLines(what: string, value: Word | undefined): void {
  if (value !== undefined && /[\r\n\0]/.test(plain(value))) throw new Refusal(`${what} holds a line break`, 'A header is one line.')
}

/** A URL without the password that may stand in it. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1')
}

/** The request without a fragment, which is no business of the server, and with the password of its URL where no list of processes shows it. */
function bare(request: HttpRequest): HttpRequest {
  const url = request.url.replace(/#.*/, '')
  const [, user = '', password] = /^[a-z]+:\/\/(?:([^/@:?]*)(?::([^/@?]*))?@)/i.exec(url) ?? []
  return {
    ...request,
    url: shownUrl(url),
    ...(user !== '' && request.urlUsername === undefined && { urlUsername: decoded(user) }),
    ...(password !== undefined && request.urlPassword === undefined && { urlPassword: new Secret(decoded(password)) }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** @throws Refusal for what cannot be sent. */
export function checkRequest({ url, headers = {}, urlUsername, urlPassword }: HttpRequest): void {
  if (/[\s\0]/.test(url)) throw new Refusal(`the URL ${JSON.stringify(url)} holds a blank`, 'Write %20 for a space.')
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw new Refusal(`${JSON.stringify(name)} is no name of a header`)
    refuseLines(`the header ${name}`, value)
  }
  refuseLines('urlUsername', urlUsername)
  refuseLines('urlPassword', urlPassword)
  if (urlUsername !== undefined && plain(urlUsername).includes(':'))
    throw new Refusal('urlUsername holds a colon, which basic authentication cannot carry')
}

/** All but where the body goes: a password stands in this file of ours, never on a command line. */
function curlLines({
  url,
  method,
  headers = {},
  body,
  timeout,
  validateCerts,
  followRedirects,
  urlUsername: user,
  urlPassword: password,
}: HttpRequest): Word[] {
  return [
    `url = ${quoted(url)}`,
    ...['globoff', 'silent', 'show-error', 'proto = "=http,https,ftp"'],
    `connect-timeout = ${timeout}`,
    `speed-time = ${Math.ceil(timeout)}`,
    'speed-limit = 1',
    ...(followRedirects ? ['location', 'max-redirs = 10'] : []),
    ...(validateCerts ? [] : ['insecure']),
    ...(user === undefined && password === undefined
      ? []
      : [text(`user = ${quoted(`${plain(user ?? '')}:${plain(password ?? '')}`)}`, user, password)]),
    ...Object.entries(headers).map(([name, value]) =>
      text(`header = ${quoted(plain(value) === '' ? `${name};` : `${name}: ${plain(value)}`)}`, value),
    ),
    ...(method === 'HEAD' ? ['head'] : method === (body === undefined ? 'GET' : 'POST') ? [] : [`request = ${quoted(method)}`]),
  ]
}

function wgetLines({
  headers = {},
  timeout,
  validateCerts,
  followRedirects,
  urlUsername: user,
  urlPassword: password,
  forceBasicAuth,
}: HttpRequest): Word[] {
  return [
    ...['verbose = off', 'server_response = on', 'content_on_error = on', 'tries = 1', 'netrc = off', 'use_server_timestamps = off'],
    `timeout = ${timeout}`,
    `max_redirect = ${followRedirects ? 10 : 0}`,
    ...(validateCerts ? [] : ['check_certificate = off']),
    ...(user === undefined ? [] : [text(`user = ${plain(user)}`, user)]),
    ...(password === undefined ? [] : [text(`password = ${plain(password)}`, password)]),
    ...(forceBasicAuth ? ['auth_no_challenge = on'] : []),
    ...Object.entries(headers).map(([name, value]) => text(`header = ${name}: ${plain(value)}`, value)),
  ]
}

/** Why busybox's wget cannot make a request as it must be made; empty where it can. */
function busyboxLacks({ url, method, headers = {}, body, validateCerts, mustNotFollow, urlUsername, urlPassword }: HttpRequest): string {
  const secret = Object.entries(headers).some(([name, value]) => value instanceof Secret || name.toLowerCase() === 'authorization')
  if (urlUsername !== undefined || urlPassword !== undefined || secret) return 'would show a password in the process list'
  if (url.startsWith('https:') && validateCerts) return 'does not verify certificates'
  if (mustNotFollow) return 'follows every redirect'
  return (body === undefined ? ['GET', 'HEAD'] : ['POST']).includes(method)
    ? ''
    : `cannot make a ${method} request${body === undefined ? '' : ' with a body'}`
}

// `command -v` finds busybox's own wget as well. That one ends with 1 for every bad status; where it has no option for a
// timeout, a whole download may take sixty times as long as a pause in it might.
const fetchFunction = new Script(`fetch() {
  problem= rc=0
  : >"$private/head"; : >"$private/say"
  if command -v curl >/dev/null 2>&1; then
    case $method in HEAD) set -- --output /dev/null;; *) set -- --output "$1";; esac
    [ ! -e "$private/body" ] || set -- "$@" --data-binary "@$private/body"
    curl -q --config "$private/curl" --dump-header "$private/head" "$@" 2>"$private/say" || rc=$?
  elif ! command -v wget >/dev/null 2>&1; then
    problem='this host has neither curl nor wget'
    return 1
  else
    case $(wget --version 2>&1) in
      *'GNU Wget'*)
        set -- --output-document="$1"
        case $method in GET) ;; *) set -- --method="$method" "$@";; esac
        [ ! -e "$private/body" ] || set -- --body-file="$private/body" "$@"
        wget --config="$private/wget" --output-file="$private/say" "$@" -- "$url" || rc=$?
        [ "$rc" != 8 ] || rc=0;;
      *)
        [ -z "$lacks" ] || { problem="this host has only busybox's wget, which $lacks"; return 1; }
        case $method in HEAD) shift; set -- --spider "$@";; *) set -- -O "$@";; esac
        [ ! -e "$private/body" ] || set -- --post-file "$private/body" "$@"
        [ -n "$certs" ] || set -- --no-check-certificate "$@"
        while IFS= read -r line; do set -- --header "$line" "$@"; done <"$private/lines"
        case $(wget --help 2>&1) in
          *'-T SEC'*) wget -q -S -T "$timeout" "$@" "$url" 2>"$private/say" || rc=$?;;
          *) timeout "$((timeout * 60))" wget -q -S "$@" "$url" 2>"$private/say" || rc=$?;;
        esac
        if grep -q '^wget: server returned error: HTTP/' "$private/say"; then rc=0; fi;;
    esac
    sed -n 's/^  //p' "$private/say" >"$private/head"
  fi
  if [ "$rc" = 0 ]; then return 0; fi
  problem=$(grep -v '^  ' "$private/say" | tail -n 3)
  [ -n "$problem" ] || problem="exit code $rc"
  return 1
}
last_status() { sed -n 's|^HTTP/[0-9.]* \\([0-9][0-9][0-9]\\).*|\\1|p' "$private/head" | tail -n 1; }`)

/**
 * Defines `fetch <file or ->`, which gets the body: false with a sentence in `$problem` when no answer came, or none to the
 * end. An answer with a bad status is an answer; `last_status` prints it, and the head is in `$private/head`. Needs a
 * folder `$private` of ours alone.
 */
export function httpClient(asked: HttpRequest): Script {
  checkRequest(asked)
  const request = bare(asked)
  const { url, method, body, timeout, validateCerts, headers = {} } = request
  const lines = (words: readonly Word[], file: Script) => (words.length === 0 ? sh`: >${file}` : sh`printf '%s\n' ${words} >${file}`)
  const lacks = busyboxLacks(request)
  return sh`url=${url} method=${method} timeout=${Math.ceil(timeout)} certs=${validateCerts ? 1 : ''} lacks=${lacks}
${lines(curlLines(request), new Script('"$private/curl"'))}
${lines(wgetLines(request), new Script('"$private/wget"'))}
${lines(lacks === '' ? Object.entries(headers).map(([name, value]) => `${name}: ${plain(value)}`) : [], new Script('"$private/lines"'))}
${body === undefined ? sh`:` : sh`printf %s ${body} >"$private/body"`}
${fetchFunction}`
}

const makeFolder = new Script(`private=$(mktemp -d "\${within:-\${TMPDIR:-/tmp}}/rollcall.XXXXXXXXXX")`)

/** Makes the folder `$private`, or goes on with `otherwise`. */
export function privateFolder(otherwise: Script, within: string = ''): Script {
  return sh`umask 077
within=${within}
${makeFolder} || { private=; ${otherwise}; }`
}
