import { expect, it } from 'vitest'
import { outcomes } from '../helpers/cli.ts'
import { tempProject } from '../helpers/project.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli } = useJobLab('inventory-edit')

it('a host that was added by command is one that a playbook runs on', async () => {
  const { root } = tempProject({
    'inventory/lab.ts': `import { defineInventory, lab } from 'rollcall'
export const inventory = defineInventory({
  groups: { web: { vars: { port: 80 } } },
  hosts: {
    '${panda.name}': { groups: ['web'], privateIp: '${panda.address}', connection: lab() },
  },
})
`,
    'playbooks/site.ts': `import { definePlaybook, sh, shell } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('site', inventory, (play) => {
  play('web', { hosts: 'web' }, ({ task }) => {
    task('say', ({ host }) => shell({ script: sh\`echo \${String(host.vars.port)} >"$HOME"/port\` }))
  })
})
`,
  })
  const added = await cli(['inventory', 'add', viper.name, '--group', 'web', '--private-ip', viper.address, '--set', 'port=8080'], {
    cwd: root,
  })
  expect([added.code, added.stderr]).toEqual([0, ''])
  const done = await cli(['run', 'site', '--format', 'json'], { cwd: root })
  expect([done.code, outcomes(done, viper.name), outcomes(done, panda.name)], done.stdout + done.stderr).toEqual([
    0,
    ['say: changed'],
    ['say: changed'],
  ])
  expect(await inside(lab, viper, 'cat ~admin/port')).toBe('8080')
  expect((await cli(['inventory', 'remove', viper.name], { cwd: root })).code).toBe(0)
  const without = await cli(['run', 'site', '--format', 'json'], { cwd: root })
  expect([without.code, outcomes(without, viper.name)]).toEqual([0, []])
})
