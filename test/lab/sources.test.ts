import { describe, expect, it } from 'vitest'
import { eventsOf, scratchFile } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, run } = useJobLab('sources')

const told = (...hosts: readonly (typeof viper)[]) =>
  JSON.stringify({
    hosts: Object.fromEntries(hosts.map(({ name, address }) => [name, { groups: ['web'], privateIp: address, vars: { port: 8080 } }])),
  })

/** An inventory whose one source is a program that prints a file; with it a playbook that changes the file. */
function project() {
  const answer = scratchFile('answer.json', told(panda))
  const next = scratchFile('next.json', told(viper))
  const inventory = scratchFile(
    'sourced.ts',
    `import { defineInventory, jsonCommand, lab } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { connection: lab() }, web: { vars: { port: 80 } } },
  sources: [jsonCommand({ argv: ['cat', ${JSON.stringify(answer)}], name: 'cloud', cache: { maxAge: '1 h', onError: 'lastKnown' } })],
})
`,
  )
  const playbook = scratchFile(
    'sourced-play.ts',
    `import { inventory } from '#inventory'
import { command, copy, definePlaybook, meta } from 'rollcall'
export default definePlaybook('sourced', inventory, (play) => {
  play('first', { hosts: 'web' }, ({ task }) => {
    task('note', ({ host, facts, fleet }) => copy({ dest: '/home/admin/sourced', content: \`first \${host.vars.port} \${facts.os.hostname} \${fleet.names.join()}\\n\` }))
    task('another answer', command({ argv: ['cp', ${JSON.stringify(next)}, ${JSON.stringify(answer)}] }), { delegateTo: 'localhost', runOnce: true })
    task('ask again', meta({ action: 'refreshInventory' }))
  })
  play('second', { hosts: 'web' }, ({ task }) => {
    task('note', ({ host, facts, fleet }) => copy({ dest: '/home/admin/sourced', content: \`second \${host.vars.port} \${facts.os.hostname} \${fleet.names.join()}\\n\` }))
  })
})
`,
  )
  return { inventory, playbook, answer, next }
}

describe('hosts that a source tells', () => {
  it('are run on, and those that it tells in the middle of a run are asked and run on by later plays', async () => {
    const { inventory, playbook, answer } = project()
    const checked = await run(playbook, '-i', inventory, '--check')
    expect([checked.code, eventsOf(checked, 'run')[0]?.sources]).toEqual([
      0,
      [{ source: 'cloud', hosts: 1, origin: 'asked', ageSeconds: 0 }],
    ])
    const done = await run(playbook, '-i', inventory)
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(eventsOf(done, 'run')[0]).toMatchObject({ fleet: [panda.name], sources: [{ origin: 'cached' }] })
    expect(done.events.find(({ event }) => event === 'added')).toMatchObject({
      play: 'second',
      targets: [viper.name],
      facts: [{ host: viper.name, origin: 'live' }],
    })
    expect(await inside(lab, panda, 'cat ~admin/sourced')).toBe(`first 8080 ${panda.name} ${panda.name}`)
    expect(await inside(lab, viper, 'cat ~admin/sourced')).toBe(`second 8080 ${viper.name} ${viper.name}`)
    expect(Object.keys(eventsOf(done, 'recap')[0]!.hosts).toSorted()).toEqual([panda.name, viper.name].toSorted())

    // What was asked for in the run is what the next one knows; and it does without the source.
    scratchFile('answer.json', 'no JSON')
    const again = await run(playbook, '-i', inventory, '--check', '--refresh-inventory')
    expect(eventsOf(again, 'run')[0]).toMatchObject({ fleet: [viper.name], sources: [{ origin: 'lastKnown' }] })
    expect(again.events.find((event) => event.event === 'warning' && event.message.includes('The source cloud failed'))).toBeDefined()
    expect(answer).toContain('answer.json')
  })
})
