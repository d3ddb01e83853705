import { asyncStatus } from '../../../src/modules/async-status.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [{ name: 'asyncStatus of no job', call: () => asyncStatus({ job: 'nobody' }), expect: 'refusal' }]
