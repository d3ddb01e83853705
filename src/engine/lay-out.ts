import type { Read } from '../dsl/resource.ts'
import type { Job } from '../transport/session-types.ts'
import { addBeside, addInTurn } from './add-steps.ts'
import { type Member, readsIn } from './batch.ts'
import type { Change } from './change.ts'
import type { State } from './compare.ts'
import { type Effects, openEffects } from './effects.ts'
import { compileReads, type ReadBatch } from './exchange.ts'
import { type Guard, guardOf, looksBefore } from './guard.ts'
import type { Parts, Replies } from './parts.ts'
import { recordPending, recordsOf } from './pending.ts'

type States = () => ReadonlyMap<string, State | Error>

/** Where the replies to a member's jobs are. */
export interface Slot {
  readonly member: Member
  readonly change: Change | undefined
  readonly guard: Replies | undefined
  readonly record: Replies
  readonly steps: Replies
  /** What its own reads say after its steps and before anything that may alter them. */
  readonly after: States
}
export type Open = { -readonly [K in keyof Slot]: Slot[K] } & { readonly settled: boolean }

/** The exchange of a batch: its slots, and what is read at its end. */
export interface LaidOut {
  readonly slots: readonly Slot[]
  readonly last: { readonly batch: ReadBatch; readonly states: States }
}

const none: Replies = () => []

/**
 * Puts the jobs of a batch in their order: first looks; for each member its guard, the record of the handlers that it owes,
 * its steps; at the end what all of them changed, together with what comes next. A member whose state a later one may alter
 * is read again before that one.
 */
export function layOut(members: readonly Member[], parts: Parts, behind: readonly Read[]): LaidOut {
  const guards = guardsOf(members)
  parts.add(looksBefore([...guards.values()]))
  const slots: Slot[] = []
  const recorded = new Set<string>()
  // Those with which another task begins than the one before.
  const others = new Set(members.filter(({ due }, at) => at > 0 && due.task !== members[at - 1]!.due.task))
  let unread: Open[] = []
  let together: Open[] = []
  const addSteps = () => {
    const [first] = together
    if (first?.member.run) addBeside(parts, together, others)
    else addInTurn(parts, together, others)
    together = []
  }
  const readAgain = (of: readonly Open[], besides: readonly Read[] = []): LaidOut['last'] => {
    const batch = compileReads([...of.flatMap(({ change }) => ownReads(change)), ...besides])
    const answers = parts.add(batch.jobs)
    let parsed: ReturnType<States> | undefined
    const states: States = () => {
      parsed ??= batch.parse(answers())
      return parsed
    }
    for (const slot of of) slot.after = states
    unread = unread.filter((slot) => !of.includes(slot))
    return { batch, states }
  }
  for (const member of members) {
    const { due, decision } = member
    const change = 'change' in decision ? decision.change : undefined
    const slot: Open = {
      member,
      change,
      guard: undefined,
      record: none,
      steps: none,
      after: () => new Map(),
      settled: change !== undefined && leavesKnown(member, change),
    }
    const guard = guards.get(member)
    const effects = openEffects()
    if (change) effects.add(due, change)
    const borne = change ? unread.filter((earlier) => !isBeside(earlier.member, member) && bearsOn(effects, earlier)) : []
    const { state: host } = due.playHost
    const owed = change ? due.task.notify.filter(({ id }) => !host.pending.has(id, due.as) && !recorded.has(id)) : []
    const [open] = together
    const apart = change !== undefined && open !== undefined && open.member.run !== member.run
    if (guard || borne.length > 0 || owed.length > 0 || apart) addSteps()
    slots.push(slot)
    const begin = (job: Job): Job => (others.has(member) ? { ...job, begins: true } : job)
    if (guard) slot.guard = parts.add([begin(guard.again)])
    if (!change) continue
    if (borne.length > 0) readAgain(borne)
    if (owed.length > 0)
      slot.record = parts.add([
        begin(recordPending(host.access.userOf(due.as), recordsOf(host, owed), due.context.playbook, due.context.now())),
      ])
    for (const { id } of owed) recorded.add(id)
    together.push(slot)
    if (change.state) unread.push(slot)
  }
  addSteps()
  const guarded = readsIn(members.filter(({ guard }) => guard !== 'none'))
  return { slots, last: readAgain(unread, [...guarded, ...behind]) }
}

/** Whether two run at the same time, and so neither alters what the other leaves. */
function isBeside(one: Member, other: Member): boolean {
  return one.run !== undefined && one.run === other.run
}

function ownReads(change: Change | undefined): readonly Read[] {
  return Object.values(change?.state?.reads ?? {}).filter((read) => read.kind.freshness === 'own')
}

/** Whether it is known what a change leaves of all that it reads. Where a link leads, for one, is not. */
function leavesKnown({ due }: Member, change: Change): boolean {
  const { reads = {}, wanted = {}, found = {} } = change.state ?? {}
  const known = new Set(Object.keys(wanted).flatMap((name) => (wanted[name] && reads[name] ? [reads[name].key] : [])))
  const own = openEffects()
  own.add(due, change)
  return Object.entries(reads).every(([name, read]) => known.has(read.key) || own.on(read, found[name]!) === 'none')
}

/** Whether a change may alter what an earlier one has left. Where it is not known what that is, any change may. */
function bearsOn(effects: Effects, { change, settled }: Open): boolean {
  const { reads, after } = change!.state!
  return !settled || Object.entries(reads).some(([name, read]) => effects.on(read, after[name]!) !== 'none')
}

/** Guards by the member that they stand before. */
function guardsOf(members: readonly Member[]): ReadonlyMap<Member, Guard> {
  const guards = new Map<Member, Guard>()
  for (const [index, member] of members.entries()) {
    const { task } = member.due
    const first = members.findIndex(({ due, guard }) => due.task === task && guard === 'group') === index
    const alone = members.filter((other) => other.guard === 'alone' && (other === member || isBeside(other, member)))
    const begins = members.findIndex((other) => other === member || isBeside(other, member)) === index
    const guarded = [
      ...(first ? members.filter(({ due, guard }) => due.task === task && guard === 'group') : []),
      ...(begins ? alone : []), // What runs at the same time is looked at once, before all of it.
    ]
    const reads = readsIn(guarded)
    if (reads.length > 0) guards.set(member, guardOf(reads, guards.size))
  }
  return guards
}
