import { meta } from '../../../src/modules/meta.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = (['endHost', 'endBatch', 'endPlay', 'clearHostErrors', 'resetConnection', 'noop'] as const).map(
  (action) => ({ name: `meta ${action}`, call: () => meta({ action }), expect: 'nothing' }),
)
