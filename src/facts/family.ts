import type { Presence } from '../dsl/define-facts.ts'
import type { BuiltInFamily, FactFamilies } from '../model/facts.ts'
import type { Script } from '../util/sh.ts'

/**
 * One built-in family of facts as two pure halves. The script runs as an ordinary user on any POSIX shell, reads files with
 * built-ins where it can (a process costs more than all of them together), and prints lines that begin with a word, many
 * at a time, since each write is a packet of its own on its way: the first begins with `$head`, a format, where there is one.
 * Other families of ours may run before and after it in the same shell.
 */
export interface FactFamily<K extends BuiltInFamily> {
  readonly name: K
  readonly fields: { readonly [F in keyof FactFamilies[K]]-?: Presence }
  readonly script: Script
  /** @throws Error with one sentence, when what the script printed cannot be facts of a host. */
  readonly parse: (stdout: Uint8Array) => FactFamilies[K]
}

/** What a script printed, line by line. */
export function linesOf(stdout: Uint8Array): readonly string[] {
  return Buffer.from(stdout).toString('utf8').split('\n')
}

/** The printed lines as word → the rest of each line that begins with it, in order. */
export function recordsOf(stdout: Uint8Array): (word: string) => readonly string[] {
  const records = new Map<string, string[]>()
  for (const line of linesOf(stdout)) {
    const space = line.indexOf(' ')
    const word = space === -1 ? line : line.slice(0, space)
    const rest = space === -1 ? '' : line.slice(space + 1)
    records.set(word, [...(records.get(word) ?? []), rest])
  }
  return (word) => records.get(word) ?? []
}
