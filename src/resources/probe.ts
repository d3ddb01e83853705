import { type Read, type ReadRequest, type ResourceKind, readOf } from '../dsl/resource.ts'
import { Script, sh } from '../util/sh.ts'
import { outputReader } from './output-reader.ts'

/** What a read-only command of the user left. */
export interface ProbeState {
  readonly rc: number
  readonly stdout: string
  readonly stderr: string
}

// Files, not pipes: a background child that keeps a pipe open would hold up the whole answer.
const open = new Script(`umask 077
d=$(mktemp -d) || { printf 'no\\0'; exit 0; }
trap 'rm -rf -- "$d"' EXIT
trap 'exit 129' HUP INT TERM
printf 'yes\\0'`)

// Who watches the session (`peek-script.ts`) finds there what is written while it runs.
const told = new Script(`[ ! -f "$OLDPWD/0pid" ] || printf '%s\\n' "$d" >"$OLDPWD/0out"`)

// Copies exactly the bytes counted: such a child may still be writing.
const send = new Script(`send() {
  if [ -s "$1" ]; then n=$(wc -c <"$1"); n=$((n)); else n=0; fi
  printf '%s\\0' "$n"
  [ "$n" = 0 ] || head -c "$n" <"$1"
}`)

// `eval` in a subshell: a syntax error, an exit or a trap of one command ends that command alone.
const each = new Script(`for text do
  ( umask 022; cd / && eval "$text" ) </dev/null >"$d/out" 2>"$d/err"
  printf '%s\\0' "$?"
  send "$d/out"
  send "$d/err"
  rm -f -- "$d/out" "$d/err"
done`)

/** Commands of the user that only read, each in its own subshell. Never read ahead. */
export const probeKind: ResourceKind<ProbeState> = {
  name: 'probe',
  needs: ['run'],
  freshness: 'live',
  script: (requests: readonly ReadRequest[]) => sh`${open}
${told}
${send}
set -- ${requests.map(({ id }) => id)}
${each}
exit 0`,
  parse: (stdout, requests) => {
    const output = outputReader(stdout)
    if (output.record() !== 'yes') throw new Error('no temporary directory could be made on this host, so its commands cannot be run')
    const text = () => Buffer.from(output.take(Number(output.record()))).toString('utf8')
    return requests.map(() => ({ rc: Number(output.record()), stdout: text(), stderr: text() }))
  },
  describe: ({ rc, stdout }) => ({ fields: { rc: String(rc) }, text: stdout }),
  absent: () => false,
}

/** Runs a read-only script of the user and reads its exit code and output. */
export function probe(script: Script): Read<ProbeState> {
  return script.sealed ? readOf(probeKind, script.text, 'run', sealedKey(script)) : readOf(probeKind, script.text)
}

const ordinals = new Map<string, number>()

/** Scripts that differ in a secret alone look the same; a number tells them apart, which says nothing about the secret. */
function sealedKey({ text, shown }: Script): string {
  const ordinal = ordinals.get(text) ?? ordinals.size + 1
  ordinals.set(text, ordinal)
  return `${shown} (${ordinal})`
}
