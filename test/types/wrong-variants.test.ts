import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inventory } from '../../inventory/lab.ts'
import { type Backend, haproxy } from '../../modules/haproxy/index.ts'
import { definePlaybook, type FleetGroup } from '../../src/index.ts'
import { typeCheck } from '../../src/load/type-check.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { runLocally, temporaryFolder } from '../helpers/engine.ts'
import { tempProject } from '../helpers/project.ts'

const law = '--limit chooses where tasks run, it never narrows what templates know'
const right = `haproxy(tools, { nodes: ({ fleet }) => fleet.group('cluster') })`
const source = readFileSync(join(ownRoot(), 'playbooks/prepare.ts'), 'utf8')

/** Compiles prepare.ts with another closure for HAProxy's nodes, inventory, modules and templates being the real ones. */
async function compile(nodes: string) {
  expect(source).toContain(right)
  const files = {
    'playbooks/prepare.ts': source.replace(right, `haproxy(tools, { nodes: ${nodes} })`),
    'inventory/lab.ts': readFileSync(join(ownRoot(), 'inventory/lab.ts'), 'utf8'),
  }
  const { project, path, root } = tempProject(files)
  for (const folder of ['modules', 'templates']) cpSync(join(ownRoot(), folder), join(root, folder), { recursive: true })
  return typeCheck({ project, files: [path('playbooks/prepare.ts')], inventory: path('inventory/lab.ts') })
}

test('prepare.ts as it stands compiles', async () => {
  expect(await compile(`({ fleet }) => fleet.group('cluster')`)).toMatchObject({ ok: true })
})

describe('the compiler refuses, with the sentence about the limit,', () => {
  test.for([
    ['targets instead of fleet', '({ targets }) => targets'],
    ['targets.group', `({ targets }) => targets.group('cluster')`],
    ['a filtered group', `({ fleet, targets }) => fleet.group('cluster').filter((node) => targets.includes(node.name))`],
    ['a mapped group', `({ fleet }) => fleet.group('cluster').map((node) => node)`],
    ['a spread group', `({ targets }) => [...targets.group('cluster')]`],
    ['a spread object of a group', `({ targets }) => ({ ...targets.group('cluster') })`],
  ] as const)('%s', async ([, nodes]) => {
    const verdict = await compile(nodes)
    if (verdict.ok) throw new Error('it compiled')
    const [diagnostic] = verdict.diagnostics
    expect(diagnostic).toMatchObject({ file: 'playbooks/prepare.ts' })
    expect(diagnostic?.message).toContain(law)
  })
  test('and says which of the two sets was given', async () => {
    const verdict = await compile(`({ targets }) => targets.group('cluster')`)
    expect(verdict.ok ? '' : verdict.diagnostics[0]?.message).toMatchInlineSnapshot(`
      "Type 'TargetGroup<FleetHost<"crystal-panda" | "honor-viper", { readonly domain: string; readonly appPort: number; }, string, "hardware" | "network" | "os">>' is not assignable to type 'FleetGroup<Backend>'.
        Types of property ''--limit chooses where tasks run, it never narrows what templates know'' are incompatible.
          Type '"only the hosts inside --limit"' is not assignable to type '"every host of the inventory"'."
    `)
  })
})

describe('a cast fools the compiler, so the engine refuses, before anything on a host changes,', () => {
  const home = temporaryFolder()
  const cast = (make: (scope: { fleet: FleetGroup<any>; targets: object }) => unknown) =>
    definePlaybook('cast', inventory, (play) => {
      play('nodes', { hosts: 'cluster' }, (tools) => haproxy(tools, { nodes: (scope) => make(scope as never) as FleetGroup<Backend> }))
    })
  test.for([
    ['targets cast', ({ targets }: { targets: object }) => targets],
    ['a group of the targets cast', ({ targets }: { targets: any }) => targets.group('cluster')],
    ['a copy of a group cast', ({ fleet }: { fleet: any }) => ({ ...fleet.group('cluster') })],
    ['an object that inherits from a group cast', ({ fleet }: { fleet: any }) => Object.create(fleet.group('cluster'))],
    ['an array cast', ({ fleet }: { fleet: any }) => fleet.group('cluster').map((node: object) => node)],
  ] as const)('%s', async ([, make]) => {
    const refused = runLocally(cast(make as never), { home, check: true, limit: 'honor-viper' })
    await expect(refused).rejects.toMatchObject({
      details: {
        summary: 'A template was given hosts that are not a group of the fleet',
        detail: expect.stringContaining(law),
        fix: expect.stringContaining(`fleet.group('…')`),
      },
    })
  })
})
