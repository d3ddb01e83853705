import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createReporter, formats } from '../../src/report/reporter.ts'
import { collect } from './collect.ts'
import { type Scenario, scenarios } from './scenarios.ts'

function report(
  format: (typeof formats)[number],
  { events, diff = false, verbosity = 0, timing = false }: Scenario,
  colour = false,
  terminal = {},
): string {
  const { screen, out } = collect(terminal)
  const emit = createReporter(format, screen, { colour, verbosity, diff, timing, cwd: '/home/me/site' })
  for (const event of events) emit(event)
  return out()
}

describe.each(formats)('%s', (format) => {
  test.each(scenarios)('$name', async (scenario) => {
    await expect(report(format, scenario)).toMatchFileSnapshot(`snapshots/${scenario.name.replaceAll(' ', '-')}.${format}.txt`)
  })
})

describe('human', () => {
  const scenario = (name: string) => scenarios.find((known) => known.name === name)!

  test('the first line is the three sets', () => {
    const text = report('human', scenario('a host outside the targets is down'))
    expect(text.split('\n').slice(0, 2)).toEqual([
      'inventory 2 hosts · facts from 2 (1 live, 1 cached 3 h) · targets 1 (honor-viper)',
      'crystal-panda  cached 3 h: connect timed out',
    ])
  })

  test('the table of timing fits 80 columns', () => {
    const lines = report('human', scenario('timing')).split('\n')
    for (const line of lines.slice(lines.findIndex((each) => each.startsWith('timing')))) expect(line.length).toBeLessThanOrEqual(80)
  })

  test.each(scenarios)('colour changes nothing but colour: $name', (each) => {
    const coloured = report('human', each, true)
    expect(coloured).toContain('\u001b[')
    expect(stripVTControlCharacters(coloured)).toBe(report('human', each))
  })

  test.each(scenarios)('without colour nothing a terminal obeys gets through: $name', (each) => {
    expect(report('human', each)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
  })

  test('on a terminal the count is a status line that leaves nothing behind', () => {
    const text = report('human', scenario('converged'), false, { isTTY: true, columns: 40 })
    expect(text).toContain('\r\u001b[2K')
    const shown = text.split('\n').map((line) => line.slice(line.lastIndexOf('\u001b[2K') + 1).replace(/^\[2K/, ''))
    expect(shown.join('\n')).toBe(report('human', scenario('converged')))
  })
})

test('json gives one object a line, its kind first, and loses nothing', () => {
  for (const each of scenarios) {
    const lines = report('json', each).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(each.events)))
    for (const line of lines) expect(line).toMatch(/^\{"event":"/)
  }
})
