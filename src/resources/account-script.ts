import { Refusal } from '../dsl/definition.ts'
import { Script } from '../util/sh.ts'

/** Whether accounts can be changed on a host: by shadow's tools and the right to, or why not. */
export type Changeable = 'yes' | 'no tools' | 'no right'

/** Names that users and groups may have, as a pattern for parameters; a number is no name. */
export const accountPattern = '^[A-Za-z_][A-Za-z0-9_.-]{0,30}[A-Za-z0-9_.$-]?$'
const accountName = new RegExp(accountPattern)
export const accountOrNumber = `${accountPattern}|^[0-9]+$`

/**
 * The id of a user or group: a name, or a number as text.
 * @throws Refusal for what no system takes as a name: colons, spaces, a leading hyphen.
 */
export function accountId(kind: 'user' | 'group', name: string): string {
  if (accountName.test(name) || /^\d{1,10}$/.test(name)) return name
  throw new Refusal(
    `${JSON.stringify(name)} is not a name for a ${kind}`,
    `Letters, digits and . _ - only, beginning with a letter or _, at most 32 of them${kind === 'user' ? '' : '; or a number in quotes'}.`,
  )
}

/**
 * `lines FILE NAME…` writes the lines of an account file whose first field is one of the names, or whose third is, by
 * built-ins alone. `rows DATABASE NAME…` asks all sources of the host by one `getent`, and where there is none (busybox)
 * the file. It is true only where all were surely found.
 */
export const accountRows = new Script(`lines() {
  [ -r "$1" ] || return 0
  file=$1
  shift
  while IFS= read -r line || [ -n "$line" ]; do
    name=\${line%%:*} number=\${line#*:*:}
    number=\${number%%:*}
    for want do
      if [ "$want" = "$name" ] || [ "$want" = "$number" ]; then
        printf '%s\\n' "$line"
        break
      fi
    done
  done <"$file"
}
rows() {
  if command -v getent >/dev/null; then
    getent "$@"
  else
    database=$1
    shift
    lines "/etc/$database" "$@"
    false
  fi
}`)

/** `show FILE` writes a file of lines: by built-ins while it is short, for they read it byte by byte. */
export const showFile = new Script(`show() {
  left=100 all=
  while [ "$left" -gt 0 ] && IFS= read -r line; do
    left=$((left - 1)) all="$all$line
" line=
  done
  [ "$left" = 0 ] || all=$all$line
  printf %s "$all"
  [ "$left" -gt 0 ] || cat
} <"$1"`)

/** Sets `can` to whether accounts can be changed: `$1` is the tool for it, `$2` the file it writes. */
export const changeable = new Script(`changeable() {
  can=yes
  if ! command -v "$1" >/dev/null; then can='no tools'
  elif ! [ -w "$2" ]; then can='no right'; fi
}`)

/** @throws Refusal where a change is needed that the host or its user cannot make. */
export function requireChangeable(of: Changeable, what: string, tool: string): void {
  if (of === 'no tools')
    throw new Refusal(
      `${what} must be changed, and this host has no ${tool} for that`,
      "It comes with the package 'passwd' on Debian and 'shadow' elsewhere; install that by a task before this one.",
    )
  if (of === 'no right') throw new Refusal(`${what} must be changed, and this user may not`, 'Run the task with become: true, or as root.')
}

/** The fields of a line that is `name:x:number:…`. */
export function fieldsOfLine(line: string): readonly string[] {
  return line.split(':')
}

/** The lines of a text, empty ones left out. */
export function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
