import type { Desk } from '../../src/edit/definition.ts'
import type { Plan } from '../../src/edit/plan.ts'
import type { Edit } from '../../src/edit/request.ts'
import { openSources } from '../../src/edit/source.ts'
import { doEdit } from '../../src/edit/verbs.ts'
import { defineInventory, lab, local, Secret, ssh } from '../../src/index.ts'
import { strip } from '../../src/load/strip.ts'
import type { InventoryModel } from '../../src/model/inventory.ts'

export const path = '/site/inventory/lab.ts'

/** The model of a text that imports nothing but `rollcall`. */
export function modelOf(text: string): InventoryModel {
  const code = strip(path, text)
    .replace(/^import (.*) from .*$/gm, (line) => ' '.repeat(line.length))
    .replace('export const inventory =', 'return                  ')
  const make = new Function('defineInventory', 'ssh', 'lab', 'local', 'secret', code)
  const { at: _, ...model } = (make(defineInventory, ssh, lab, local, new Secret('s3cret')) as { model: InventoryModel }).model
  return model
}

/** What an edit makes of a text, by the steps alone: no file, no compiler. */
export function editText(text: string, edit: Edit): { readonly text: string; readonly plan: Plan } {
  const sources = openSources(() => text)
  const desk: Desk = { root: '/site', entry: path, sources, model: modelOf(text) }
  const plan = doEdit(desk, edit)
  return { text: sources.changed()[0]?.after ?? text, plan }
}

/** An edit as its command line would say it. */
export function editOf(line: string): Edit {
  const [verb, name = '', ...rest] = line.split(' ')
  const options: Record<string, string[]> = {}
  const values: string[] = []
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!
    if (word === '--new' || word === '--force') options[word] = []
    else if (word.startsWith('--')) options[word] = [...(options[word] ?? []), rest[++at]!]
    else values.push(word)
  }
  const list = (option: string) => options[option]?.flatMap((each) => each.split(',')).filter((each) => each !== '')
  const one = (option: string, key: string) => (options[option] === undefined ? {} : { [key]: options[option][0] })
  const has = {
    isNew: '--new' in options,
    ...one('--private-ip', 'privateIp'),
    ...one('--public-ip', 'publicIp'),
    ...one('--address', 'address'),
    ...one('--user', 'user'),
    ...one('--port', 'port'),
    ...one('--connection', 'connection'),
  }
  switch (verb) {
    case 'add':
      return { verb, name, groups: list('--group') ?? [], words: options['--set'] ?? [], ...has }
    case 'set':
      return { verb, name, words: values, ...has }
    case 'unset':
      return { verb, name, vars: values }
    case 'rename':
      return { verb, name, to: values[0]!, force: '--force' in options }
    case 'remove':
      return { verb, name, force: '--force' in options }
    case 'move': {
      const [groups, add, from] = [list('--group'), list('--add'), list('--from')]
      return { verb, name, ...(groups && { groups }), ...(add && { add }), ...(from && { from }) }
    }
    default:
      throw new Error(`no such verb: ${verb}`)
  }
}

/** The lines that an edit takes away and brings: without those that both texts begin and end with. */
export function changedLines(before: string, after: string): { readonly old: readonly string[]; readonly fresh: readonly string[] } {
  const [old, fresh] = [before.split('\n'), after.split('\n')]
  while (old.length > 0 && fresh.length > 0 && old[0] === fresh[0]) {
    old.shift()
    fresh.shift()
  }
  while (old.length > 0 && fresh.length > 0 && old.at(-1) === fresh.at(-1)) {
    old.pop()
    fresh.pop()
  }
  return { old, fresh }
}
