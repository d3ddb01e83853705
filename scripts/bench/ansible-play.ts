import { type BenchTask, tasks, templateInput, templateText } from './tasks.ts'

/** What is written otherwise in Ansible's language. Its entries of the crontab differ from ours, or it would make ours its own. */
function params({ module, params }: BenchTask): Readonly<Record<string, unknown>> {
  if (module === 'cron') return { ...params, job: `${params.job} by ansible` }
  return module === 'template' ? { ...params, src: `${params.src}.j2` } : params
}

/** The converged play as a playbook of Ansible; JSON is YAML too. */
export function ansiblePlay(): string {
  const list = tasks.map((task) => ({ name: task.name, [`ansible.builtin.${task.module}`]: params(task) }))
  return `${JSON.stringify([{ name: 'thirty tasks', hosts: 'bench', become: true, vars: templateInput, tasks: list }], null, 1)}\n`
}

/** The templates, by file name. */
export function templateFiles(): readonly (readonly [name: string, text: string])[] {
  return tasks
    .filter(({ module }) => module === 'template')
    .map(({ params: { src } }) => [`${src}.j2`, templateText(String(src)).jinja] as const)
}
