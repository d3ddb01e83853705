import type { Confidence } from '../model/event.ts'

/** Why something is not certain: an earlier task that is only planned. */
export interface Unsure {
  readonly confidence: Exclude<Confidence, 'certain'>
  readonly because: string
}

/** From the surest to the least sure. */
const order: readonly Confidence[] = ['certain', 'assumed', 'unknown']

/** The least sure of several. */
export function leastConfidence(of: readonly Confidence[]): Confidence {
  return order[Math.max(0, ...of.map((one) => order.indexOf(one)))]!
}

/** The least sure of several views, of equals the first; undefined when all are certain. */
export function leastSure(views: readonly { readonly confidence: Confidence; readonly because?: string }[]): Unsure | undefined {
  let worst: Unsure | undefined
  for (const { confidence, because = 'an earlier task' } of views)
    if (confidence !== 'certain' && order.indexOf(confidence) > order.indexOf(worst?.confidence ?? 'certain'))
      worst = { confidence, because }
  return worst
}
