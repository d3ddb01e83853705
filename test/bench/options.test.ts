import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../scripts/bench/options.ts'

const choices = {
  tools: ['rollcall', 'floor'],
  workloads: [
    { name: 'converged', summary: '' },
    { name: 'loop', summary: '' },
  ],
}

const defaults = { tools: choices.tools, workloads: ['converged'], hosts: undefined, rtt: undefined, runs: 5, json: undefined, against: [] }

describe('the command line of the benchmark', () => {
  it.each([
    [[], {}],
    [['--tool', 'floor', '--workload', 'loop,converged'], { tools: ['floor'], workloads: ['loop', 'converged'] }],
    [['--tool', 'all', '--workload', 'all'], { workloads: ['converged', 'loop'] }],
    [['--hosts', '1,2,10', '--rtt', '0, 50', '--runs', '7'], { hosts: [1, 2, 10], rtt: [0, 50], runs: 7 }],
    [['--against', 'a', '--against', 'b', '--json', 'out'], { against: ['a', 'b'], json: 'out' }],
  ])('%j is understood', (args, expected) => {
    expect(parseOptions(args, choices)).toEqual({ ...defaults, ...expected })
  })

  it.each([
    [['--tool', 'flor'], "--tool: there is no 'flor'; known are rollcall, floor and all"],
    [['--workload', ''], "--workload: there is no ''; known are converged, loop and all"],
    [['--hosts', '0'], "--hosts: '0' is not a whole number from 1 to 200"],
    [['--hosts', '2,x'], "--hosts: 'x' is not a whole number from 1 to 200"],
    [['--hosts', '201'], "--hosts: '201' is not a whole number from 1 to 200"],
    [['--rtt', '1.5'], "--rtt: '1.5' is not a whole number from 0 to 2000"],
    [['--runs', '3,5'], '--runs: one number'],
    [['--colour'], "Unknown option '--colour'"],
    [['loop'], /Unexpected argument 'loop'/],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args, choices)).toThrow(message)
  })
})
