import { expect, test } from 'vitest'
import type { TaskEvent } from '../../src/model/event.ts'
import { createCollapse } from '../../src/report/collapse.ts'

const ok = (host: string, more: Partial<TaskEvent> = {}): TaskEvent => ({
  event: 'task',
  host,
  play: 'p',
  task: 't',
  module: 'template',
  handler: false,
  outcome: 'ok',
  confidence: 'certain',
  durationMs: 1,
  ...more,
})
const saw = (hosts: readonly string[], template = 'haproxy.cfg.eta') => ({
  templates: [{ template, input: 'nodes', of: 'group cluster', hosts, fleetSize: 2, notLive: [] }],
})

test('unchanged tasks are one line, and each of their templates says how much of the fleet it saw', () => {
  const collapse = createCollapse()
  for (const event of [ok('a'), ok('a', saw(['a', 'b'])), ok('a', saw(['a', 'b']))]) collapse.add(event)
  expect(collapse.peek()).toBe('… 3 tasks ok on a')
  expect(collapse.takeAll()).toEqual(['… 3 tasks ok on a', '    haproxy.cfg.eta nodes: fleet 2 of 2 (group cluster)'])
  expect(collapse.takeAll()).toEqual([])
})

test('hosts whose templates saw different hosts do not share a line', () => {
  const collapse = createCollapse()
  for (const event of [ok('a', saw(['a', 'b'])), ok('b', saw(['b'])), ok('c', saw(['a', 'b']))]) collapse.add(event)
  expect(collapse.takeLike('a')).toEqual(['… 1 task ok on a, c', '    haproxy.cfg.eta nodes: fleet 2 of 2 (group cluster)'])
  expect(collapse.takeAll()).toEqual(['… 1 task ok on b', '    haproxy.cfg.eta nodes: fleet 1 of 2 (group cluster)'])
})
