import { quote } from '../util/sh.ts'

/** What the command line said behind `-i`; without it a command in a fix would be about another inventory. */
let chosen: string | undefined

export function setChosenInventory(inventory: string | undefined): void {
  chosen = inventory
}

const takes =
  /^rollcall (run|explain|render|facts|do|exec|trust|doctor|cleanup|inventory (list|host|graph|validate|add|set|unset|rename|remove|move))( |$)/
const names = / (-i|--inventory)[ =]| --help$/

/** A line of a fix; where it is a command that takes an inventory, it names the chosen one. */
export function withChosenInventory(line: string): string {
  if (chosen === undefined || !takes.test(line) || names.test(line)) return line
  const words = ` -i ${quote(chosen)}`
  const end = line.indexOf(' -- ')
  return end === -1 ? `${line}${words}` : `${line.slice(0, end)}${words}${line.slice(end)}`
}
