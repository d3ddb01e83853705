import { randomBytes } from 'node:crypto'
import { compileSteps, sharesJob } from '../resources/compile-steps.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import type { Member } from './batch.ts'
import type { Change } from './change.ts'
import { evaluate } from './evaluate.ts'
import { okCodesOf } from './fail-on.ts'
import { runsBeside } from './group-calls.ts'
import type { Parts, Replies } from './parts.ts'

/** A member whose steps are to be added to an exchange, and where their replies will be. */
interface Slot {
  readonly member: Member
  readonly change: Change | undefined
  steps: Replies
}

/** Adds the steps of members that run one after another, in as few jobs as may be. `others`: with whom another task begins. */
export function addInTurn(parts: Parts, slots: readonly Slot[], others: ReadonlySet<Member>): void {
  const { jobs, share } = compileUnit(slots, others)
  share(parts.add(jobs))
}

/**
 * Adds the steps of members that run at the same time. Those that are a matter of a moment (small files, short tools) share a job with
 * their neighbours, as they would anyway: that is quicker than a shell for each.
 */
export function addBeside(parts: Parts, slots: readonly Slot[], others: ReadonlySet<Member>): void {
  const units: Slot[][] = []
  for (const slot of slots) {
    const last = units.at(-1)
    if (last?.every(isQuick) && isQuick(slot)) last.push(slot)
    else units.push([slot])
  }
  const group = { most: slots[0]!.member.due.task.parallel }
  for (const [item, unit] of units.entries()) {
    const { jobs, share } = compileUnit(unit, others)
    const okCodes = okCodesOf(unit[0]!.member.due.call)
    const last = jobs.length - 1
    share(parts.add(jobs.map((job, at): Job => ({ ...job, beside: { group, item }, ...(at === last && { okCodes }) }))))
  }
}

function isQuick({ change }: Slot): boolean {
  return change!.steps.every(sharesJob)
}

function compileUnit(
  slots: readonly Slot[],
  others: ReadonlySet<Member>,
): { readonly jobs: readonly Job[]; readonly share: (answers: Replies) => void } {
  const owners = slots.flatMap((slot) => slot.change!.steps.map((_, index) => ({ slot, begins: index === 0 && others.has(slot.member) })))
  const marks = (place: number): Pick<Job, 'begins' | 'about' | 'task'> => {
    const { slot, begins } = owners[place]!
    return { ...(begins && { begins }), about: nameOf(slot.member), task: slot.member.due.task.name }
  }
  const { jobs, replies } = compileSteps(
    slots.flatMap(({ change }) => change!.steps),
    randomBytes(8).toString('hex'),
    marks,
  )
  return {
    jobs,
    share: (answers) => {
      let divided: readonly Reply[] | undefined
      const all = () => {
        divided ??= replies(answers())
        return divided
      }
      let from = 0
      for (const slot of slots) {
        const [first, behind] = [from, from + slot.change!.steps.length]
        slot.steps = () => all().slice(first, behind)
        from = behind
      }
    },
  }
}

/** As it is recorded on the host: of what runs beside others, which it is. */
function nameOf({ due: { context, playHost, task, call } }: Member): string {
  const evaluation = runsBeside(task) ? evaluate(context, playHost, task) : undefined
  const item = evaluation?.kind === 'ready' && evaluation.list ? ` (item ${evaluation.calls.indexOf(call) + 1})` : ''
  return `task '${task.name}'${item} of playbook '${context.playbook}'`
}
