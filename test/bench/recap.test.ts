import { expect, it } from 'vitest'
import { recapOf } from '../../scripts/bench/rollcall.ts'
import { noTraffic } from '../../src/engine/traffic.ts'
import type { RecapEvent } from '../../src/model/event.ts'
import { colours } from '../../src/report/colours.ts'
import { recapLines } from '../../src/report/recap.ts'

it('reads the numbers of a report as the report prints them', () => {
  const shown = { ok: 28, changed: 2, skipped: 0, failed: 0, unreachable: 0, rescued: 1, ignored: 2, exchanges: 4 }
  const counts = { ...noTraffic, ...shown }
  const recap: RecapEvent = {
    event: 'recap',
    check: false,
    hosts: { 'bench-001': counts, 'bench-002': { ...counts, changed: 0, exchanges: 13 } },
    durationMs: 2100,
    exitCode: 0,
  }
  const report = ['play thirty tasks', '', ...recapLines(recap, colours(false)), '']
  expect(Object.fromEntries(recapOf(report.join('\n')))).toEqual({
    'bench-001': shown,
    'bench-002': { ...shown, changed: 0, exchanges: 13 },
  })
  expect(recapOf('no report at all').size).toBe(0)
})
