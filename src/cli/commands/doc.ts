import type { DescribedModule } from '../../describe-modules.ts'
import { jsonText } from '../../report/index.ts'
import { defineCommand } from '../command.ts'
import { shared } from '../options.ts'

/** `rollcall doc`: the built-in modules, described by themselves. */
export const doc = defineCommand({
  usage: 'doc [module]',
  summary: 'list the built-in modules, or the parameters of one',
  positionals: { module: { type: 'string', describe: 'name of a built-in module' } },
  options: { format: shared.format },
  examples: [
    ['rollcall doc', 'every module with a line'],
    ['rollcall doc apt', 'the parameters of apt, and how it is called'],
  ],
  async run(args, { engine, screen, colours }) {
    const modules = await engine.describeModules(args.module)
    const lines = args.module === undefined ? summaries(modules) : modules.flatMap((module) => whole(module, colours.strong))
    for (const line of args.format === 'json' ? [jsonText(args.module === undefined ? modules : modules[0])] : lines) screen.print(line)
    return 0
  },
})

function summaries(modules: readonly DescribedModule[]): string[] {
  const width = Math.max(...modules.map(({ name }) => name.length))
  return modules.map(({ name, kind, summary }) => `${name.padEnd(width)}  ${kind.padEnd(10)}  ${summary}`)
}

function whole({ name, kind, summary, parameters, call, resultFields }: DescribedModule, strong: (text: string) => string): string[] {
  const about = parameters.flatMap(({ name: parameter, needed, description, type }) => [
    `  ${strong(parameter)}${needed ? ' (needed)' : ''}: ${type}`,
    ...(description === '' ? [] : [`      ${description}`]),
  ])
  const fields = resultFields.map((field) => `  ${strong(field.name)}: ${field.description}`)
  const calls = ['called so, inside a task:', `  ${call}`, '', 'its result(task) has, besides changed, skipped and failed:', ...fields]
  return [`${strong(name)} (${kind}): ${summary}`, '', ...about, '', ...calls]
}
