import type { Rollcall } from './rollcall.ts'
import { tasks, templateInput, templateText } from './tasks.ts'

/** Writes the converged play, its templates and what binds them, into a project. */
export function writeConvergedPlay(rollcall: Rollcall): void {
  const templates = tasks.filter(({ module }) => module === 'template').map(({ params }) => String(params.src))
  for (const name of templates) rollcall.write(`templates/${name}.eta`, templateText(name).eta)
  const bound = templates.map(
    (name) =>
      `export const ${name} = defineTemplate({
  file: '${name}.eta',
  input: { listen: value<number>(), workers: value<number>(), peers: value<readonly string[]>() },
  data: (input) => input,
})`,
  )
  rollcall.write('templates/index.ts', `import { defineTemplate, value } from 'rollcall'\n${bound.join('\n')}\n`)
  const modules = [...new Set(tasks.map(({ module }) => module))].sort()
  const calls = tasks.map(({ name, module, params }) => {
    if (module !== 'template') return `    task('${name}', ${module}(${JSON.stringify(params)}))`
    const { src, ...others } = params
    return `    task('${name}', template({ src: ${src}(input), ...${JSON.stringify(others)} }))`
  })
  rollcall.write(
    'playbooks/converged.ts',
    `import { ${modules.join(', ')}, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
import { ${templates.join(', ')} } from '../templates/index.ts'
const input = ${JSON.stringify(templateInput)}
export default definePlaybook('converged', inventory, (play) => {
  play('thirty tasks', { hosts: 'bench', become: true }, ({ task }) => {
${calls.join('\n')}
  })
})
`,
  )
}
