import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { definedTemplates } from '../dsl/template.ts'
import { RollcallError } from '../model/errors.ts'
import { suggest } from '../util/suggest.ts'
import { codeFrame, shortPath } from './code-frame.ts'
import { etaToTypeScript, printName } from './eta-to-typescript.ts'
import type { Project } from './project.ts'
import { writeWhole } from './write-whole.ts'

/** A template as TypeScript that the compiler can check: line N of `generated` is line N of `eta`. */
export interface CheckedTemplate {
  readonly eta: string
  readonly generated: string
  /** Characters that stand before the template's own first line. */
  readonly headerLength: number
}

interface Binding {
  readonly name: string
  readonly eta: string
  /** The file that calls defineTemplate. */
  readonly by: string
}

const bindingCall = /export\s+const\s+([A-Za-z_$][\w$]*)\s*=\s*defineTemplate\s*(?:<[^(]*>)?\(\s*\{/g
const fileProperty = /(?:^|[{,\s])file\s*:\s*(['"`])((?:(?!\1).)+)\1/

/**
 * Writes, for each exported `defineTemplate` of the project, a file by which the template's code joins the type-check.
 * @throws RollcallError for a template that nothing binds, one that is missing, and one with an open tag.
 */
export function checkableTemplates(project: Project): CheckedTemplate[] {
  const bound = bindings(project)
  const templates = filesIn(project.templates, '.eta')
  for (const { eta, by, name } of bound) if (!existsSync(eta)) throw missing(project, { eta, by, name }, templates)
  for (const eta of templates) if (!bound.some((binding) => binding.eta === eta)) throw unbound(project, eta)
  return bound.map((binding) => generate(project, binding))
}

function bindings(project: Project): Binding[] {
  return [project.templates, project.modules].flatMap((folder) => filesIn(folder, '.ts')).flatMap(bindingsOf)
}

function bindingsOf(by: string): Binding[] {
  const source = readFileSync(by, 'utf8')
  return [...source.matchAll(bindingCall)].flatMap((call) => {
    const file = fileProperty.exec(source.slice(call.index + call[0].length - 1))
    return file ? [{ name: call[1]!, by, eta: resolve(dirname(by), file[2]!) }] : []
  })
}

function generate(project: Project, { name, eta, by }: Binding): CheckedTemplate {
  const template = readFileSync(eta, 'utf8')
  const converted = etaToTypeScript(template)
  if ('problem' in converted) throw unreadable(project, eta, template, converted.problem)
  const generated = join(project.root, '.rollcall/templates', `${relative(project.root, eta).replaceAll('../', '')}.${name}.ts`)
  const specifier = relative(dirname(generated), by)
  const header =
    `import type { TemplateData } from 'rollcall'; import type { ${name} } from '${specifier}'; ` +
    `declare function ${printName}(value: string | number | import('rollcall').Secret): void; export function render(it: TemplateData<typeof ${name}>): void { `
  writeWhole(generated, `${header}${converted.code}\n}\n`)
  return { eta, generated, headerLength: header.length }
}

function filesIn(folder: string, ending: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file))
    .sort()
}

function unbound(project: Project, eta: string): RollcallError {
  const index = shortPath(project.root, join(dirname(eta), 'index.ts'))
  return new RollcallError({
    summary: 'A template is bound by no exported defineTemplate',
    detail: `${shortPath(project.root, eta)}\nits code would not be type-checked`,
    fix: `Bind it in ${index}, or remove it:\nexport const name = defineTemplate({ file: '${relative(dirname(eta), eta)}', input: { … }, data: ({ … }) => ({ … }) })`,
    exitCode: 1,
  })
}

function missing(project: Project, { eta, by, name }: Binding, templates: readonly string[]): RollcallError {
  const short = (path: string) => shortPath(project.root, path)
  const meant = suggest(short(eta), templates.map(short))
  const line = readFileSync(by, 'utf8')
    .split(new RegExp(`export\\s+const\\s+${name.replaceAll('$', '\\$')}\\b`))[0]!
    .split('\n').length
  return new RollcallError({
    summary: 'A template does not exist',
    detail: `${short(eta)}, which '${name}' binds`,
    at: { file: short(by), line },
    fix: meant ? `Did you mean '${meant}'?` : 'Paths in defineTemplate are relative to the file that calls it.',
    exitCode: 1,
  })
}

function unreadable(
  project: Project,
  eta: string,
  template: string,
  { message, offset }: { message: string; offset: number },
): RollcallError {
  const before = template.slice(0, offset).split('\n')
  const at = { file: shortPath(project.root, eta), line: before.length, column: before.at(-1)!.length + 1 }
  return new RollcallError({
    summary: 'A template cannot be read',
    detail: `${message}\n${codeFrame(template, at.line, at.column)}`,
    at,
    exitCode: 1,
  })
}

/**
 * After loading: the search above reads source text, so a template that it did not see, but that is defined now, was
 * never checked.
 */
export function refuseUncheckedTemplates(project: Project): void {
  const seen = new Set(bindings(project).map((binding) => binding.eta))
  const unseen = [...definedTemplates].filter((path) => !seen.has(path))
  if (unseen.length === 0) return
  throw new RollcallError({
    summary: 'A template is defined where the type-check does not see it',
    detail: unseen.map((path) => shortPath(project.root, path)).join('\n'),
    fix: `Define it in templates/ or modules/ as an exported constant:\nexport const name = defineTemplate({ file: '…', input: { … }, data: ({ … }) => ({ … }) })`,
    exitCode: 1,
  })
}
