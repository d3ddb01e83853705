import type { InputList, ListedInput } from '../list-inputs.ts'
import { type Colours, printableDeep } from '../report/index.ts'
import { short } from './format-explain.ts'
import { place } from './format-outline.ts'

/** What `-e` may give, for people: `--list-inputs`. */
export function formatInputs(list: InputList, colours: Colours): string[] {
  const { playbook, inventory, inputs, vars } = printableDeep(list)
  const nameWidth = Math.max(0, ...[...inputs, ...vars].map(({ name }) => name.length))
  const lines = (of: ListedInput) => [
    `  ${of.name.padEnd(nameWidth)}  ${facts(of)}${place(of.at, colours)}`,
    ...(of.description === undefined ? [] : [`  ${' '.repeat(nameWidth)}  ${of.description}`]),
  ]
  return [
    `${colours.strong(`inputs of playbook ${playbook}`)}${inputs.length === 0 ? ': none' : ''}`,
    ...inputs.flatMap(lines),
    `${colours.strong('vars that -e may override')} · inventory ${inventory}${vars.length === 0 ? ': none' : ''}`,
    ...vars.flatMap(lines),
  ]
}

function facts({ takes, needed, env, default: preset }: ListedInput): string {
  return [takes, preset !== undefined && `default ${short(preset)}`, needed && 'needed', env !== undefined && `or variable ${env}`]
    .filter(Boolean)
    .join(', ')
}
