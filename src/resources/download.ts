import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { identityOf } from '../util/identity.ts'
import { Script, sh } from '../util/sh.ts'
import { checkRequest, type HttpRequest, httpClient, privateFolder, shownUrl } from './http-client.ts'
import { outputReader } from './output-reader.ts'

/** How a file of the host and what a URL gives compare. */
export interface DownloadState {
  readonly same: boolean
  /** Why it could not be told; empty where it could. */
  readonly problem: string
}

// Hashed as it comes, stored nowhere.
const compare = new Script(`{ fetch -; printf '%s' "$problem" >"$private/problem"; } | sha256sum >"$private/hash"
problem=$(cat "$private/problem")
status=$(last_status)
case $status in [345]??) problem="the server answered $status";; esac
same=no
if [ -f "$path" ] && sha256sum <"$path" | cmp -s - "$private/hash"; then same=yes; fi
printf '%s\\0%s\\0' "$problem" "$same"
exit 0`)

/** Reads whether a file holds what a URL gives, by downloading it without keeping it. */
export function download(request: HttpRequest, path: string, owner: object): Read<DownloadState> {
  checkRequest(request)
  const kind: ResourceKind<DownloadState> = {
    name: 'download',
    needs: ['same'],
    freshness: 'live',
    script: () => sh`path=${path} private=
trap '[ -z "$private" ] || rm -rf -- "$private"' EXIT
trap 'exit 129' HUP INT TERM
${privateFolder(sh`printf 'no temporary folder can be made\0no\0'; exit 0`)}
${httpClient(request)}
${compare}`,
    parse: (stdout) => {
      const output = outputReader(stdout)
      return [{ problem: output.record(), same: output.record() === 'yes' }]
    },
    describe: ({ same }) => ({ fields: { file: same ? 'as at the URL' : 'not as at the URL' } }),
    absent: ({ problem }) => problem !== '',
    liesAt: () => [],
  }
  return readOf(kind, `${shownUrl(request.url)} ${path} #${identityOf(owner)}`)
}
