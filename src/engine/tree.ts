import type { BlockRecord } from '../dsl/block.ts'
import type { TaskRecord } from '../dsl/record.ts'

/** A task where it stands, or a block with what stands in it. */
export type Node = TaskNode | BlockNode
export interface TaskNode {
  readonly task: TaskRecord
  /** The tasks behind it in the order in which they come when nothing fails. */
  readonly coming: () => readonly TaskRecord[]
}
export interface BlockNode {
  readonly block: BlockRecord
  readonly body: readonly Node[]
  readonly rescue: readonly Node[]
  readonly always: readonly Node[]
}

/** The tasks of a play, which were collected one after another, as the blocks they stand in. Blocks that tags left empty are gone. */
export function treeOf(tasks: readonly TaskRecord[]): readonly Node[] {
  const plain = tasks.every(({ within }) => within.length === 0)
  const nodes = tasks.map((task, index): Placed => {
    const coming = () => (plain ? tasks.slice(index + 1) : tasks.slice(index + 1).filter((later) => comesAfter(task, later)))
    return { task, coming }
  })
  return nest(nodes, 0)
}
type Placed = TaskNode

/** Tasks that put things right come only where something failed: behind others of the same `rescue`. */
function comesAfter(task: TaskRecord, later: TaskRecord): boolean {
  return later.within.every(
    ({ block, part }) => part !== 'rescue' || task.within.some((own) => own.block === block && own.part === 'rescue'),
  )
}

function nest(placed: readonly Placed[], depth: number): readonly Node[] {
  const nodes: Node[] = []
  for (let from = 0; from < placed.length; ) {
    const block = placed[from]!.task.within[depth]?.block
    if (!block) {
      nodes.push(placed[from]!)
      from += 1
      continue
    }
    let to = from
    while (to < placed.length && placed[to]!.task.within[depth]?.block === block) to += 1
    const inside = placed.slice(from, to)
    const part = (name: 'body' | 'rescue' | 'always') =>
      nest(
        inside.filter(({ task }) => task.within[depth]!.part === name),
        depth + 1,
      )
    nodes.push({ block, body: part('body'), rescue: part('rescue'), always: part('always') })
    from = to
  }
  return nodes
}

/** All tasks in these nodes, in the order in which they were written. */
export function tasksIn(nodes: readonly Node[]): readonly TaskRecord[] {
  return nodes.flatMap((node) =>
    'task' in node ? [node.task] : [...node.body, ...node.rescue, ...node.always].flatMap((one) => tasksIn([one])),
  )
}
