import { askHosts } from './ask-hosts.ts'
import { timeoutOf } from './engine/fact-wishes.ts'
import type { Gathered } from './engine/gather-facts.ts'
import { becoming, mayRun, type SelectedPlay } from './engine/select.ts'
import { UnreachableError } from './model/errors.ts'
import type { TakeOn } from './take-on.ts'

/**
 * Asks hosts that tasks have added, or that sources told meanwhile, as far as a play that is about to begin needs them: those that it runs on, and those whose facts
 * its closures may read. Each is asked once as the one and once as the other, so that a machine may still be starting while earlier
 * plays run. What is learnt of them is not remembered: the next host of that name may be another machine.
 */
export async function askNewcomers(
  { opened, request, roster, gathered, states }: Pick<TakeOn, 'opened' | 'request' | 'roster' | 'gathered' | 'states'>,
  selected: SelectedPlay,
): Promise<Gathered | undefined> {
  const { play, hosts, factsOf } = selected
  const { access, failures, knowledge, givenUpMs } = gathered
  const { isNew } = roster
  const runsOn = play.connection ? [] : hosts.filter((name) => isNew(name) && !access.has(name) && !states.lost(name))
  const readsOf = play.facts.families.length === 0 ? [] : factsOf.filter((name) => isNew(name) && !knowledge.has(name))
  const names = [...new Set([...runsOn, ...readsOf])]
  if (names.length === 0) return undefined
  const { check, forks, progress, open, becomePassword } = request
  const { plays } = opened.selection
  // Those of later plays with them, so that one answer does for the run.
  const families = [...new Set(plays.filter(mayRun).flatMap((each) => each.play.facts.families))]
  const asked = await askHosts({
    inventory: opened.playbook.inventory.model, // Of which the lab is started, where there is one; added hosts are made by tasks.
    inventoryPath: opened.inventoryPath,
    hosts: names.map((name) => roster.inventory.hosts.get(name)!),
    wishes: new Map(names.map((name) => [name, { families, maxAge: 0, insists: true }])),
    timeoutSeconds: request.factsTimeout ?? timeoutOf({ plays }),
    targets: new Set(runsOn),
    becoming: becoming({ plays: [selected] }),
    becomePassword,
    check,
    forks,
    progress,
    forget: true,
    open,
  })
  for (const [name, known] of asked.knowledge) knowledge.set(name, known)
  for (const [name, ms] of asked.givenUpMs) givenUpMs.set(name, ms)
  for (const name of names) {
    failures.delete(name)
    const failure = asked.failures.get(name)
    const way = asked.access.get(name)
    if (failure) failures.set(name, failure)
    // In check mode nothing was made: that a host does not answer says nothing of a run.
    if (runsOn.includes(name) && failure) states.lose(name, !(check && failure instanceof UnreachableError))
    if (way && runsOn.includes(name)) access.set(name, way)
    else way?.close().catch(() => {})
  }
  return asked
}
