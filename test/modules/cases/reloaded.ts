import { reloaded } from '../../../src/modules/service-actions.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { unitActionCases } from '../unit-action-cases.ts'

export const labCases: readonly LawCase[] = unitActionCases('reloaded', reloaded, true)
