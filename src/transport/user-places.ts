import { quote } from '../util/sh.ts'

/**
 * Words of a shell before a command, for a way that starts it as a user and leaves the environment of another one. The home is found
 * by the shell; a user without an entry has none.
 */
export function placesOf(user: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(user)) return 'HOME=/; export HOME; '
  const name = quote(user)
  return `HOME=~${name}; case $HOME in /*) ;; *) HOME=/;; esac; USER=${name}; LOGNAME=${name}; export HOME USER LOGNAME; `
}
