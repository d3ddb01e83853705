import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
// @ts-expect-error The build script is plain JavaScript, since it runs before anything is installed.
import { build } from '../../scripts/build.mjs'
import { typeCheck } from '../../src/load/type-check.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { tempProject } from '../helpers/project.ts'
import { inventoryText, type MessageCase, messageCases, templatesText } from './message-cases.ts'

/** The mistake's own file: a playbook, an inventory, or the files of a template. */
function filesOf({ files, inventory, play }: MessageCase, name: string): { readonly [path: string]: string } {
  if (files !== undefined) return files
  if (inventory !== undefined)
    return {
      [`playbooks/${name}.ts`]: `import { defineInventory, ssh } from 'rollcall'\nexport const way = ssh()\nexport const other = defineInventory({\n${inventory}\n})\n`,
    }
  return {
    [`playbooks/${name}.ts`]: `import { addHost, apt, command, copy, debug, definePlaybook, defineServiceModule, type FleetGroup, type FleetHost, file, intersection, newHosts, nth, pattern, type PlayTools, restarted, type ScopeNeeds, service, sh, shell, stat, template, union, without } from 'rollcall'
import { inventory } from '#inventory'
import { list } from '../templates/index.ts'
import { balancer } from '../templates/balancer.ts'
export const used = [addHost, newHosts, apt, command, copy, debug, defineServiceModule, file, restarted, service, sh, shell, stat, template, list, balancer, intersection, nth, pattern, union, without]
export type Used = [FleetGroup, FleetHost, PlayTools<ScopeNeeds>]
export default definePlaybook('${name}', inventory, (play) => {
${play}
})
`,
  }
}

/** Declarations of Rollcall as a build has them, and as users' compilers read them. */
const built = async () => join(ownRoot(), 'dist', await build(ownRoot()), 'types')

test('what the compiler says of the mistakes that users make', async () => {
  const numbered = messageCases.map((each, at) => ({ ...each, name: `case-${String(at + 1).padStart(2, '0')}` }))
  const files = Object.assign({}, ...numbered.map((each) => filesOf(each, each.name))) as { [path: string]: string }
  const { project, path } = tempProject({ 'inventory/lab.ts': inventoryText, ...templatesText, ...files })
  const playbooks = Object.keys(files).filter((file) => file.startsWith('playbooks/'))
  const verdict = await typeCheck({
    project,
    files: playbooks.map(path),
    inventory: path('inventory/lab.ts'),
    types: await built(),
  })
  if (verdict.ok) throw new Error('it compiled')
  const text = numbered.map((each) => {
    const own = Object.keys(filesOf(each, each.name)).filter((file) => !file.endsWith('index.ts'))
    const found = verdict.diagnostics.filter(({ file }) => file !== undefined && own.includes(file))
    const shown = found.map(({ file, line, code, message }) => {
      const source = readFileSync(path(file ?? ''), 'utf8').split('\n')[line - 1]
      return `    ${source?.trim()}\n${message.replace(/^/gm, '  ')}  (${code})`
    })
    // A mistake is told once: several messages for one would hide which counts.
    expect(found, each.mistake).toHaveLength(1)
    return [`# ${each.mistake}`, ...shown].join('\n')
  })
  await expect(`${text.join('\n\n')}\n`).toMatchFileSnapshot('snapshots/compiler-messages.txt')
  const known = numbered.flatMap((each) => Object.keys(filesOf(each, each.name)))
  expect(verdict.diagnostics.filter(({ file }) => !known.includes(file ?? ''))).toEqual([])
})
