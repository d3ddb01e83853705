import type { Call } from '../dsl/call.ts'
import { defineAction, defineQuery } from '../dsl/module.ts'
import { run } from '../dsl/step.ts'
import { http, httpScript, parseHttp } from '../resources/http.ts'
import { httpClient, privateFolder, shownUrl } from '../resources/http-client.ts'
import { canonicalPath } from '../resources/path.ts'
import { placeScript } from '../resources/write-script.ts'
import { Script, sh } from '../util/sh.ts'
import { fourDigits } from './attributes.ts'
import { dueByFiles, type FileConditionsFound, fileConditions } from './file-conditions.ts'
import { fieldsOf, ran } from './result-fields.ts'
import { type Answer, answerFields, answerOf, requestFor, type UriParams, uriParams } from './uri-request.ts'

const resultFields = fieldsOf<UriRan>({
  ...answerFields,
  ran: 'only where it is an action: whether it ran; never in check mode, nor where there was nothing to do',
  reason: ran.reason,
})

const query = defineQuery({
  name: 'uri',
  summary: 'Ask a web server from the host. GET and HEAD run in check mode too; other methods, dest, creates and removes make it an action',
  params: uriParams,
  reads: (params) => ({ answer: http(requestFor(params), params) }),
  result: (params, { answer }) => answerOf(params, answer),
  resultFields,
})

/** What an action of uri leaves: in check mode, or where it had nothing to do, it did not run. */
export type UriRan = { readonly ran: false; readonly reason: string } | ({ readonly ran: true } & Answer)

const action = defineAction({
  name: 'uri',
  summary: query.definition.summary,
  params: uriParams,
  reads: fileConditions,
  due: (params, found) => dueByFiles(params, found as FileConditionsFound),
  steps: (params) => {
    const { url, method = 'GET', dest } = params
    const script = dest === undefined ? httpScript(requestFor(params)) : toFile(params, dest)
    return [{ ...run(script), title: `${method} ${shownUrl(url)}${dest === undefined ? '' : ` to ${dest}`}` }]
  },
  touches: ({ dest }) => (dest === undefined ? [] : [`file:${canonicalPath(dest)}`]),
  result: (params, [outcome]): UriRan => ({ ran: true, ...answerOf(params, parseHttp(outcome!.stdout)) }),
  resultFields,
})

const goodStatus = new Script(`fetch "$private/answer" || fail "$url gave no answer: $problem"
status=$(last_status)
case " $wanted " in
  *" $status "*) ;;
  *) fail "$url answered $status, not $wanted: $(head -c 400 "$private/answer" 2>/dev/null)";;
esac
cat -- "$private/answer" >"$new" || fail 'its content could not be stored'`)

/** A bad status leaves the file as it is. What is printed is what {@link parseHttp} reads, without the body. */
function toFile(params: UriParams, dest: string): Script {
  const { mode, owner, group, statusCode = 200 } = params
  return sh`began=$(date +%s)
${placeScript(
  {
    path: dest,
    ...(mode !== undefined && { mode: fourDigits(mode) }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  },
  sh`${privateFolder(sh`fail 'no temporary folder can be made'`)}
wanted=${[statusCode].flat().join(' ')}
${httpClient(requestFor(params))}
${goodStatus}
now=$(date +%s)
n=$(wc -c <"$private/head")
printf '\0%s\0%s\0' "$((now - began))" "$((n))"
cat "$private/head"
printf '0\0'`,
)}`
}

type Question = UriParams & { readonly method?: 'GET' | 'HEAD' | undefined } & {
  readonly [K in 'dest' | 'creates' | 'removes']?: undefined
}
const isQuestion = ({ method = 'GET', dest, creates, removes }: UriParams) =>
  (method === 'GET' || method === 'HEAD') && dest === undefined && creates === undefined && removes === undefined

/** Asks a web server from the host. What only asks is a query, which check mode runs too; all else is an action. */
export const uri: {
  (params: Question): Call<Answer>
  (params: UriParams): Call<UriRan>
  readonly definition: (typeof query)['definition']
} = Object.assign((params: UriParams): Call<any> => (isQuestion(params) ? query(params) : action(params)), { definition: query.definition })
