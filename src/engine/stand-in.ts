import type { TaskRecord } from '../dsl/record.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { type Evaluation, evaluate } from './evaluate.ts'

/** Stands for the result of a task that has not run: whatever is read of it stands for itself again. */
const anyResult: object = new Proxy(() => {}, {
  get: (_, field) =>
    field === Symbol.toPrimitive ? () => '(result)' : field === 'toJSON' ? () => '(result of an earlier task)' : anyResult,
  apply: () => anyResult,
})

/**
 * Evaluates a task that waits for results as if they were there, for what does not hang on them: which hosts a template
 * is handed. Parameters are not checked and nothing is rendered, since stand-ins are no values.
 */
export function evaluateWithStandIns(
  context: PlayContext,
  host: PlayHost,
  task: TaskRecord,
  resolveInput: PlayContext['resolveInput'] = renderNothing,
): Evaluation {
  const results = { get: () => anyResult } as unknown as PlayHost['results']
  const failures = { get: () => anyResult } as unknown as PlayHost['failures']
  return evaluate({ ...context, validate: () => undefined, resolveInput }, { ...host, evaluations: new Map(), results, failures }, task)
}

const renderNothing: PlayContext['resolveInput'] = () => ({ input: { bytes: new Uint8Array(), sha256: '' }, views: [] })
