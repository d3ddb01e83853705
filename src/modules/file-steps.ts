import { run, type Step } from '../dsl/step.ts'
import type { LinkState } from '../resources/link.ts'
import { parentOf } from '../resources/path.ts'
import { Script, sh } from '../util/sh.ts'
import { type Attributes, fourDigits } from './attributes.ts'

const makeEach = new Script(`for d do
  [ -d "$d" ] && continue
  mkdir -- "$d" || exit
  [ -z "$owners" ] || chown -- "$owners" "$d" || exit
  chmod -- "$bits" "$d" || exit
done`)

/** Makes a directory and those above it that are missing; all of them get its owner and mode, as with Ansible. */
export function makeDirectories(path: string, { mode = '0755', owner, group }: Attributes): readonly Step[] {
  const parts = path.split('/').slice(1)
  const all = parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
  const owners = `${owner ?? ''}${group === undefined ? '' : `:${group}`}`
  return [
    run(sh`owners=${owners} bits=${fourDigits(mode)}
set -- ${all}
${makeEach}`),
  ]
}

/** Removes what stands at a path; of a link only the link. */
export function removeSteps(path: string): readonly Step[] {
  return [run(sh`rm -rf -- ${path}`)]
}

/** Makes a symbolic link; one that leads elsewhere is replaced in one move where `mv` knows -T. */
export function linkSteps(path: string, target: string, found: LinkState): readonly Step[] {
  if (!found.exists) return [run(sh`ln -s -- ${target} ${path}`)]
  const beside = `${parentOf(path) === '/' ? '' : parentOf(path)}/.rollcall-link`
  return [
    run(sh`new=${beside}-$$
trap 'rm -f -- "$new"' EXIT
ln -s -- ${target} "$new" || exit
mv -fT -- "$new" ${path} 2>/dev/null || { rm -f -- ${path} && mv -f -- "$new" ${path}; }`),
  ]
}
