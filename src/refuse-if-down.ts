import type { Gathered } from './engine/gather-facts.ts'
import { mayRun, type SelectedPlay } from './engine/select.ts'
import { RollcallError } from './model/errors.ts'

/** `ifDown: 'fail'`: a host of the scope that cannot be asked ends the run before any change of the play. */
export function refuseIfDown(plays: readonly SelectedPlay[], { failures }: Pick<Gathered, 'failures'>): RollcallError | undefined {
  for (const selected of plays) {
    const { play, factsOf } = selected
    const down = play.facts.ifDown === 'fail' && mayRun(selected) ? factsOf.filter((host) => failures.has(host)) : []
    if (down.length === 0) continue
    const reasons = down.map((host) => `${host}: ${failures.get(host)!.message}`).join('\n')
    return new RollcallError({
      summary: `Play '${play.name}' needs facts of every host of its scope, and not every one answers`,
      detail: reasons,
      fix: `Start them, or let the play use what was last known: facts: { ifDown: 'lastKnown' }.`,
      exitCode: 4,
      ...(play.at && { at: play.at }),
    })
  }
  return undefined
}
