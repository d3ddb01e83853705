import { type HttpRequest, httpClient, privateFolder } from '../resources/http-client.ts'
import { placeScript } from '../resources/write-script.ts'
import { Script, sh } from '../util/sh.ts'
import { fourDigits } from './attributes.ts'
import type { GetUrlParams } from './get-url.ts'

const get = new Script(`to=$new
[ -z "$within" ] || to=$private/download
fetch "$to" || fail "$url gave no answer: $problem"
status=$(last_status)
case $status in [345]??) fail "$url answered $status";; esac
[ -e "$to" ] || : >"$to"
if [ -n "$hash" ]; then
  is=$("$program" <"$to") || fail "it cannot be hashed by $program"
  is=\${is%% *}
  [ "$is" = "$hash" ] || fail "what $url gave has the \${program%sum} $is, not $hash"
fi
[ "$to" = "$new" ] || cat -- "$to" >"$new" || fail "its content could not be stored in $dir"`)

/** Downloads beside the file, checks the hash, and only then puts it in place. */
export function downloadStep(
  params: GetUrlParams,
  request: HttpRequest,
  path: string,
  sum: { readonly name: string; readonly value: string } | undefined,
): Script {
  const { mode, owner, group, backup, unsafeWrites, tmpDest } = params
  return placeScript(
    {
      path,
      ...(mode !== undefined && { mode: fourDigits(mode) }),
      ...(owner !== undefined && { owner }),
      ...(group !== undefined && { group }),
      ...(backup !== undefined && { backup }),
      ...(unsafeWrites !== undefined && { unsafeWrites }),
    },
    sh`${privateFolder(sh`fail 'no temporary folder can be made'`, tmpDest ?? '')}
hash=${sum?.value ?? ''} program=${`${sum?.name ?? 'sha256'}sum`}
${httpClient(request)}
${get}`,
  )
}
