import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventsOf, outcomes, recapOf, rollcall, taskOf } from '../helpers/cli.ts'
import { folderEach } from '../helpers/folder.ts'
import { tempProject } from '../helpers/project.ts'

const scratch = folderEach()
const { at } = scratch

const inventory = `import { defineInventory, local } from 'rollcall'
export const inventory = defineInventory({ groups: {}, hosts: { here: { groups: [], connection: local() } } })
`
function project(tasks: string) {
  const { root } = tempProject({
    'inventory/lab.ts': inventory,
    'playbooks/site.ts': `import { inventory } from '#inventory'
import { blockinfile, command, copy, definePlaybook, file, lineinfile, replace, sh, shell, stat } from 'rollcall'
void [blockinfile, command, copy, file, lineinfile, replace, sh, shell, stat]
const folder = process.env.FOLDER!
export default definePlaybook('site', inventory, (play) => {
  play('all', { hosts: 'all', facts: { families: [] } }, ({ task, handler }) => {
    void handler
    ${tasks}
  })
})
`,
  })
  return async (...args: readonly string[]) => {
    const done = await rollcall(['run', 'site', ...args], { cwd: root, env: { FOLDER: scratch.path, XDG_STATE_HOME: at('state') } })
    expect(done.code, done.stderr).toBe(0)
    return done
  }
}
const json = ['--format', 'json'] as const

const tasks = `const told = handler('told', shell({ script: sh\`echo x >>\${folder}/told\` }))
    task('copy', copy({ dest: folder + '/copy', content: 'one\\n' }), { notify: told })
    task('folder', file({ path: folder + '/d', state: 'directory' }))
    task('once', command({ argv: ['touch', folder + '/once'], creates: folder + '/once' }))`

test('what is as it should be is written again, keeps what it is, and notifies its handlers', async () => {
  const run = project(tasks)
  await run()
  const before = statSync(at('copy'))
  const done = await run('--force', ...json)
  expect(outcomes(done, 'here')).toEqual(['copy: changed', 'folder: ok', 'once: ok', 'told: changed'])
  expect(taskOf(done, 'here', 'copy')).toMatchObject({ reason: 'forced', steps: [expect.stringMatching(/^write /)] })
  expect(taskOf(done, 'here', 'folder').reason).toBe('it cannot be forced')
  const after = statSync(at('copy'))
  expect([after.ino === before.ino, after.mode, after.uid, readFileSync(at('copy'), 'utf8')]).toEqual([
    false,
    before.mode,
    before.uid,
    'one\n',
  ])
  expect(readFileSync(at('told'), 'utf8')).toBe('x\nx\n')
  expect(eventsOf(done, 'run')[0]).toMatchObject({ forced: true })
  expect(recapOf(await run(...json))).toEqual({ here: 'changed 0, failed 0, unreachable 0' })
})
test('the header says so, and check mode what would be done', async () => {
  const run = project(tasks)
  await run()
  const done = await run('--force', '--check')
  expect(done.stdout).toMatch(/forced: what is as it should be is applied again where it can be/)
  expect(done.stdout).toMatch(/copy \(copy\): would be applied again \(forced\)/)
  expect(readFileSync(at('told'), 'utf8')).toBe('x\n')
})
test.each([
  ['lineinfile', `lineinfile({ path: folder + '/f', line: 'two' })`],
  ['blockinfile', `blockinfile({ path: folder + '/f', block: 'b', marker: '# {mark}' })`],
  ['replace', `replace({ path: folder + '/f', regexp: /zwei/, replace: 'two' })`],
  ['copy on the host', `copy({ src: folder + '/f', dest: folder + '/g', remoteSrc: true })`],
])('%s writes the same bytes', async (_, call) => {
  writeFileSync(at('f'), Buffer.from('one\r\n\xff\ntwo\n', 'latin1'))
  const run = project(`task('it', ${call})`)
  await run()
  const path = call.includes('/g') ? at('g') : at('f')
  const [bytes, { ino }] = [readFileSync(path), statSync(path)]
  expect(outcomes(await run('--force', ...json), 'here')).toEqual(['it: changed'])
  expect([readFileSync(path).equals(bytes), statSync(path).ino === ino]).toEqual([true, false])
})
