import { type InputSource, Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { instanceOf, parameters, Type } from '../dsl/schema.ts'
import { Secret } from '../util/secret.ts'
import { absolutePath, fileParams } from './shared-params.ts'
import { planWholeFile, readWholeFile, wholeFileSteps } from './whole-file.ts'

const bytes = instanceOf('Uint8Array', Uint8Array)
const secret = instanceOf('Secret', Secret)
const url = instanceOf('URL', URL)

function sourceOf(src: string | URL | undefined, content: string | Uint8Array | Secret | undefined): InputSource {
  if ((src === undefined) === (content === undefined)) throw new Refusal('copy takes either src or content', 'Give exactly one of the two.')
  return src === undefined
    ? typeof content === 'string'
      ? new TextEncoder().encode(content)
      : content!
    : { kind: 'controllerFile', path: src }
}

/** A file with given content, or like a file of the controller. */
export const copy = defineModule({
  name: 'copy',
  summary: 'A file on the host, from a file of the controller or from content given here',
  params: parameters({
    dest: absolutePath('where the file goes on the host'),
    src: Type.Optional(
      Type.Unsafe<string | URL>({
        anyOf: [{ type: 'string', minLength: 1 }, url],
        description:
          "a file of the controller: a path from the project's root, or new URL('./x', import.meta.url) for one beside the module",
      }),
    ),
    content: Type.Optional(
      Type.Unsafe<string | Uint8Array | Secret>({
        anyOf: [{ type: 'string' }, bytes, secret],
        description: 'the content itself: text, bytes, or a secret (put text around secrets with the sealed tag)',
      }),
    ),
    force: Type.Optional(Type.Boolean({ description: 'false: a file that is there is left alone, whatever it holds; default true' })),
    ...fileParams,
  }),
  inputs: ({ src, content }) => ({ content: sourceOf(src, content) }),
  reads: ({ dest }, found, { content }) => ({ file: readWholeFile(dest, found, content) }),
  plan: (params, { file }, { content }) => ({ file: planWholeFile(params.dest, params, file, content) }),
  steps: (params, { found, wanted, inputs }) => wholeFileSteps(params, found.file, wanted.file ?? {}, inputs.content),
})
