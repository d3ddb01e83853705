import { pause } from '../../../src/modules/pause.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'pause', call: () => pause({ seconds: 0.01, prompt: '$(no)' }), expect: 'nothing' },
  { name: 'pause for a person who is not there', call: () => pause({}), expect: 'refusal' },
  { name: 'pause of two lengths', call: () => pause({ seconds: 1, minutes: 1 }), expect: 'refusal' },
]
