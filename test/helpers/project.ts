import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { findProject, type Project } from '../../src/load/project.ts'
import { ownRoot } from '../../src/util/own-root.ts'

export interface TempProject {
  readonly root: string
  readonly project: Project
  /** Absolute path of a file of the project. */
  path(relative: string): string
  write(relative: string, text: string): void
}

/** A user's project in a temporary folder, which resolves `rollcall` to this package. Removed when the test ends. */
export function tempProject(files: Readonly<Record<string, string>>): TempProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-project-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const path = (relative: string) => join(root, relative)
  const write = (relative: string, text: string) => {
    mkdirSync(dirname(path(relative)), { recursive: true })
    writeFileSync(path(relative), text)
  }
  mkdirSync(path('node_modules'))
  symlinkSync(ownRoot(), path('node_modules/rollcall'))
  write(
    'package.json',
    JSON.stringify({ name: 'fixture', type: 'module', dependencies: { rollcall: '*' }, imports: { '#inventory': './inventory/lab.ts' } }),
  )
  for (const [name, text] of Object.entries(files)) write(name, text)
  return { root, project: findProject(root), path, write }
}

/** Two hosts of one group, as source text of an inventory file. */
export const twoHosts = (first = 'alpha', second = 'beta') => `import { defineInventory, local } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'example.test' } }, web: { vars: { port: 80 } } },
  hosts: {
    '${first}': { groups: ['web'], privateIp: '10.0.0.1', connection: local() },
    '${second}': { groups: ['web'], privateIp: '10.0.0.2', connection: local() },
  },
})
`

/** A playbook without tasks over one group or host. */
export const emptyPlaybook = (hosts = 'web') => `import { definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('empty', inventory, (play) => {
  play('nothing', { hosts: '${hosts}' }, () => {})
})
`
