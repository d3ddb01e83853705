import type { Job, Reply } from '../transport/session-types.ts'
import { Script, sh } from '../util/sh.ts'
import { stateFolder } from '../util/state-folder.ts'
import type { PlayContext } from './context.ts'
import { decode } from './exchange.ts'
import type { As } from './host-access.ts'
import type { HostState } from './host-state.ts'

/** A step that went on when nobody listened any more, as the shell that ran it has recorded. */
export interface LostStep {
  /** Whose step it was, for people. */
  readonly about: string
  readonly code: number
  /** Seconds since 1970, by the host's clock. */
  readonly ended: number
}

// The pending folder may not be there.
const parent = new Script('"$' + '{d%/*}"')

/** For a read of our own, behind that of pending handlers, whose folder is in `d`: prints what shells have recorded. */
export const readLost: Script = sh`for f in ${parent}/lost/*.1; do [ -f "$f" ] && IFS= read -r l <"$f" && printf 'lost %s\n' "$l"; done`

/** Learns what an earlier run left behind. */
export function noteLost(state: HostState, as: As, { stdout }: Pick<Reply, 'stdout'>): void {
  const steps = [...decode(stdout).matchAll(/^lost (.*)$/gm)].flatMap(([, text]) => parseLost(text!))
  if (steps.length > 0) state.lostSteps.set(as, steps)
}

/** The step of a record; none where it is damaged. */
export function parseLost(text: string): readonly LostStep[] {
  try {
    const { about, code, ended } = JSON.parse(text) as Partial<LostStep>
    return typeof about === 'string' && typeof code === 'number' && typeof ended === 'number' ? [{ about, code, ended }] : []
  } catch {
    return []
  }
}

/** Tells it, and forgets it on the host, which costs an exchange where there is something to tell. Check mode only tells. */
export async function tellLost({ emit }: PlayContext, state: HostState, as: As): Promise<void> {
  const steps = state.lostSteps.get(as)
  if (!steps) return
  state.lostSteps.delete(as)
  for (const { about, code, ended } of steps) {
    const at = new Date(ended * 1000).toISOString().replace(/\.\d+/, '')
    emit({
      event: 'warning',
      host: state.host.name,
      message: `a step of an earlier run went on after its link was lost: ${about}, exit code ${code}, ended ${at}`,
      ...(code !== 0 && { fix: 'See on the host what it has left.' }),
    })
  }
  await state.access.writer?.apply(as, [clearLost(state.access.userOf(as))])
}

function clearLost(user: string): Job {
  return {
    script: sh`d=${stateFolder(user)}/lost; cd "$d" 2>/dev/null || exit 0; rm -f ./*.1; cd / && rmdir "$d" 2>/dev/null; :`,
    step: true,
  }
}
