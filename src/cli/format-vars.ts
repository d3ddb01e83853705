import type { ExplainedVar, ExplainedVars, VarSource } from '../explain-var.ts'
import { type Colours, printableDeep } from '../report/index.ts'
import { mask } from '../util/redact.ts'
import { short } from './format-explain.ts'

/** Vars with their origin for people: a line each, and below it what it overrides. */
export function formatVars(explained: ExplainedVars, colours: Colours): string[] {
  const { host, inventory, vars: declared, connection } = printableDeep(explained)
  const vars = connection ?? declared
  const lines = vars.map(({ overrides, ...counts }) => ({ head: counts, below: overrides }))
  const width = (cell: (of: VarSource | ExplainedVar) => string) =>
    Math.max(0, ...lines.flatMap(({ head, below }) => [head, ...below]).map((of) => cell(of as ExplainedVar).length))
  const fromWidth = width(({ from }) => from)
  const valueWidth = width(({ value }) => short(value))
  const nameWidth = Math.max(0, ...vars.map(({ name }) => name.length))
  const row = (label: string, { from, value, at, exact }: VarSource) =>
    `  ${label.padEnd(nameWidth)}  ${short(value).padEnd(valueWidth)}  ${from.padEnd(fromWidth)}  ${at}${exact ? '' : ' (not written out: it enters here)'}`.trimEnd()
  return [
    `${colours.strong(`${connection ? 'connection' : 'vars'} of ${host}`)} · inventory ${inventory}`,
    ...(vars.length === 0 ? ['  none'] : []),
    ...vars.flatMap(({ name, overrides, ...counts }) => [
      row(name, counts),
      ...overrides.map((source) => colours.faint(`${row('', source)}${same(source, counts) ? ', the same' : ', overridden'}`)),
    ]),
  ]
}

function same(left: VarSource, right: VarSource): boolean {
  // Of what is hidden nobody is told whether it differs.
  const text = JSON.stringify(left.value)
  return text === JSON.stringify(right.value) && !text?.includes(mask)
}
