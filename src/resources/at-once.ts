import { type Script, sh } from '../util/sh.ts'

/**
 * Writes in one piece what a command says in lines of text. Some flush each line (`sha256sum`), and each write is a packet
 * of its own on its way, which costs the host more than the fork that hears the command.
 */
export function atOnce(command: Script): Script {
  return sh`said=$(${command})
printf '%s\n' "$said"`
}
