import { defineModule } from '../dsl/module.ts'
import { instanceOf, parameters } from '../dsl/schema.ts'
import { Rendering } from '../dsl/template.ts'
import { type FileResult, fileResult } from './file-result.ts'
import { fieldsOf, fileFields } from './result-fields.ts'
import { absolutePath, fileParams } from './shared-params.ts'
import { planWholeFile, readWholeFile, rewriteSteps, wholeFileSteps } from './whole-file.ts'

/** What `template` left. */
export interface TemplateResult extends FileResult {
  readonly dest: string
}

/** A file rendered from a template. */
export const template = defineModule({
  name: 'template',
  summary: 'A file on the host, rendered from a template',
  params: parameters({
    src: instanceOf('Rendering', Rendering, 'a template of defineTemplate, called with its input'),
    dest: absolutePath('where the file goes on the host'),
    ...fileParams,
  }),
  inputs: ({ src }) => ({ content: src }),
  reads: ({ dest }, found, { content }) => ({ file: readWholeFile(dest, found, content) }),
  plan: (params, { file }, { content }) => ({ file: planWholeFile(params.dest, params, file, content) }),
  steps: (params, { found, wanted, inputs }) => wholeFileSteps(params, found.file, wanted.file ?? {}, inputs.content),
  again: (params, { found, inputs }) => rewriteSteps(params, found.file, inputs.content),
  result: ({ dest }, change): TemplateResult => ({ dest, ...fileResult(change) }),
  resultFields: fieldsOf<TemplateResult>({ dest: 'the file', ...fileFields }),
})
